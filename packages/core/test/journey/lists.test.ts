/** Lists over a pool: one list of one's own, however many projects it lies in and whoever else has things there. */

import type { AttemptEvent } from '@sluice/core';
import { describeDrivers, type Mounted, type ReadAnswer, read } from '@sluice/testkit';
import { expect, test } from 'vitest';
import {
  alice,
  bob,
  call,
  clientOf,
  keyOf,
  projects,
  settleAt,
  spread,
  threeProjects,
  uploadDirectly,
} from './two-callers.ts';

describeDrivers('lists over three projects', (_driver, mount) => {
  test('the SDK’s pager finds every file of its caller once, and no other’s, whatever the page size', async () => {
    const mounted = await mount(threeProjects);
    const mine = namesAt(await spread(mounted, alice, 4));
    await spread(mounted, bob, 5);
    for (const pageSize of [1, 3, 100]) {
      const pager = await clientOf(mounted, alice).files.list({ config: { pageSize } });
      const seen: string[] = [];
      for await (const { name } of pager) seen.push(name as string);
      expect(seen.toSorted()).toEqual(mine.toSorted());
      expect(new Set(seen).size).toBe(seen.length);
    }
    const all = await call(mounted, alice, '/v1beta/files?pageSize=100');
    expect(namesIn(all)).toHaveLength(12);
    expect(all.text).not.toMatch(/canary-key|nextPageToken/);
  });

  test('what was made elsewhere is everybody’s, and a page of it too', async () => {
    const mounted = await mount(threeProjects);
    const made = [(await uploadDirectly(mounted, 'one')).name, (await uploadDirectly(mounted, 'three')).name];
    for (const who of [alice, bob])
      expect(namesIn(await call(mounted, who, '/v1beta/files')).toSorted()).toEqual(made.toSorted());
  });

  test('caches and batches are listed like files, by the SDK', async () => {
    const mounted = await mount(threeProjects);
    const made: Record<string, string[]> = { caches: [], batches: [] };
    for (const home of projects) {
      for (const who of [alice, bob]) {
        await settleAt(mounted, who, home);
        const ai = clientOf(mounted, who);
        const cache = await ai.caches.create({ model: 'gemini-2.5-flash', config: { contents: 'Long enough.' } });
        const inlined = [{ contents: [{ parts: [{ text: 'Hi' }] }] }];
        const batch = await ai.batches.create({ model: 'gemini-2.5-flash', src: inlined });
        if (who !== alice) continue;
        made.caches?.push(cache.name as string);
        made.batches?.push(batch.name as string);
      }
    }
    const ai = clientOf(mounted, alice);
    expect((await namesOf(await ai.caches.list({ config: { pageSize: 2 } }))).toSorted()).toEqual(
      made.caches?.toSorted(),
    );
    expect((await namesOf(await ai.batches.list({ config: { pageSize: 2 } }))).toSorted()).toEqual(
      made.batches?.toSorted(),
    );
  });

  test('file search stores by the SDK, and agents in the words of their own API', async () => {
    const mounted = await mount(threeProjects);
    const made: Record<string, string[]> = { stores: [], agents: [] };
    for (const home of projects) {
      for (const who of [alice, bob]) {
        await settleAt(mounted, who, home);
        const { name } = await clientOf(mounted, who).fileSearchStores.create({});
        const agent = await call(mounted, who, '/v1beta/agents', { instructions: 'Be short.' });
        if (who !== alice) continue;
        made.stores?.push(name as string);
        made.agents?.push((JSON.parse(agent.text) as { id: string }).id);
      }
    }
    const stores = await clientOf(mounted, alice).fileSearchStores.list({ config: { pageSize: 1 } });
    expect((await namesOf(stores)).toSorted()).toEqual(made.stores?.toSorted());
    const agents: string[] = [];
    for (let token = ''; ; ) {
      const { text } = await call(mounted, alice, `/v1beta/agents?page_size=2${token}`);
      const page = JSON.parse(text) as { agents: { id: string }[]; next_page_token?: string };
      agents.push(...page.agents.map(({ id }) => id));
      if (page.next_page_token === undefined) break;
      token = `&page_token=${page.next_page_token}`;
    }
    expect(agents.toSorted()).toEqual(made.agents?.toSorted());
  });

  test('a page token names nothing, and is good for its caller and its list alone', async () => {
    const mounted = await mount(threeProjects);
    await spread(mounted, alice, 1);
    const first = await call(mounted, alice, '/v1beta/files?pageSize=1');
    const token = tokenIn(first);
    expect(Buffer.from(token, 'base64url').toString('latin1')).not.toMatch(/one|two|three|canary/);
    const calls = mounted.simulator.journal.requests.length;
    for (const [who, target] of [
      [bob, `/v1beta/files?pageToken=${token}`],
      [alice, `/v1beta/cachedContents?pageToken=${token}`],
      [alice, `/v1beta/models?pageToken=${token}`],
      [alice, '/v1beta/files?pageToken=bm90IG91cnM'],
    ] as const) {
      const refused = await call(mounted, who, target);
      expect(refused.status).toBe(400);
      expect(refused.text).toContain('INVALID_REQUEST');
    }
    expect(mounted.simulator.journal.requests.length).toBe(calls);
    expect((await call(mounted, alice, `/v1/files?pageToken=${token}`)).status).toBe(200);
  });

  test('models go on in the project where their list began', async () => {
    const mounted = await mount(threeProjects);
    const seen: string[] = [];
    const keys: string[] = [];
    for (let token = ''; ; ) {
      const page = await call(mounted, alice, `/v1beta/models?pageSize=2${token}`);
      seen.push(...namesIn(page, 'models'));
      keys.push(String(mounted.simulator.journal.requests.at(-1)?.headers['x-goog-api-key']));
      if (!page.text.includes('nextPageToken')) break;
      token = `&pageToken=${tokenIn(page)}`;
      // Others are served meanwhile, by whoever's turn it is.
      await mounted.ask('generateContent', { headers: { 'x-goog-api-key': bob } });
    }
    expect(keys.length).toBeGreaterThan(2);
    expect(new Set(keys).size).toBe(1);
    const direct = await read(
      await fetch(`${mounted.simulator.url}/v1beta/models?pageSize=1000`, {
        headers: { 'x-goog-api-key': keyOf.one ?? '' },
      }),
    );
    expect(seen).toEqual(namesIn(direct, 'models'));
  });

  test('a project that cannot be asked just now makes the list fail, and says nothing of who it is', async () => {
    const mounted = await mount(threeProjects);
    await spread(mounted, alice, 1);
    mounted.simulator.plan(keyOf.two as string, ['503']);
    const broken = await readAll(mounted, alice);
    expect(broken.last.status).toBe(503);
    expect(broken.seen).toHaveLength(2);
    mounted.simulator.plan(keyOf.two as string, ['429']);
    for (const _ of ['refused', 'resting']) {
      const { last } = await readAll(mounted, alice);
      expect([429, 503]).toContain(last.status);
      expect(last.headers.get('retry-after')).not.toBeNull();
      expect(last.headers.get('x-sluice-left-out')).toBeNull();
      expect(last.text).not.toMatch(/canary|"two"|two#/);
    }
  });

  test.each(['403-leaked', '403-suspended', '400-key-invalid'] as const)(
    'goes on without a project that no key opens any more (%s), and every page says that one is missing',
    async (step) => {
      const mounted = await mount(threeProjects);
      const mine = await spread(mounted, alice, 2);
      const whole = await call(mounted, alice, '/v1beta/files');
      expect([namesIn(whole).length, whole.headers.get('x-sluice-left-out')]).toEqual([6, null]);
      mounted.simulator.plan(keyOf.two as string, [step]);
      // The first one finds it out, and is whole but for that all the same; nobody after it asks again.
      for (const _ of ['found out', 'known']) {
        const page = await call(mounted, alice, '/v1beta/files');
        expect(page.status).toBe(200);
        expect(page.headers.get('x-sluice-left-out')).toBe('1');
        expect(namesIn(page).toSorted()).toEqual(namesAt({ one: mine.one ?? [], three: mine.three ?? [] }).toSorted());
        expect(page.text).not.toMatch(/canary|"two"|two#/);
      }
      const asked = mounted.simulator.journal.requests.filter((one) => one.step === step);
      expect(asked).toHaveLength(1);
      for (let token = ''; ; ) {
        const page = await call(mounted, alice, `/v1beta/files?pageSize=1${token}`);
        expect([page.status, page.headers.get('x-sluice-left-out')]).toEqual([200, '1']);
        if (!page.text.includes('nextPageToken')) break;
        token = `&pageToken=${tokenIn(page)}`;
      }
      // What lies there is told of by its name, and what never was is told of like what is another's.
      const [gone] = mine.two as unknown as [{ name: string }];
      expect((await call(mounted, alice, `/v1beta/${gone.name}`)).status).toBe(409);
      const foreign = await call(mounted, bob, `/v1beta/${gone.name}`);
      const never = await call(mounted, bob, '/v1beta/files/never-made');
      expect([foreign.status, foreign.text]).toEqual([404, never.text.replace('files/never-made', gone.name)]);
    },
  );

  test('is an error where no project at all can be opened', async () => {
    const mounted = await mount(threeProjects);
    for (const id of projects) await mounted.gateway.pools.gemini?.disable(`${id}#1`, 'a test');
    const { status, text } = await call(mounted, alice, '/v1beta/files');
    expect([status, text.includes('NO_USABLE_KEY')]).toEqual([503, true]);
  });

  test('tells of each of its calls to the provider as an attempt of its request', async () => {
    const mounted = await mount(threeProjects);
    const told: AttemptEvent[] = [];
    mounted.gateway.on('attempt', (event) => void told.push(event));
    mounted.simulator.plan(keyOf.two as string, ['503', 'ok', '429']);
    const answer = await call(mounted, alice, '/v1beta/files');
    expect(answer.status).toBe(200);
    const requestId = answer.headers.get('x-sluice-request-id');
    expect(told.map(({ project, outcome, status }) => [project, outcome, status]).toSorted()).toEqual([
      ['one', 'ok', 200],
      ['three', 'ok', 200],
      ['two', 'ok', 200],
      ['two', 'overloaded', 503],
    ]);
    expect(told.every((one) => one.requestId === requestId && one.pool === 'gemini' && one.key.endsWith('#1'))).toBe(
      true,
    );
    expect(answer.headers.get('x-sluice-attempts')).toBe(String(told.length));
    await call(mounted, alice, '/v1beta/files');
    expect(told.at(-1)).toMatchObject({ project: 'two', status: 429, model: null, provider: 'gemini' });
  });

  test('a passing fault is asked again, and costs nobody a retry', async () => {
    const mounted = await mount(threeProjects);
    const mine = namesAt(await spread(mounted, alice, 1));
    for (const key of Object.values(keyOf)) mounted.simulator.plan(key, ['rst-before-headers', 'ok', '500', 'ok']);
    for (let time = 0; time < 2; time++) {
      const page = await call(mounted, alice, '/v1beta/files');
      expect(namesIn(page).toSorted()).toEqual(mine.toSorted());
      expect(page.headers.get('x-sluice-attempts')).toBe('6');
    }
  });

  test('a refusal that is about the request is shown as the provider says it', async () => {
    const mounted = await mount(threeProjects);
    mounted.simulator.plan('*', ['400']);
    const refused = await call(mounted, alice, '/v1beta/files?filter=nonsense');
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('INVALID_ARGUMENT');
    expect(mounted.simulator.journal.requests).toHaveLength(1);
  });

  test('tells everybody else nothing: a list without one’s own is the same as of a project that is empty', async () => {
    const mounted = await mount(threeProjects);
    const before = await call(mounted, bob, '/v1beta/files');
    await spread(mounted, alice, 2);
    const after = await call(mounted, bob, '/v1beta/files');
    expect([after.status, after.text]).toEqual([before.status, before.text]);
    expect(before.text).toBe('{}\n');
  });
});

/** Reads page after page, to the end or to the first that fails. */
async function readAll(mounted: Mounted, key: string): Promise<{ seen: string[]; last: ReadAnswer }> {
  const seen: string[] = [];
  for (let token = ''; ; ) {
    const last = await call(mounted, key, `/v1beta/files?pageToken=${token}`);
    if (last.status !== 200) return { seen, last };
    seen.push(...namesIn(last));
    if (!last.text.includes('nextPageToken')) return { seen, last };
    token = tokenIn(last);
  }
}

function namesIn({ text }: ReadAnswer, field = 'files'): string[] {
  const entries = (JSON.parse(text) as Record<string, { name: string }[] | undefined>)[field] ?? [];
  return entries.map(({ name }) => name);
}

function namesAt(made: Record<string, { name: string }[]>): string[] {
  return Object.values(made).flatMap((files) => files.map(({ name }) => name));
}

function tokenIn({ text }: ReadAnswer): string {
  return (JSON.parse(text) as { nextPageToken: string }).nextPageToken;
}

async function namesOf(items: AsyncIterable<{ name?: string }>): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of items) names.push(name as string);
  return names;
}
