import { eventually } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import type { KeyEvent } from '../../src/events.ts';
import { aBench, ask, type Bench, keys, project, sharedStore } from './a-gateway.ts';

const dayMs = 86_400_000;
const two = { id: 'main', keys: ['canary-main-1', 'canary-main-2'] };
const callsOf = ({ simulator }: Bench, key: string): string[] =>
  simulator.journal.requests
    .filter((request) => request.key === key)
    .map(({ method, target }) => `${method} ${target}`);
const asked = 'POST /v1beta/models/gemini-2.5-flash:generateContent';
const listed = 'GET /v1beta/models?pageSize=1';

/** A gateway whose second key was refused with the step. */
async function refusedBy(
  step: '400-key-invalid' | '401',
  ...then: ('ok' | '400-key-invalid' | 'rst-before-headers' | '503' | '429' | '403-suspended' | '403-leaked')[]
): Promise<Bench> {
  const bench = await aBench({ projects: [two] });
  bench.simulator.plan('canary-main-2', [step, ...then]);
  expect((await ask(bench.gateway)).status).toBe(200);
  expect(project(bench.gateway).keys[1]).toMatchObject({ state: 'disabled', endedBy: 'probe' });
  return bench;
}

describe('a key that was refused as wrong', () => {
  test.each(['400-key-invalid', '401'] as const)('by %s is left alone for a day', async (step) => {
    const bench = await refusedBy(step, 'ok');
    await bench.clock.advance(dayMs - 1);
    for (let call = 0; call < 3; call++) expect((await ask(bench.gateway)).status).toBe(200);
    expect(callsOf(bench, 'canary-main-2')).toEqual([asked]);
  });

  test("is probed then by a list of models, never by a caller's request, and is back when that goes well", async () => {
    const bench = await refusedBy('400-key-invalid', 'ok');
    const told: KeyEvent[] = [];
    bench.gateway.on('key', (event) => told.push(event));
    await bench.clock.advance(dayMs);
    expect((await ask(bench.gateway)).status).toBe(200);
    await eventually('it is back', () => keys(bench.gateway)[1] === 'main#2 ready');
    expect(callsOf(bench, 'canary-main-2')).toEqual([asked, listed]);
    expect(told.map(({ key, state, reason }) => `${key} ${state} ${reason}`)).toEqual(['main#2 ready probed']);
    for (let call = 0; call < 2; call++) expect((await ask(bench.gateway)).status).toBe(200);
    expect(callsOf(bench, 'canary-main-2')).toEqual([asked, listed, asked]);
    const probe = bench.simulator.journal.requests.find(({ method }) => method === 'GET');
    expect(probe?.body).toHaveLength(0);
  });

  test('is put off for another day when it is refused again, and another reason is told', async () => {
    const bench = await refusedBy('400-key-invalid', '400-key-invalid', '403-leaked');
    await bench.clock.advance(dayMs);
    await ask(bench.gateway);
    await eventually('it was probed', () => callsOf(bench, 'canary-main-2').length === 2);
    const untilMs = bench.clock.wallNow() + dayMs;
    await eventually('it rests again', () => project(bench.gateway).keys[1]?.untilMs === untilMs);
    await bench.clock.advance(dayMs - 1);
    await ask(bench.gateway);
    expect(callsOf(bench, 'canary-main-2')).toHaveLength(2);
    await bench.clock.advance(1);
    await ask(bench.gateway);
    await eventually('it is out for good', () => keys(bench.gateway)[1] === 'main#2 disabled key_leaked');
    expect(project(bench.gateway).keys[1]).toMatchObject({ untilMs: null, endedBy: 'operator' });
  });

  test.each(['rst-before-headers', '503', '429'] as const)(
    'is probed again in five minutes when the answer is none (%s)',
    async (step) => {
      const bench = await refusedBy('400-key-invalid', step, 'ok');
      await bench.clock.advance(dayMs);
      await ask(bench.gateway);
      await eventually('it was probed', () => callsOf(bench, 'canary-main-2').length === 2);
      const untilMs = bench.clock.wallNow() + 300_000;
      await eventually('it rests again', () => project(bench.gateway).keys[1]?.untilMs === untilMs);
      expect(keys(bench.gateway)[1]).toMatch(/^main#2 disabled key_/);
      await bench.clock.advance(300_000);
      await ask(bench.gateway);
      await eventually('it is back', () => keys(bench.gateway)[1] === 'main#2 ready');
      expect(project(bench.gateway).cooling).toEqual([]);
    },
  );

  test('is known to be right when it is the project that is refused by now', async () => {
    const bench = await refusedBy('400-key-invalid', '403-suspended');
    await bench.clock.advance(dayMs);
    await ask(bench.gateway);
    await eventually('it was probed', () => project(bench.gateway).reason === 'project_suspended');
    expect(keys(bench.gateway)).toEqual(['main#1 ready', 'main#2 ready']);
  });

  test('is not brought back by a probe when an operator has spoken meanwhile', async () => {
    const bench = await refusedBy('400-key-invalid', 'ok');
    await bench.clock.advance(dayMs);
    const answer = ask(bench.gateway);
    await bench.control.disable('main#2');
    await answer;
    await eventually(
      'it was probed',
      () => callsOf(bench, 'canary-main-2').length >= 1 && bench.simulator.journal.running === 0,
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(keys(bench.gateway)[1]).toBe('main#2 disabled operator');
  });
});

test('a hundred keys are probed one at a time, once each', async () => {
  const many = { id: 'main', keys: Array.from({ length: 101 }, (_, at) => `canary-main-${at}`) };
  const bench = await aBench({ projects: [many], options: { retry: { maxKeyFailovers: 200, maxUpstreamCalls: 200 } } });
  const { clock, gateway, simulator } = bench;
  for (const key of many.keys.slice(1)) simulator.plan(key, ['400-key-invalid', 'ok']);
  // Keys take turns, and a request ends with the first one that is right.
  for (let call = 0; call < 10; call++) expect((await ask(gateway)).status).toBe(200);
  expect(keys(gateway).filter((key) => key.includes('key_invalid'))).toHaveLength(100);
  simulator.journal.clear();
  await clock.advance(dayMs);
  for (let call = 0; call < 5; call++) expect((await ask(gateway)).status).toBe(200);
  await eventually('all are back', () => keys(gateway).every((key) => key.endsWith('ready')));
  const probes = simulator.journal.requests.filter(({ method }) => method === 'GET');
  expect(new Set(probes.map(({ key }) => key)).size).toBe(100);
  expect(probes).toHaveLength(100);
  for (const [at, probe] of probes.entries())
    expect(probe.startedAtMs).toBeGreaterThanOrEqual(probes[at - 1]?.finishedAtMs ?? 0);
});

describe('a project that nobody pays for', () => {
  test.each(['402', '429-billing'] as const)(
    '(%s) is probed after half an hour by one small prompt of our own',
    async (step) => {
      const bench = await aBench({ projects: [{ id: 'poor' }, { id: 'rich' }] });
      bench.simulator.plan('canary-poor-1', [step, step, 'ok']);
      for (let call = 0; call < 2; call++)
        expect((await ask(bench.gateway, { text: 'canary prompt' })).status).toBe(200);
      const half = 1_800_000;
      for (const state of ['disabled', 'ready']) {
        await bench.clock.advance(half);
        const before = callsOf(bench, 'canary-poor-1').length;
        await ask(bench.gateway, { text: 'canary prompt' });
        await eventually('it was probed', () => callsOf(bench, 'canary-poor-1').length === before + 1);
        const untilMs = state === 'ready' ? null : bench.clock.wallNow() + half;
        await eventually(
          'it is known',
          () => project(bench.gateway, 'poor').state === state && project(bench.gateway, 'poor').untilMs === untilMs,
        );
      }
      const [, first, second] = bench.simulator.journal.requests.filter(({ key }) => key === 'canary-poor-1');
      for (const probe of [first, second]) {
        expect(probe?.target).toMatch(/^\/v1beta\/models\/[\w.-]+:generateContent$/);
        expect(Buffer.from(probe?.body ?? '').toString()).not.toContain('canary');
        expect(JSON.parse(Buffer.from(probe?.body ?? '').toString())).toMatchObject({
          generationConfig: { maxOutputTokens: 1 },
        });
      }
    },
  );

  test('is asked with a key that is well, and is not blamed for one that is not', async () => {
    const bench = await aBench({ projects: [{ id: 'poor', keys: ['canary-a', 'canary-b'] }, { id: 'rich' }] });
    // The first call goes to the second key.
    bench.simulator.plan('canary-b', ['402', '400-key-invalid']);
    bench.simulator.plan('canary-a', ['ok']);
    for (let call = 0; call < 2; call++) expect((await ask(bench.gateway)).status).toBe(200);
    await bench.control.disable('poor#1');
    await bench.clock.advance(1_800_000);
    await ask(bench.gateway);
    await eventually('it was probed', () => keys(bench.gateway, 'poor')[1] === 'poor#2 disabled key_invalid');
    expect(project(bench.gateway, 'poor')).toMatchObject({ state: 'disabled', reason: 'project_unpaid' });
    await bench.control.enable('poor#1');
    await bench.clock.advance(300_000);
    await ask(bench.gateway);
    await eventually('the project is back', () => project(bench.gateway, 'poor').state === 'ready');
    expect(callsOf(bench, 'canary-a')).toHaveLength(1);
  });
});

test('probes that fail day after day do not fill the record', async () => {
  const bench = await aBench();
  const store = sharedStore(bench.clock);
  const gateway = bench.another({ store });
  bench.simulator.plan('*', ['400-key-invalid']);
  for (let day = 0; day < 4; day++) {
    expect((await ask(gateway)).status).toBe(503);
    await eventually('it was asked', () => bench.simulator.journal.requests.length === day + 1);
    await eventually('it rests', () => (project(gateway).keys[0]?.untilMs ?? 0) > bench.clock.wallNow());
    await bench.clock.advance(dayMs);
  }
  expect((await store.entries(10)).map(({ subject, what, why }) => [subject, what, why])).toEqual([
    ['main#1', 'disabled', 'key_invalid'],
  ]);
});
