import type { CallerOptions } from '@sluice/core';
import { describeDrivers, type Mounted, type MountOptions, read } from '@sluice/testkit';
import { expect, test } from 'vitest';

const alice = 'alice-canary-key-0001';
const bob = 'bob-canary-key-000002';
const callers: CallerOptions[] = [
  { id: 'alice', key: alice },
  { id: 'bob', key: bob },
];
const threeProjects: MountOptions = {
  simulator: {
    projects: [
      { id: 'one', keys: ['key-of-one-0001', 'key-of-one-0002'] },
      { id: 'two', keys: ['key-of-two-0001'] },
      { id: 'three', keys: ['key-of-three-01'] },
    ],
    minCachedTokens: 1,
  },
  gateway: { callers },
};
const unknownFile = 'There is no files/never-made here, or it is not yours.';

describeDrivers('what lives in one project', (_driver, mount) => {
  test('two files of one caller land in one project and stand in one prompt, whoever uploads meanwhile', async () => {
    const gateway = await mount(threeProjects);
    const first = await upload(gateway, alice, 'first');
    await Promise.all([upload(gateway, bob, 'his'), upload(gateway, bob, 'his too')]);
    const second = await upload(gateway, alice, 'second');
    for (let time = 0; time < 4; time++) {
      const answer = await prompt(gateway, alice, [first.uri, second.uri]);
      expect(answer.status).toBe(200);
    }
    expect(homesOf(gateway, [first.name, second.name]).size).toBe(1);
  });

  test('a file that was made through the gateway is nobody else’s: its caller sees it, to others it does not exist', async () => {
    const gateway = await mount(threeProjects);
    const file = await upload(gateway, alice, 'mine');
    expect((await get(gateway, alice, `/v1beta/${file.name}`)).status).toBe(200);
    const callsBefore = gateway.simulator.journal.requests.length;
    const foreign = await get(gateway, bob, `/v1beta/${file.name}`);
    const never = await get(gateway, bob, '/v1beta/files/never-made');
    expect([foreign.status, never.status]).toEqual([404, 404]);
    expect(messageOf(never.text)).toBe(unknownFile);
    expect(messageOf(foreign.text).replace(file.name, 'files/never-made')).toBe(unknownFile);
    expect((await prompt(gateway, bob, [file.uri])).status).toBe(404);
    // One question to each project for the one that nobody knew, and none for what belongs to somebody.
    expect(gateway.simulator.journal.requests.length - callsBefore).toBe(3);
  });

  test('a list shows what the caller made, and nothing of others', async () => {
    const gateway = await mount({
      ...threeProjects,
      simulator: { projects: [{ id: 'one', keys: ['key-of-one-0001'] }] },
    });
    const mine = await upload(gateway, alice, 'mine');
    const his = await upload(gateway, bob, 'his');
    const seen = async (who: string) => namesIn((await get(gateway, who, '/v1beta/files')).text);
    expect([await seen(alice), await seen(bob)]).toEqual([[mine.name], [his.name]]);
  });

  test('what was made elsewhere is searched for once, and belongs to nobody', async () => {
    const gateway = await mount(threeProjects);
    const { name, uri } = await uploadDirectly(gateway, 'key-of-three-01');
    expect((await prompt(gateway, alice, [uri])).status).toBe(200);
    const calls = gateway.simulator.journal.requests.length;
    expect((await prompt(gateway, bob, [uri])).status).toBe(200);
    expect(gateway.simulator.journal.requests.length - calls).toBe(1);
    expect((await get(gateway, bob, `/v1beta/${name}`)).status).toBe(200);
  });

  test('with affinity.unknown "refuse" nothing is searched for', async () => {
    const gateway = await mount({ ...threeProjects, gateway: { callers, affinity: { unknown: 'refuse' } } });
    const { uri } = await uploadDirectly(gateway, 'key-of-three-01');
    const calls = gateway.simulator.journal.requests.length;
    expect((await prompt(gateway, alice, [uri])).status).toBe(404);
    expect(gateway.simulator.journal.requests.length).toBe(calls);
  });

  test('things of two projects in one prompt are refused by name, and nothing goes up', async () => {
    const gateway = await mount(threeProjects);
    const [here, there] = [
      await uploadDirectly(gateway, 'key-of-one-0001'),
      await uploadDirectly(gateway, 'key-of-two-0001'),
    ];
    for (const { uri } of [here, there]) expect((await prompt(gateway, alice, [uri])).status).toBe(200);
    const calls = gateway.simulator.journal.requests.length;
    const torn = await prompt(gateway, alice, [here.uri, there.uri]);
    expect(torn.status).toBe(409);
    expect(messageOf(torn.text)).toContain(here.name);
    expect(messageOf(torn.text)).toContain(there.name);
    expect(torn.text).not.toMatch(/key-of|"one"|"two"/);
    expect(gateway.simulator.journal.requests.length).toBe(calls);
  });

  test('a cache is made at its caller’s home, used, listed, and forgotten when it is deleted', async () => {
    const gateway = await mount(threeProjects);
    const file = await upload(gateway, alice, 'mine');
    const made = await post(gateway, alice, '/v1beta/cachedContents', {
      model: 'models/gemini-2.5-flash',
      contents: [{ role: 'user', parts: [{ fileData: { fileUri: file.uri, mimeType: 'text/plain' } }] }],
    });
    expect(made.status).toBe(200);
    const { name } = JSON.parse(made.text) as { name: string };
    const used = { cachedContent: name, contents: [{ parts: [{ text: 'And then?' }] }] };
    expect((await post(gateway, alice, generate, used)).status).toBe(200);
    expect((await post(gateway, bob, generate, used)).status).toBe(404);
    expect((await get(gateway, alice, `/v1beta/${name}`, 'DELETE')).status).toBe(200);
    expect((await post(gateway, alice, generate, used)).status).toBe(404);
  });

  test('a project that rests is waited for or told of, never replaced', async () => {
    const gateway = await mount(threeProjects);
    const file = await upload(gateway, alice, 'mine');
    const [home] = homesOf(gateway, [file.name]);
    for (const key of ['key-of-one-0001', 'key-of-one-0002', 'key-of-two-0001', 'key-of-three-01'])
      gateway.simulator.plan(key, ['403-leaked']);
    for (let time = 0; time < 3; time++) await prompt(gateway, alice, [file.uri]);
    const answer = await prompt(gateway, alice, [file.uri]);
    expect(answer.status).toBe(409);
    const others = gateway.gateway.snapshot().pools[0]?.projects.filter(({ id }) => id !== home) ?? [];
    expect(others.every(({ keys }) => keys.every(({ state }) => state === 'ready'))).toBe(true);
  });
});

