/** Files and batches of the OpenAI endpoint: over all projects, in the order of time, and one's own. */

import type { Step } from '@sluice/simulator';
import { describeDrivers, type Mounted, type ReadAnswer } from '@sluice/testkit';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { alice, bob, call, keyOf, projects, settleAt, threeProjects } from '../journey/two-callers.ts';

const files = '/v1beta/openai/files';

describeDrivers('lists of the OpenAI endpoint', (_driver, mount) => {
  test('show one’s own of every project, the newest first, however they are cut', async () => {
    const mounted = await mount(threeProjects);
    playOpenai(mounted);
    const { mine, his } = await spreadFiles(mounted);
    const whole = await call(mounted, alice, files);
    expect(idsIn(whole)).toEqual(mine.toReversed());
    expect(bodyOf(whole)).toMatchObject({ object: 'list', has_more: false, first_id: mine.at(-1), last_id: mine[0] });
    // Two pages of each project.
    expect(whole.headers.get('x-sluice-attempts')).toBe('6');
    expect(idsIn(await call(mounted, alice, `${files}?order=asc`))).toEqual(mine);
    expect(idsIn(await call(mounted, bob, files)).toSorted()).toEqual(his.toSorted());
    for (const limit of [1, 2, 5]) {
      const seen: string[] = [];
      for (let after = ''; ; after = seen.at(-1) as string) {
        const page = await call(mounted, alice, `${files}?limit=${limit}&after=${after}`);
        seen.push(...idsIn(page));
        if (!bodyOf(page).has_more) break;
      }
      expect(seen).toEqual(mine.toReversed());
    }
  });

  test('go on behind nothing that is another’s, or was never made', async () => {
    const mounted = await mount(threeProjects);
    playOpenai(mounted);
    const { his } = await spreadFiles(mounted);
    const foreign = await call(mounted, alice, `${files}?after=${his[0]}`);
    const never = await call(mounted, alice, `${files}?after=file-never`);
    expect([foreign.status, foreign.text]).toEqual([400, never.text]);
    expect((await call(mounted, alice, `${files}?limit=none`)).status).toBe(400);
  });

  test('what is made there is found again where it lies, and nobody else’s', async () => {
    const mounted = await mount(threeProjects);
    playOpenai(mounted);
    const { mine } = await spreadFiles(mounted);
    await settleAt(mounted, alice, 'one');
    for (const id of mine) {
      expect(bodyOf(await call(mounted, alice, `${files}/${id}`)).id).toBe(id);
      expect((await call(mounted, bob, `${files}/${id}`)).status).toBe(404);
      expect((await call(mounted, bob, `${files}/${id}`, undefined, 'DELETE')).status).toBe(404);
    }
  });

  test('say what cannot be shown, in the words of that API', async () => {
    const mounted = await mount(threeProjects);
    playOpenai(mounted);
    const { mine } = await spreadFiles(mounted);
    await mounted.gateway.pools.gemini?.disable('two#1', 'a test');
    const short = await call(mounted, alice, files);
    expect([short.status, short.headers.get('x-sluice-left-out')]).toEqual([200, '1']);
    expect(idsIn(short)).toEqual(mine.toReversed().filter((id) => !id.endsWith('two')));
    mounted.simulator.plan(keyOf.three as string, ['503']);
    const failed = await call(mounted, alice, files);
    expect(failed.status).toBe(503);
    expect(JSON.parse(failed.text)).toMatchObject({ error: { code: 503 } });
    mounted.simulator.plan(keyOf.three as string, ['garbage']);
    const odd = await call(mounted, alice, files);
    expect([odd.status, JSON.parse(odd.text).error.type]).toEqual([502, 'upstream_protocol']);
  });

  test('the SDK reads them to their end', async () => {
    const mounted = await mount(threeProjects);
    playOpenai(mounted);
    const { mine } = await spreadFiles(mounted);
    const way = mounted.origin === null ? { fetch: mounted.gateway.fetch } : {};
    const baseURL = `${mounted.origin ?? 'http://gateway.test'}/v1beta/openai/`;
    const openai = new OpenAI({ apiKey: alice, baseURL, maxRetries: 0, ...way });
    const seen: string[] = [];
    for await (const { id } of await openai.files.list({ limit: 2 })) seen.push(id);
    expect(seen).toEqual(mine.toReversed());
    const batches: string[] = [];
    for await (const { id } of await openai.batches.list({ limit: 2 })) batches.push(id);
    expect(batches).toEqual([]);
  });
});

/** Two files of hers and one of his in each project, in turn. */
async function spreadFiles(mounted: Mounted): Promise<{ mine: string[]; his: string[] }> {
  const mine: string[] = [];
  const his: string[] = [];
  for (const home of projects) {
    for (const [who, made] of [
      [alice, mine],
      [bob, his],
      [alice, mine],
    ] as const) {
      await settleAt(mounted, who, home);
      made.push(bodyOf(await call(mounted, who, files, { purpose: 'batch' })).id as string);
    }
  }
  return { mine, his };
}

/** The provider's files as this endpoint shows them: pages of at most two, which go on behind an id. */
function playOpenai({ simulator }: Mounted): void {
  let made = 0;
  for (const project of projects) {
    const shelf: { id: string; created_at: number }[] = [];
    const step: Step = ({ method, target }) => {
      const [path = '', query = ''] = target.split('?', 2);
      if (!path.includes('/openai/')) return 'ok';
      const id = /\/files\/([^/]+)$/.exec(path)?.[1];
      if (id !== undefined) {
        const found = shelf.find((one) => one.id === id);
        return found === undefined ? '404' : json({ ...found, object: 'file' });
      }
      if (method === 'POST') {
        const file = { id: `file-${++made}-${project}`, created_at: 1_700_000_000 + made };
        shelf.push(file);
        return json({ ...file, object: 'file' });
      }
      if (path.endsWith('/batches')) return json({ object: 'list', data: [], has_more: false });
      const newest = shelf.toReversed();
      const from = newest.findIndex((one) => one.id === new URLSearchParams(query).get('after')) + 1;
      const data = newest.slice(from, from + 2);
      return json({ object: 'list', data, has_more: from + 2 < newest.length });
    };
    simulator.plan(keyOf[project] as string, [step]);
  }
}

function json(body: object) {
  const chunks = [Buffer.from(JSON.stringify(body))];
  return { status: 200, headers: [['content-type', 'application/json']] as const, chunks };
}

function bodyOf({ status, text }: ReadAnswer): Record<string, unknown> {
  expect(status, text).toBe(200);
  return JSON.parse(text) as Record<string, unknown>;
}

function idsIn(answer: ReadAnswer): string[] {
  return (bodyOf(answer).data as { id: string }[]).map(({ id }) => id);
}
