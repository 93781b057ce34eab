/** Twelve files of two callers in three projects: each uses its own, and nobody learns of another's by any way there is. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway } from '@sluice/core';
import { nodeUpgrade } from '@sluice/core/live';
import { nodeListener } from '@sluice/core/node';
import { startSimulator } from '@sluice/simulator';
import { describeDrivers, eventually, type Mounted, neverShed, type ReadAnswer } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  alice,
  bob,
  call,
  type FileName,
  filesIn,
  homeOf,
  keyOf,
  projects,
  settleAt,
  spread,
  threeProjects,
} from '../journey/two-callers.ts';

const model = '/v1beta/models/gemini-2.5-flash';
const embedding = '/v1beta/models/gemini-embedding-001';

/** Every call in which a file can be named. */
interface Way {
  readonly target: string;
  readonly body?: object;
  readonly method?: string;
}

/** @param mine - things of whoever asks: what the file is to be put into */
function waysWith({ name, uri }: FileName, mine: { readonly store: string }): Readonly<Record<string, Way>> {
  const prompt = filesIn('Read.', [uri]);
  const named = filesIn('Read.', [name]);
  const input = [
    { type: 'document', uri },
    { type: 'text', text: 'Read.' },
  ];
  return {
    get: { target: `/v1beta/${name}` },
    'get in another version': { target: `/v1/${name}` },
    delete: { target: `/v1beta/${name}`, method: 'DELETE' },
    patch: { target: `/v1beta/${name}`, method: 'PATCH', body: {} },
    download: { target: `/v1beta/${name}:download?alt=media` },
    'download by its own door': { target: `/download/v1beta/${name}:download?alt=media` },
    'a verb of tomorrow': { target: `/v1beta/${name}:frobnicate`, body: {} },
    generateContent: { target: `${model}:generateContent`, body: prompt },
    'generateContent by name': { target: `${model}:generateContent`, body: named },
    'generateContent in snake_case': {
      target: `${model}:generateContent`,
      body: { contents: [{ parts: [{ file_data: { file_uri: uri, mime_type: 'text/plain' } }] }] },
    },
    'generateContent with it in what it is told': {
      target: `${model}:generateContent`,
      body: { systemInstruction: { parts: [{ fileData: { fileUri: uri } }] }, ...filesIn('Read.', []) },
    },
    streamGenerateContent: { target: `${model}:streamGenerateContent?alt=sse`, body: prompt },
    'streamGenerateContent as an array': { target: `${model}:streamGenerateContent`, body: prompt },
    countTokens: { target: `${model}:countTokens`, body: prompt },
    'countTokens of a request': {
      target: `${model}:countTokens`,
      body: { generateContentRequest: { model: 'models/gemini-2.5-flash', ...prompt } },
    },
    embedContent: {
      target: `${embedding}:embedContent`,
      body: { content: { parts: [{ fileData: { fileUri: uri } }] } },
    },
    'the input of a batch': {
      target: `${model}:batchGenerateContent`,
      body: { batch: { inputConfig: { fileName: name } } },
    },
    'a request in a batch': {
      target: `${model}:batchGenerateContent`,
      body: { batch: { inputConfig: { requests: { requests: [{ request: prompt }] } } } },
    },
    'the input of a batch of embeddings': {
      target: `${embedding}:asyncBatchEmbedContent`,
      body: { batch: { input_config: { file_name: name } } },
    },
    importFile: { target: `/v1beta/${mine.store}:importFile`, body: { fileName: name } },
    'importFile in snake_case': { target: `/v1beta/${mine.store}:importFile`, body: { file_name: name } },
    'a cache': { target: '/v1beta/cachedContents', body: { model: 'models/gemini-2.5-flash', ...prompt } },
    'the input of an interaction': { target: '/v1beta/interactions', body: { model: 'gemini-2.5-flash', input } },
    'the input of a streamed interaction': {
      target: '/v1/interactions',
      body: { model: 'gemini-2.5-flash', input, stream: true },
    },
    'a chat of OpenAI': {
      target: '/v1beta/openai/chat/completions',
      body: {
        model: 'gemini-2.5-flash',
        messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: uri } }] }],
      },
    },
    'a call of tomorrow': { target: '/v3/sketches', body: { after: { fileUri: uri } } },
  };
}