const generate = '/v1beta/models/gemini-2.5-flash:generateContent';

async function upload(gateway: Mounted, key: string, text: string): Promise<{ name: string; uri: string }> {
  const answer = await read(
    await gateway.fetch('/upload/v1beta/files', {
      method: 'POST',
      headers: { 'x-goog-api-key': key, 'content-type': 'text/plain', 'x-goog-upload-protocol': 'raw' },
      body: text,
    }),
  );
  expect(answer.status).toBe(200);
  return (JSON.parse(answer.text) as { file: { name: string; uri: string } }).file;
}

async function uploadDirectly({ simulator }: Mounted, key: string): Promise<{ name: string; uri: string }> {
  const answer = await fetch(`${simulator.url}/upload/v1beta/files`, {
    method: 'POST',
    headers: { 'x-goog-api-key': key, 'content-type': 'text/plain', 'x-goog-upload-protocol': 'raw' },
    body: 'made elsewhere',
  });
  return ((await answer.json()) as { file: { name: string; uri: string } }).file;
}

function prompt(gateway: Mounted, key: string, uris: readonly string[]): Promise<Awaited<ReturnType<typeof read>>> {
  const files = uris.map((fileUri) => ({ fileData: { fileUri, mimeType: 'text/plain' } }));
  return post(gateway, key, generate, { contents: [{ role: 'user', parts: [...files, { text: 'Compare.' }] }] });
}

async function post(
  gateway: Mounted,
  key: string,
  target: string,
  body: object,
): Promise<Awaited<ReturnType<typeof read>>> {
  return read(
    await gateway.fetch(target, {
      method: 'POST',
      headers: { 'x-goog-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  );
}

async function get(
  gateway: Mounted,
  key: string,
  target: string,
  method = 'GET',
): Promise<Awaited<ReturnType<typeof read>>> {
  return read(await gateway.fetch(target, { method, headers: { 'x-goog-api-key': key } }));
}

function homesOf({ simulator }: Mounted, names: readonly string[]): Set<string> {
  const homes = ['one', 'two', 'three'].filter((id) =>
    simulator.project(id).files.some((name) => names.includes(name)),
  );
  return new Set(homes);
}

function messageOf(text: string): string {
  return (JSON.parse(text) as { error: { message: string } }).error.message;
}

function namesIn(text: string): string[] {
  return ((JSON.parse(text) as { files?: { name: string }[] }).files ?? []).map(({ name }) => name);
}
