/** Interactions and what stands around them live in one project: they are found again there, and are nobody else's. */

import { describeDrivers, type Mounted, type ReadAnswer, read } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { alice, bob, call, keyOf, projects, settleAt, threeProjects } from './two-callers.ts';

const interactions = '/v1beta/interactions';
const model = 'gemini-2.5-flash';
const hello = { model, input: 'Hello' };

describeDrivers('an interaction is gone on with where it lives', (_driver, mount) => {
  test.each([
    ['by a whole answer', {}],
    ['by the first event of a stream', { stream: true }],
  ])('known %s', async (_, more) => {
    const mounted = await mount(threeProjects);
    for (const home of projects) {
      await settleAt(mounted, alice, home);
      const id = idIn(await call(mounted, alice, interactions, { ...hello, ...more }));
      expect(mounted.simulator.project(home).interactions).toEqual([id]);
      await settleAt(mounted, alice, otherThan(home));
      const next = await call(mounted, alice, interactions, { ...hello, ...more, previous_interaction_id: id });
      expect(next.status, next.text).toBe(200);
      expect(mounted.simulator.project(home).interactions).toContain(idIn(next));
      for (const target of [`${interactions}/${id}`, `${interactions}/${id}?stream=true`]) {
        expect((await call(mounted, alice, target)).status).toBe(200);
      }
      expect((await call(mounted, alice, `${interactions}/${id}`, undefined, 'DELETE')).status).toBe(200);
      expect((await call(mounted, alice, `${interactions}/${id}`)).status).toBe(404);
      await call(mounted, alice, `${interactions}/${idIn(next)}`, undefined, 'DELETE');
    }
  });

  test('that is kept nowhere goes anywhere', async () => {
    const mounted = await mount(threeProjects);
    for (let time = 0; time < 12; time++) {
      expect((await call(mounted, alice, interactions, { ...hello, store: false })).status).toBe(200);
    }
    expect(keysUsed(mounted).size).toBe(projects.length);
    for (let time = 0; time < 6; time++) await call(mounted, alice, interactions, hello);
    expect(projects.filter((id) => mounted.simulator.project(id).interactions.length > 0)).toHaveLength(1);
  });

  test('to another caller it never was, whatever is tried with it', async () => {
    const mounted = await mount(threeProjects);
    const id = idIn(await call(mounted, alice, interactions, hello));
    const never = 'v1_never';
    const calls = mounted.simulator.journal.requests.length;
    const ways = (of: string): readonly (readonly [target: string, body?: object, method?: string])[] => [
      [`${interactions}/${of}`],
      [`${interactions}/${of}?stream=true&last_event_id=x`],
      [`${interactions}/${of}`, {}, 'DELETE'],
      [`${interactions}/${of}/cancel`, {}],
      [interactions, { ...hello, previous_interaction_id: of }],
      [interactions, { ...hello, stream: true, store: false, previous_interaction_id: of }],
    ];
    for (const way of ways(id)) {
      const foreign = await call(mounted, bob, ...way);
      expect(foreign.status, way[0]).toBe(404);
      expect(JSON.parse(foreign.text)).toMatchObject({ error: { code: 'not_found' } });
      expect(foreign.text).not.toContain('project');
    }
    expect(mounted.simulator.journal.requests.length).toBe(calls);
    const [[target] = ['']] = ways(never);
    const unknown = await call(mounted, bob, target);
    const foreign = await call(mounted, bob, `${interactions}/${id}`);
    expect(foreign.text.replaceAll(id, never)).toBe(unknown.text);
  });

  test('that was made elsewhere is searched for once, and nobody’s', async () => {
    const mounted = await mount(threeProjects);
    const made = await fetch(`${mounted.simulator.url}${interactions}`, {
      method: 'POST',
      headers: { 'x-goog-api-key': keyOf.three as string },
      body: JSON.stringify(hello),
    });
    const id = idIn(await read(made));
    for (const who of [alice, bob]) expect((await call(mounted, who, `${interactions}/${id}`)).status).toBe(200);
    const next = await call(mounted, bob, interactions, { ...hello, previous_interaction_id: id });
    expect(next.status).toBe(200);
  });

  test('in hops, each where the token of the one before was given', async () => {
    const words = Array.from({ length: 60 }, (_, at) => `w${at}`).join(' ');
    const mounted = await mount({ ...threeProjects, simulator: { ...threeProjects.simulator, answer: () => words } });
    for (const [at, more] of [{}, { stream: true }].entries()) {
      const long = { model: 'gemini-4-argon', input: 'Hello', store: false, ...more };
      const used = new Set<string | undefined>();
      let token: string | undefined;
      let said = '';
      do {
        const before = mounted.simulator.journal.requests.length;
        const body = token === undefined ? long : { ...long, continuation_token: token };
        const answer = await call(mounted, alice, interactions, body);
        expect(answer.status, `${at} ${answer.text}`).toBe(200);
        said += textIn(answer);
        token = tokenIn(answer);
        for (const key of keysUsed(mounted, before)) used.add(key);
      } while (token !== undefined);
      expect(said).toBe(words);
      expect(used.size).toBe(1);
    }
  });
});

