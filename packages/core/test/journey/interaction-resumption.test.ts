/** A stored stream that its provider drops goes on where it stopped: the client sees one stream, and knows nothing of it. */

import type { RecordedRequest, StepName } from '@sluice/simulator';
import { describeDrivers, eventually, type Mounted, type MountOptions, type ReadAnswer, read } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { alice, bob, call, clientOf, keyOf, projects, settleAt, threeProjects } from './two-callers.ts';

const interactions = '/v1beta/interactions';
const words = Array.from({ length: 40 }, (_, at) => `w${at}`).join(' ');
const stream = { model: 'gemini-2.5-flash', input: 'Hello', stream: true } as const;
const quick = { baseDelayMs: 1, throttleDelayMs: 1 };
const stage: MountOptions = {
  simulator: { ...threeProjects.simulator, answer: () => words },
  gateway: { ...threeProjects.gateway, retry: quick },
};

describeDrivers('a stored stream that breaks', (_driver, mount) => {
  const breaks: StepName[] = [
    'interaction-drop',
    'rst-mid-stream',
    'fin-mid-chunk',
    'close-delimited-rst',
    'bad-chunk-size',
    'no-finish',
  ];
  test.each(breaks)('goes on without a seam, in the project that tells it: %s', async (step) => {
    const mounted = await mount(stage);
    for (const home of projects) {
      await settleAt(mounted, alice, home);
      mounted.simulator.plan('*', [step, 'ok']);
      const before = mounted.simulator.journal.requests.length;
      const answer = await call(mounted, alice, interactions, stream);
      expect(answer, answer.text).toMatchObject({ status: 200, brokenBy: null });
      const [made, rest, ...more] = mounted.simulator.journal.requests.slice(before);
      expect(more).toEqual([]);
      expect([keyIn(made), keyIn(rest)]).toEqual([keyOf[home], keyOf[home]]);
      expect(rest?.method).toBe('GET');
      const [target, place = ''] = rest?.target.split('&last_event_id=') ?? [];
      expect(target).toBe(`${interactions}/${idIn(answer)}?stream=true`);
      expect(answer.text.split(`"event_id":"${decodeURIComponent(place)}"`)).toHaveLength(2);
      const again = await call(mounted, alice, `${interactions}/${idIn(answer)}?stream=true`);
      expect(answer.text).toBe(again.text);
      expect(textIn(answer)).toBe(words);
    }
  });

  test('again and again, as long as it moves', async () => {
    const mounted = await mount(stage);
    mounted.simulator.plan('*', ['interaction-drop', 'interaction-drop', '503', 'interaction-drop', 'ok']);
    const attempts: (number | string)[] = [];
    mounted.gateway.on('request', (told) => attempts.push(told.attempts, told.outcome));
    const answer = await call(mounted, alice, interactions, stream);
    expect(answer.brokenBy).toBeNull();
    expect(textIn(answer)).toBe(words);
    expect(mounted.simulator.journal.requests).toHaveLength(5);
    await eventually('it is told', () => attempts.length === 2);
    expect(attempts).toEqual([5, 'complete']);
  });

  test.each<StepName>(['503', 'rst-before-headers', 'html-200', 'empty-stream'])(
    'is given up after three tries that bring nothing, and never looks whole: %s',
    async (step) => {
      const mounted = await mount(stage);
      mounted.simulator.plan('*', ['interaction-drop', step]);
      const answer = await call(mounted, alice, interactions, stream);
      expect(answer.brokenBy).not.toBeNull();
      expect(mounted.simulator.journal.requests).toHaveLength(4);
      expect(answer.text).not.toContain('interaction.completed');
      const last = answer.text.trimEnd().split('\n\n').at(-1) ?? '';
      expect(JSON.parse(last.replace('event: error\ndata: ', ''))).toMatchObject({
        event_type: 'error',
        error: { code: 'service_unavailable', details: [{ reason: 'UPSTREAM_TRUNCATED' }] },
      });
      // And what came before is whole events, which the client can go on from by itself.
      const places = [...answer.text.matchAll(/"event_id":"([^"]+)"/g)].map(([, place = '']) => place);
      const tail = `?stream=true&last_event_id=${places.at(-1)}`;
      mounted.simulator.plan('*', ['ok']);
      const rest = await call(mounted, alice, `${interactions}/${idIn(answer)}${tail}`);
      expect(rest.status, rest.text).toBe(200);
      expect(textIn(answer) + textIn(rest)).toBe(words);
    },
  );

  test('with another key of its project, where the first is refused', async () => {
    const two = [{ id: 'one', keys: ['key-of-one-00001', 'key-of-one-00002'] }];
    const other = [{ id: 'two', keys: ['key-of-two-00001'] }];
    const mounted = await mount({ ...stage, simulator: { ...stage.simulator, projects: [...two, ...other] } });
    await mounted.gateway.pools.gemini?.disable('two#1', 'a test');
    mounted.simulator.plan('*', ['interaction-drop', '403-leaked', 'ok']);
    const answer = await call(mounted, alice, interactions, stream);
    expect(answer.brokenBy).toBeNull();
    expect(textIn(answer)).toBe(words);
    const keys = mounted.simulator.journal.requests.map(keyIn);
    expect(keys[0]).toBe(keys[1]);
    expect(new Set(keys)).toEqual(new Set(two[0]?.keys));
  });

  test('is heard on by GET too, from the place that the client has named', async () => {
    const mounted = await mount(stage);
    const made = await call(mounted, alice, interactions, stream);
    const places = [...made.text.matchAll(/"event_id":"([^"]+)"/g)].map(([, place = '']) => place);
    const target = `${interactions}/${idIn(made)}?stream=true&last_event_id=${places[3]}`;
    mounted.simulator.plan('*', ['interaction-drop', 'ok']);
    const before = mounted.simulator.journal.requests.length;
    const answer = await call(mounted, alice, target);
    expect(answer.brokenBy).toBeNull();
    expect(made.text.endsWith(answer.text)).toBe(true);
    expect(answer.text).not.toContain(`"${places[3]}"`);
    const [first, second] = mounted.simulator.journal.requests.slice(before);
    expect(first?.target).toBe(target);
    expect(second?.target).not.toBe(target);
    expect((await call(mounted, bob, target)).status).toBe(404);
  });

  test('of one in the background, while it goes on', async () => {
    let nowMs = Date.parse('2026-11-20T12:00:00Z');
    const simulator = { ...stage.simulator, interactionMs: 60_000, now: () => nowMs };
    const mounted = await mount({ ...stage, simulator });
    const begun = await call(mounted, alice, interactions, { ...stream, stream: false, background: true });
    const path = `${interactions}/${idIn(begun)}`;
    for (let poll = 0; poll < 3; poll++) {
      expect(JSON.parse((await call(mounted, alice, path)).text)).toMatchObject({ status: 'in_progress' });
    }
    nowMs += 60_000;
    mounted.simulator.plan('*', ['interaction-drop', 'ok']);
    const answer = await call(mounted, alice, `${path}?stream=true`);
    expect(answer.brokenBy).toBeNull();
    expect(textIn(answer)).toBe(words);
    expect(JSON.parse((await call(mounted, alice, path)).text)).toMatchObject({ status: 'completed' });
  });

  test('is not asked for any longer when its client has gone', async () => {
    const mounted = await mount(stage);
    mounted.simulator.plan('*', ['interaction-drop', 'no-answer']);
    const gone = new AbortController();
    const response = await begin(mounted, gone.signal);
    const reading = read(response);
    await eventually('the rest is asked for', () => mounted.simulator.journal.requests.length === 2);
    expect(mounted.simulator.journal.running).toBe(1);
    gone.abort();
    await reading;
    await eventually('its connection is closed', () => mounted.simulator.journal.running === 0);
    expect(mounted.simulator.journal.requests).toHaveLength(2);
  });
});