describeDrivers('twelve files of two callers in three projects', (_driver, mount) => {
  test('each uses its own together where one project holds them, and hears clearly where not', async () => {
    const mounted = await mount(threeProjects);
    const made: Record<string, Record<string, FileName[]>> = {};
    for (const who of [alice, bob]) made[who] = await spread(mounted, who, 2);
    for (const who of [alice, bob]) {
      const mine = made[who] as Record<string, FileName[]>;
      for (const [project, files] of Object.entries(mine)) {
        const answer = await call(mounted, who, `${model}:generateContent`, filesIn('Compare.', urisOf(files)));
        expect([answer.status, keyOf[project]], answer.text).toEqual([
          200,
          mounted.simulator.journal.requests.at(-1)?.key,
        ]);
      }
      const [one, other] = [mine.one?.[0], mine.three?.[1]] as [FileName, FileName];
      for (const target of [
        `${model}:generateContent`,
        `${model}:streamGenerateContent?alt=sse`,
        `${model}:countTokens`,
      ]) {
        const torn = await call(mounted, who, target, filesIn('Compare.', urisOf([one, other])));
        const { error } = JSON.parse(torn.text) as { error: { message: string; details: object[] } };
        expect(torn.status).toBe(409);
        expect(error.message).toContain(one.name);
        expect(error.message).toContain(other.name);
        expect(error.message).toContain('no key reaches them all');
        expect(error.details[0]).toMatchObject({ reason: 'RESOURCE_KEY_UNAVAILABLE', domain: 'sluice' });
        expect(torn.text).not.toMatch(/canary|"one"|"three"|#1/);
      }
      // Both at once, hers and his: what is not one's own is not told of, wherever it lies.
      const foreign = made[who === alice ? bob : alice]?.one?.[0] as FileName;
      const mixed = await call(mounted, who, `${model}:generateContent`, filesIn('Compare.', urisOf([one, foreign])));
      expect([mixed.status, mixed.text.includes(one.name)]).toEqual([404, false]);
    }
  });

  test('each one’s list has its six, and nothing of the other’s', async () => {
    const mounted = await mount(threeProjects);
    const hers = namesOf(await spread(mounted, alice, 2));
    const his = namesOf(await spread(mounted, bob, 2));
    for (const [who, own] of [
      [alice, hers],
      [bob, his],
    ] as const) {
      for (const target of [
        '/v1beta/files',
        '/v1beta/files?pageSize=100',
        '/v1/files',
        '/v1alpha/files?page_size=50',
      ]) {
        const { files } = JSON.parse((await call(mounted, who, target)).text) as { files: { name: string }[] };
        expect(files.map(({ name }) => name).toSorted()).toEqual(own.toSorted());
      }
    }
  });

  test('to the other, hers is what never was, byte for byte, by every way in which it can be named', async () => {
    const mounted = await mount(threeProjects);
    const hers = Object.values(await spread(mounted, alice, 2)).flat();
    await spread(mounted, bob, 2);
    const { name: store } = JSON.parse((await call(mounted, bob, '/v1beta/fileSearchStores', {})).text) as FileName;
    // One in each project, so that his store lies beside one of them and away from the others.
    for (const file of hers.filter((_, at) => at % 2 === 0)) {
      const never = unknownLike(file);
      const missing = waysWith(never, { store });
      for (const [what, { target, body, method }] of Object.entries(waysWith(file, { store }))) {
        const unlike = missing[what] as Way;
        // What never was is looked for once, and from then on answered like what is hers.
        const cold = await call(mounted, bob, unlike.target, unlike.body, unlike.method);
        const before = mounted.simulator.journal.requests.length;
        const foreign = await call(mounted, bob, target, body, method);
        const unknown = await call(mounted, bob, unlike.target, unlike.body, unlike.method);
        expect(foreign.status, what).toBe(404);
        expect(told(foreign, file), what).toEqual(told(unknown, never));
        expect(told(foreign, file), what).toEqual(told(cold, never));
        // Nothing has gone up for either, so neither can be told by what the provider says or how long it takes.
        expect(mounted.simulator.journal.requests.length, what).toBe(before);
      }
    }
    for (const { name } of hers) {
      expect((await call(mounted, alice, `/v1beta/${name}`)).status).toBe(200);
      expect(homeOf(mounted, name)).toBeDefined();
    }
  });

  test('by HEAD as well', async () => {
    const mounted = await mount(threeProjects);
    const [file] = Object.values(await spread(mounted, alice, 1)).flat() as [FileName];
    const never = unknownLike(file);
    await call(mounted, bob, `/v1beta/${never.name}`, undefined, 'HEAD');
    const [foreign, unknown] = [
      await call(mounted, bob, `/v1beta/${file.name}`, undefined, 'HEAD'),
      await call(mounted, bob, `/v1beta/${never.name}`, undefined, 'HEAD'),
    ];
    expect(foreign.status).toBe(404);
    expect(told(foreign, file)).toEqual(told(unknown, never));
  });
});

test('nor in the setup of a Live session', async () => {
  const simulator = await startSimulator(threeProjects.simulator);
  const own = createGateway({
    pools: {
      gemini: { baseUrl: simulator.url, projects: projects.map((id) => ({ id, keys: [keyOf[id] as string] })) },
    },
    callers: threeProjects.gateway?.callers ?? 'anyone',
    overload: neverShed,
  });
  const server = createServer(nodeListener(own));
  server.on('upgrade', nodeUpgrade(own));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const fetchIt = (target: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${target}`, init);
  const mounted = { gateway: own, simulator, fetch: fetchIt } as unknown as Mounted;
  try {
    await settleAt(mounted, alice, 'two');
    const [file] = (await spread(mounted, alice, 1)).two as [FileName];
    const cached = { model: 'models/gemini-2.5-flash', ...filesIn('Keep.', []) };
    const { name: cache } = JSON.parse((await call(mounted, alice, '/v1beta/cachedContents', cached)).text) as FileName;
    const never = unknownLike(file);
    const setups: readonly ((name: string, uri: string) => object)[] = [
      (_, uri) => ({ systemInstruction: { parts: [{ fileData: { fileUri: uri } }] } }),
      (name) => ({ systemInstruction: { parts: [{ file_data: { file_uri: name } }] } }),
    ];
    for (const setup of setups) {
      const unknown = await sessionEnd(port, setup(never.name, never.uri));
      const before = simulator.journal.requests.length;
      const foreign = await sessionEnd(port, setup(file.name, file.uri));
      expect(foreign.reason).toContain('or it is not yours');
      expect({ ...foreign, reason: foreign.reason.replaceAll(file.name, never.name) }).toEqual(unknown);
      expect(simulator.journal.requests.length).toBe(before);
    }
    const unlike = `cachedContents/${'n'.repeat(cache.length - 'cachedContents/'.length)}`;
    const unknown = await sessionEnd(port, { cachedContent: unlike });
    const foreign = await sessionEnd(port, { cachedContent: cache });
    expect({ ...foreign, reason: foreign.reason.replaceAll(cache, unlike) }).toEqual(unknown);
  } finally {
    await eventually('a session is still on', () => own.snapshot().open === 0, 5_000);
    await own.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await simulator.close();
  }
});

/** How a session of bob's ends that begins so. */
function sessionEnd(port: number, setup: object): Promise<{ code: number; reason: string }> {
  const path = '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent';
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(`ws://127.0.0.1:${port}${path}?key=${bob}`);
    ws.on('open', () =>
      ws.send(JSON.stringify({ setup: { model: 'models/gemini-live-2.5-flash-preview', ...setup } })),
    );
    ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    ws.on('error', reject);
  });
}

/** A name and a URI that nobody has ever had, as long as those of a file. */
function unknownLike({ name, uri }: FileName): FileName {
  const never = `files/${'never'.repeat(10).slice(0, name.length - 'files/'.length)}`;
  return { name: never, uri: uri.replace(name, never) };
}

/** Everything that a client can see of an answer, but what passes: the id of the request, and the time. */
function told({ status, headers, text, brokenBy }: ReadAnswer, { name }: FileName): object {
  const fields = [...headers].filter(([field]) => field !== 'x-sluice-request-id' && field !== 'date').sort();
  return { status, fields, text: text.replaceAll(name, 'it'), brokenBy };
}

function urisOf(files: readonly FileName[]): string[] {
  return files.map(({ uri }) => uri);
}

function namesOf(made: Readonly<Record<string, readonly FileName[]>>): string[] {
  return Object.values(made).flatMap((files) => files.map(({ name }) => name));
}