describeDrivers('what stands around interactions is found again where it lives', (_driver, mount) => {
  test.each(['agents', 'environments', 'voices', 'webhooks', 'credentials', 'triggers'])('%s', async (collection) => {
    const mounted = await mount(threeProjects);
    for (const home of projects) {
      await settleAt(mounted, alice, home);
      const made = await call(mounted, alice, `/v1beta/${collection}`, { display_name: 'mine' });
      expect(made.status, made.text).toBe(200);
      const thing = `/v1beta/${collection}/${(JSON.parse(made.text) as { id: string }).id}`;
      await settleAt(mounted, alice, otherThan(home));
      const before = mounted.simulator.journal.requests.length;
      expect((await call(mounted, alice, thing)).status).toBe(200);
      expect((await call(mounted, alice, thing, { display_name: 'still mine' }, 'PATCH')).status).toBe(200);
      const foreign = await call(mounted, bob, thing);
      expect(foreign.status).toBe(404);
      expect(JSON.parse(foreign.text)).toMatchObject({ error: { code: 'not_found' } });
      expect((await call(mounted, alice, thing, undefined, 'DELETE')).status).toBe(200);
      expect([...keysUsed(mounted, before)]).toEqual([keyOf[home]]);
      expect((await call(mounted, alice, thing)).status).toBe(404);
    }
  });

  test('an interaction in an environment, or with an agent of one’s own, goes where that is', async () => {
    const mounted = await mount(threeProjects);
    for (const home of projects) {
      await settleAt(mounted, alice, home);
      const environment = await idOf(mounted, 'environments');
      const agent = await idOf(mounted, 'agents');
      await settleAt(mounted, alice, otherThan(home));
      for (const body of [
        { ...hello, environment },
        { ...hello, environment, store: false },
        { agent, input: 'Hello' },
      ]) {
        const before = mounted.simulator.journal.requests.length;
        const answer = await call(mounted, alice, interactions, body);
        expect(answer.status, answer.text).toBe(200);
        expect([...keysUsed(mounted, before)]).toEqual([keyOf[home]]);
      }
      expect((await call(mounted, bob, interactions, { ...hello, environment })).status).toBe(404);
      expect((await call(mounted, bob, interactions, { agent, input: 'Hello' })).status).toBe(404);
    }
  });

  test('an agent of Google’s is everybody’s', async () => {
    const mounted = await mount(threeProjects);
    const answer = await call(mounted, alice, interactions, { agent: 'deep-research-pro-preview', input: 'Hello' });
    expect(answer.status, answer.text).toBe(200);
  });
});

function otherThan(home: string): string {
  return projects[(projects.indexOf(home) + 1) % projects.length] as string;
}

async function idOf(mounted: Mounted, collection: string): Promise<string> {
  const made = await call(mounted, alice, `/v1beta/${collection}`, { display_name: 'mine' });
  return (JSON.parse(made.text) as { id: string }).id;
}

/** Of a whole answer, or out of the events of a stream. */
function idIn({ text }: ReadAnswer): string {
  const [, id = ''] = /"id":\s*"(v1_[^"]+)"/.exec(text) ?? [];
  expect(id, text).not.toBe('');
  return id;
}

function tokenIn({ text }: ReadAnswer): string | undefined {
  return [...text.matchAll(/"continuation_token":\s*("[^"]+")/g)]
    .map(([, json = '']) => JSON.parse(json) as string)
    .at(-1);
}

function textIn({ text }: ReadAnswer): string {
  return [...text.matchAll(/"text":\s*("(?:[^"\\]|\\.)*")/g)]
    .map(([, json = '']) => JSON.parse(json) as string)
    .join('');
}

function keysUsed({ simulator }: Mounted, from = 0): Set<string | undefined> {
  return new Set(simulator.journal.requests.slice(from).map(({ headers }) => headers['x-goog-api-key']));
}