describeDrivers('@google/genai 3.x sees nothing of it', (_driver, mount) => {
  test.each([
    ['by ai.interactions.create', async (ai: ReturnType<typeof clientOf>) => ai.interactions.create(stream)],
    [
      'by ai.interactions.get',
      async (ai: ReturnType<typeof clientOf>) => {
        const { id = '' } = await ai.interactions.create({ ...stream, stream: false });
        return ai.interactions.get(id, { stream: true });
      },
    ],
  ] as const)('%s', async (_, ask) => {
    const mounted = await mount(stage);
    const ai = clientOf(mounted, alice);
    const whole = plain(await collect(await ask(ai)));
    mounted.simulator.plan('*', [
      ({ method, body }) => (method === 'GET' || isStream(body) ? 'interaction-drop' : 'ok'),
      'interaction-drop',
      'ok',
    ]);
    expect(plain(await collect(await ask(ai)))).toEqual(whole);
    expect(mounted.simulator.journal.requests.filter(({ step }) => step === 'interaction-drop')).not.toHaveLength(0);
    expect(JSON.stringify(whole)).toContain('interaction.completed');
  });
});

function isStream(body: Uint8Array): boolean {
  return Buffer.from(body).toString().includes('"stream":true');
}

async function begin({ fetch }: Mounted, signal: AbortSignal): Promise<Response> {
  const headers = { 'x-goog-api-key': alice, 'content-type': 'application/json' };
  return fetch(interactions, { method: 'POST', headers, body: JSON.stringify(stream), signal });
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Without what differs between two interactions that are otherwise the same. */
function plain(events: readonly unknown[]): unknown {
  const passing = new Set(['id', 'interaction_id', 'event_id', 'created', 'updated', 'signature']);
  return JSON.parse(JSON.stringify(events, (key, value: unknown) => (passing.has(key) ? undefined : value)));
}

function idIn({ text }: ReadAnswer): string {
  const [, id = ''] = /"id":\s*"(v1_[^"]+)"/.exec(text) ?? [];
  expect(id, text).not.toBe('');
  return id;
}

function textIn({ text }: ReadAnswer): string {
  return [...text.matchAll(/"delta":\{"text":("(?:[^"\\]|\\.)*")/g)]
    .map(([, json = '']) => JSON.parse(json) as string)
    .join('');
}

function keyIn(request: RecordedRequest | undefined): string | undefined {
  return request?.headers['x-goog-api-key'];
}
