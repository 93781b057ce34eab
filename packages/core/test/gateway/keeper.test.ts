import { eventually } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import type { Gateway } from '../../src/gateway.ts';
import type { PoolControl } from '../../src/pool/control.ts';
import type { Store } from '../../src/store/store.ts';
import { answeringLater } from '../pool/a-pool.ts';
import { aBench, ask, type Bench, codeOf, keys, project, sharedStore } from './a-gateway.ts';

const two = { id: 'main', keys: ['canary-main-1', 'canary-main-2'] };
const controlOf = (gateway: Gateway): PoolControl => gateway.pools.gemini as PoolControl;

/** Time enough for what one has written to be read by the other: with the first request after two seconds. */
async function untilKnown(bench: Bench, gateway: Gateway): Promise<void> {
  await bench.clock.advance(2_000);
  await ask(gateway, { model: 'gemini-2.5-flash-lite' });
  await new Promise((resolve) => setImmediate(resolve));
}

describe.each([
  ['answers at once', (store: Store): Store => store],
  ['answers later', (store: Store): Store => answeringLater(store, true)],
])('two gateways with one store that %s', (_name, wrap) => {
  async function aPair(
    wishes: Parameters<typeof aBench>[0] = {},
  ): Promise<{ bench: Bench; one: Gateway; other: Gateway; store: Store }> {
    const bench = await aBench(wishes);
    const store = wrap(sharedStore(bench.clock));
    return { bench, store, one: bench.another({ store }), other: bench.another({ store }) };
  }

  test('a model that one has found without quota is left alone by the other at once', async () => {
    const { bench, one, other } = await aPair();
    bench.simulator.plan('*', ['429-day', 'ok']);
    expect((await ask(one)).status).toBe(429);
    const refused = await ask(other);
    expect([refused.status, codeOf(refused)]).toEqual([429, 'quota_exhausted']);
    expect(bench.simulator.journal.requests).toHaveLength(1);
    // The day is over in 20 hours, and that is what it says.
    expect(Number(refused.headers.get('retry-after'))).toBe(20 * 3_600);
    expect((await ask(other, { model: 'gemini-2.5-pro' })).status).toBe(200);
  });

  test('a key that one has found wrong is known to the other within two seconds, and so is its reason', async () => {
    const { bench, one, other } = await aPair({ projects: [two] });
    bench.simulator.plan('canary-main-2', ['403-leaked']);
    expect((await ask(one)).status).toBe(200);
    await untilKnown(bench, other);
    expect(keys(other)).toEqual(['main#1 ready', 'main#2 disabled key_leaked']);
    const before = bench.simulator.journal.requests.length;
    for (let call = 0; call < 3; call++) expect((await ask(other)).status).toBe(200);
    const asked = bench.simulator.journal.requests.slice(before).map(({ key }) => key);
    expect(asked).toEqual(Array(3).fill('canary-main-1'));
  });

  test('a project that one has found unpaid is left alone by the other', async () => {
    const { bench, one, other } = await aPair({ projects: [{ id: 'poor' }, { id: 'rich' }] });
    bench.simulator.plan('canary-poor-1', ['402']);
    for (let call = 0; call < 2; call++) await ask(one);
    for (let call = 0; call < 4; call++) expect((await ask(other)).status).toBe(200);
    expect(bench.simulator.journal.requests.filter(({ key }) => key === 'canary-poor-1')).toHaveLength(1);
    await untilKnown(bench, other);
    expect(project(other, 'poor')).toMatchObject({ state: 'disabled', reason: 'project_unpaid', endedBy: 'probe' });
  });

  test('what an operator disables, enables and removes in one holds in the other within two seconds', async () => {
    const { bench, one, other } = await aPair({ projects: [two] });
    await controlOf(one).disable('main#1');
    await untilKnown(bench, other);
    expect(keys(other)).toEqual(['main#1 disabled operator', 'main#2 ready']);
    await controlOf(one).enable('main#1');
    await untilKnown(bench, other);
    expect(keys(other)).toEqual(['main#1 ready', 'main#2 ready']);
    await controlOf(one).remove('main#2');
    await untilKnown(bench, other);
    expect(keys(other)).toEqual(['main#1 ready', 'main#2 disabled removed']);
  });

  test('a store that has lost its memory brings no key back that a person has put away: it is told again', async () => {
    const { bench, one, other, store } = await aPair({ projects: [two] });
    await controlOf(one).disable('main#1', 'leaked in a screenshot');
    await untilKnown(bench, other);
    for (const { scope, subject } of await store.rests()) await store.wake(scope, subject);
    await untilKnown(bench, one);
    await untilKnown(bench, other);
    expect(keys(one)[0]).toBe('main#1 disabled operator');
    expect(keys(other)[0]).toBe('main#1 disabled operator');
    expect(await store.rests()).toMatchObject([{ reason: 'operator', untilMs: null }]);
    expect(await controlOf(other).record()).toMatchObject([{ what: 'disabled', why: 'leaked in a screenshot' }]);
    await controlOf(other).enable('main#1');
    await untilKnown(bench, one);
    expect(keys(one)[0]).toBe('main#1 ready');
  });

  test.each(['429-day', '402', '403-suspended', '400-key-invalid'] as const)(
    "an operator's reset in one ends a rest in the other (%s)",
    async (step) => {
      const { bench, one, other } = await aPair();
      bench.simulator.plan('*', [step, 'ok']);
      await ask(one);
      // What a reservation is refused for is known at once, a key with the next look at the store.
      if (step === '400-key-invalid') await untilKnown(bench, other);
      expect((await ask(other)).status).not.toBe(200);
      await untilKnown(bench, other);
      await controlOf(one).reset('main#1');
      await untilKnown(bench, other);
      expect((await ask(other)).status).toBe(200);
      expect(project(other)).toMatchObject({ state: 'ready', cooling: [] });
    },
  );

  test.each(['429-day', '402'] as const)('also one that the other has only met, and never read (%s)', async (step) => {
    const { bench, one, other } = await aPair();
    await untilKnown(bench, other);
    const before = bench.simulator.journal.requests.length;
    bench.simulator.plan('*', [step, 'ok']);
    await ask(one);
    expect((await ask(other)).status).not.toBe(200);
    await controlOf(one).reset('main#1');
    await untilKnown(bench, other);
    expect((await ask(other)).status).toBe(200);
    expect(bench.simulator.journal.requests.length).toBeGreaterThan(before + 1);
  });

  test('they share one limit, to the last request', async () => {
    const { one, other } = await aPair({ projects: [{ id: 'main', limits: { requestsPerMinute: 5 } }] });
    const answers = await Promise.all(Array.from({ length: 12 }, (_, at) => ask(at % 2 === 0 ? one : other)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.map((answer) => Number(answer.headers.get('retry-after')))).toEqual(Array(7).fill(61));
  });

  test('a rest survives a restart, with its reason and its time', async () => {
    const { bench, one, store } = await aPair({ projects: [two, { id: 'poor' }] });
    bench.simulator.plan('canary-main-1', ['429-day']);
    bench.simulator.plan('canary-main-2', ['429-day']);
    bench.simulator.plan('canary-poor-1', ['402']);
    for (let call = 0; call < 2; call++) expect((await ask(one)).status).toBe(429);
    await controlOf(one).disable('main#2', 'why not');
    await one.close();
    const again = bench.another({ store });
    await again.ready();
    expect(keys(again)).toEqual(['main#1 ready', 'main#2 disabled operator']);
    expect(project(again).cooling).toMatchObject([
      { model: 'gemini-2.5-flash', state: 'cooling', reason: 'quota_day' },
    ]);
    expect(project(again, 'poor').reason).toBe('project_unpaid');
    const calls = bench.simulator.journal.requests.length;
    expect(codeOf(await ask(again))).toBe('quota_exhausted');
    expect(bench.simulator.journal.requests).toHaveLength(calls);
    // A day later all but the operator's word is over.
    bench.simulator.plan('canary-main-1', ['ok']);
    await bench.clock.advance(21 * 3_600_000);
    expect((await ask(again)).status).toBe(200);
    expect(keys(again)[1]).toBe('main#2 disabled operator');
  });

  test('a restart finds keys that stand in another order', async () => {
    const { bench, one, store } = await aPair({ projects: [two] });
    await controlOf(one).disable('main#2');
    const turned = { id: 'main', keys: [...two.keys].reverse() };
    const again = bench.another({ store, pools: { gemini: { ...bench.options.pools?.gemini, projects: [turned] } } });
    await again.ready();
    expect(keys(again)).toEqual(['main#1 disabled operator', 'main#2 ready']);
  });

  test('a key whose day is over is probed before the other may use it, too', async () => {
    const { bench, one, other } = await aPair({ projects: [two] });
    bench.simulator.plan('canary-main-2', ['400-key-invalid']);
    await ask(one);
    await untilKnown(bench, other);
    await bench.clock.advance(86_400_000);
    const before = bench.simulator.journal.requests.length;
    for (let call = 0; call < 4; call++) {
      expect((await ask(other)).status).toBe(200);
      await bench.clock.advance(2_000);
    }
    await eventually('it was probed', () => keys(other)[1] === 'main#2 disabled key_invalid');
    const asked = bench.simulator.journal.requests.slice(before).filter(({ key }) => key === 'canary-main-2');
    expect(asked.map(({ method, target }) => `${method} ${target}`)).toEqual(['GET /v1beta/models?pageSize=1']);
  });
});

test('one gateway alone with a store that is its own asks it nothing about others', async () => {
  const bench = await aBench();
  const store = sharedStore(bench.clock);
  const own = new Proxy(store, {
    get(target, name) {
      if (name === 'isShared') return false;
      if (name === 'rests' || name === 'reserve') return () => expect.unreachable('nobody else writes there');
      return Reflect.get(target, name);
    },
  });
  const gateway = bench.another({ store: own });
  for (let call = 0; call < 3; call++) {
    expect((await ask(gateway)).status).toBe(200);
    await bench.clock.advance(5_000);
  }
});
