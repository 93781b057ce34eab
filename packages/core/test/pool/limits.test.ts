import { type FakeClock, fakeClock } from '@sluice/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { Cancellation } from '../../src/cancellation.ts';
import { SluiceError } from '../../src/errors.ts';
import { Emitter, type KeyEvent, type TokenUsage } from '../../src/events.ts';
import { type Failure, failure } from '../../src/failure.ts';
import { newCourse } from '../../src/plan/plan.ts';
import { Lease } from '../../src/pool/lease.ts';
import type { KeyPool } from '../../src/pool/pool.ts';
import type { ProjectSettings } from '../../src/pool/project.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Limits, Need, Store } from '../../src/store/store.ts';
import { answeringLater, aPlan, aPool, mustTake, type PoolWishes, tryTake, unlimited } from './a-pool.ts';

/** 2026-11-21T12:00Z is 04:00 in Los Angeles: the day is over in 20 hours. */
const untilMidnightMs = 20 * 3_600_000;
/** A second counts until it is 60 s past. */
const minuteMs = 61_000;

const used = (tokens: number) => (): TokenUsage => ({
  prompt: tokens,
  candidates: 0,
  thoughts: 0,
  cached: 0,
  tools: 0,
});
const nothingDone: Failure = failure('unreachable', 'upstream_unreachable', 'x', {
  scope: 'host',
  isProofOfNothing: true,
});

const stores: readonly (readonly [name: string, wrap: (store: Store) => Store])[] = [
  ['a store that answers at once', (store) => store],
  ['a store that answers later', (store) => answeringLater(store)],
  ['a store that answers later and is shared', (store) => answeringLater(store, true)],
];

describe.each(stores)('the limits of a project, by %s', (_name, wrap) => {
  let clock: FakeClock;
  let store: Store;
  beforeEach(() => {
    clock = fakeClock();
    store = wrap(memoryStore(clock));
  });

  const limited = (limits: Partial<Limits>, more: Partial<PoolWishes> = {}): KeyPool =>
    aPool({ clock, store, projects: [{ id: 'a', limits: { ...unlimited, ...limits } }], ...more });

  describe('requests a minute', () => {
    test('exactly as many are lent in any minute, and the refusal says when the next is', async () => {
      const pool = limited({ requestsPerMinute: 3 });
      const first = await takeAll(pool);
      expect(first.leases).toHaveLength(3);
      expectWait(first.refusal, minuteMs);
      for (const lease of first.leases) lease.settle(null);
      await clock.advance(minuteMs - 1);
      expectWait(await tryTake(pool), 1);
      await clock.advance(1);
      expect((await takeAll(pool)).leases).toHaveLength(3);
    });

    test('there are never twice as many around the turn of a minute', async () => {
      const pool = limited({ requestsPerMinute: 2 });
      await clock.advance(59_000);
      const [one, other] = [await mustTake(pool), await mustTake(pool)];
      one.settle(null);
      other.settle(null);
      await clock.advance(2_000);
      expectWait(await tryTake(pool), minuteMs - 2_000);
    });
  });

  describe('tokens a minute', () => {
    test('the estimate is counted before, and put right by what the answer says', async () => {
      const pool = limited({ tokensPerMinute: 1_000 });
      const plan = { tokens: () => 400 };
      const [one, other] = [await mustTake(pool, plan), await mustTake(pool, plan)];
      expectWait(await tryTake(pool, plan), minuteMs);
      one.settle(null, used(50));
      await settledDown();
      const third = await mustTake(pool, plan);
      expectWait(await tryTake(pool, plan), minuteMs);
      // 50, then 900 instead of 400, then 400: more than was estimated is counted as well.
      other.settle(null, used(900));
      third.settle(nothingDone);
      await settledDown();
      expect((await mustTake(pool, { tokens: () => 50 })).project).toBe('a');
      expectWait(await tryTake(pool, { tokens: () => 1 }), minuteMs);
    });

    test('a call that needs more than a minute has goes when nothing else does', async () => {
      const pool = limited({ tokensPerMinute: 100 });
      const big = await mustTake(pool, { tokens: () => 5_000 });
      big.settle(null, used(5_000));
      expectWait(await tryTake(pool, { tokens: () => 1 }), minuteMs);
      await clock.advance(minuteMs);
      expect((await mustTake(pool, { tokens: () => 5_000 })).project).toBe('a');
    });

    test('a big call that has to wait keeps no small one waiting, and small ones find out what is left', async () => {
      const pool = limited({ tokensPerMinute: 1_000 });
      (await mustTake(pool, { tokens: () => 500 })).settle(null);
      await clock.advance(30_000);
      expectWait(await tryTake(pool, { tokens: () => 600 }), minuteMs - 30_000);
      expectWait(await tryTake(pool, { tokens: () => 700 }), minuteMs - 30_000);
      for (const tokens of [10, 400, 80]) await mustTake(pool, { tokens: () => tokens });
      expectWait(await tryTake(pool, { tokens: () => 20 }), minuteMs - 30_000);
      await mustTake(pool, { tokens: () => 10 });
      expectWait(await tryTake(pool, { tokens: () => 1 }), minuteMs - 30_000);
      await clock.advance(minuteMs - 30_000);
      expect((await mustTake(pool, { tokens: () => 500 })).project).toBe('a');
    });

    test('nobody works out an estimate where tokens are not counted', async () => {
      const tokens = (): number => expect.unreachable('nobody counts tokens');
      await mustTake(limited({ requestsPerMinute: 3 }), { tokens });
      const settled = await mustTake(limited({}), { tokens });
      settled.settle(null, () => expect.unreachable('nobody counts tokens'));
    });
  });

  test('requests a day end at midnight in Los Angeles', async () => {
    const pool = limited({ requestsPerDay: 2 });
    const first = await takeAll(pool);
    expect(first.leases).toHaveLength(2);
    for (const lease of first.leases) lease.settle(null);
    expectWait(first.refusal, untilMidnightMs);
    await clock.advance(untilMidnightMs - 1);
    expectWait(await tryTake(pool), 1);
    await clock.advance(1);
    const next = await takeAll(pool);
    expect(next.leases).toHaveLength(2);
    expectWait(next.refusal, 24 * 3_600_000);
  });

  describe('calls at once', () => {
    test('one more is lent as soon as one is back, whatever came of it', async () => {
      const pool = limited({ maxInFlight: 2 });
      for (const ending of [null, nothingDone, failure('x', 'upstream_protocol', 'x', { scope: 'request' })]) {
        const { leases } = await takeAll(pool);
        expect(leases).toHaveLength(2);
        for (const lease of leases) lease.settle(ending);
        await settledDown();
      }
    });

    test('a request that waits for room goes on as soon as another one ends', async () => {
      const pool = limited({ maxInFlight: 1 });
      const first = await mustTake(pool);
      const waiting = Promise.resolve(pool.take(aPlan(), newCourse(), new Cancellation()));
      await settledDown();
      expect(pool.waiting).toBe(1);
      const startMs = clock.now();
      first.settle(null);
      const second = await waiting;
      expect([second.project, clock.now() - startMs, pool.waiting, clock.pending]).toEqual(['a', 0, 0, 0]);
      second.settle(null);
    });

    test('a lease that nobody ever settles is counted out in the end', async () => {
      const pool = limited({ maxInFlight: 1 }, { leaseMs: 60_000 });
      await mustTake(pool);
      await clock.advance(59_999);
      expect(await tryTake(pool)).toBeInstanceOf(Error);
      await clock.advance(101);
      expect((await mustTake(pool)).project).toBe('a');
    });

    test('a lease that is settled after it was counted out changes nothing for others', async () => {
      const pool = limited({ maxInFlight: 1 }, { leaseMs: 60_000 });
      const late = await mustTake(pool);
      await clock.advance(60_100);
      const current = await mustTake(pool);
      late.settle(null);
      await settledDown();
      expect(await tryTake(pool)).toBeInstanceOf(Error);
      current.settle(null);
      await settledDown();
      expect(await tryTake(pool)).toBeInstanceOf(Lease);
    });
  });

  test('what a failure gives back is lent again at once', async () => {
    const pool = limited({ requestsPerMinute: 2, requestsPerDay: 2, tokensPerMinute: 100 });
    const plan = { tokens: () => 50 };
    for (let time = 0; time < 5; time++) {
      const { leases } = await takeAll(pool, plan);
      expect(leases).toHaveLength(2);
      for (const lease of leases) lease.settle(nothingDone);
      await settledDown();
    }
  });

  test('a lease is given back once, however often it is settled', async () => {
    const pool = limited({ maxInFlight: 2, requestsPerMinute: 3 });
    const [one, other] = [await mustTake(pool), await mustTake(pool)];
    for (const ending of [nothingDone, null, nothingDone]) one.settle(ending);
    await settledDown();
    const third = await mustTake(pool);
    expect(await tryTake(pool)).toBeInstanceOf(Error);
    for (const lease of [other, third]) lease.settle(null);
    await settledDown();
    // One of the three was taken back, once.
    expect((await takeAll(pool)).leases).toHaveLength(1);
    expect(pool.snapshot().projects[0]?.inFlight).toBe(1);
  });

  describe('of a model in a project', () => {
    const perModel: Partial<ProjectSettings> = {
      limits: { ...unlimited, requestsPerMinute: 5 },
      modelLimits: new Map([['flash', { ...unlimited, requestsPerMinute: 2 }]]),
    };

    test('count beside those of the project', async () => {
      const pool = aPool({ clock, store, projects: [{ id: 'a', ...perModel }] });
      expect((await takeAll(pool, { model: 'flash' })).leases).toHaveLength(2);
      expect((await takeAll(pool, { model: 'pro' })).leases).toHaveLength(3);
      expectWait(await tryTake(pool, { model: null }), minuteMs);
    });

    test('leave the other models alone, and calls without a model', async () => {
      const modelLimits = new Map([['flash', { ...unlimited, maxInFlight: 1 }]]);
      const pool = aPool({ clock, store, projects: [{ id: 'a', modelLimits }] });
      await mustTake(pool, { model: 'flash' });
      expect(await tryTake(pool, { model: 'flash' })).toBeInstanceOf(Error);
      for (const model of ['pro', null]) for (let call = 0; call < 5; call++) await mustTake(pool, { model });
    });

    test('reserve all or nothing: what one meter refuses, the other does not count', async () => {
      const pool = aPool({ clock, store, projects: [{ id: 'a', ...perModel }] });
      for (let time = 0; time < 10; time++) await tryTake(pool, { model: 'flash' });
      expect((await takeAll(pool, { model: 'pro' })).leases).toHaveLength(3);
    });
  });

  describe('a call that one project refuses', () => {
    const two = (): KeyPool =>
      aPool({
        clock,
        store,
        projects: [
          { id: 'a', limits: { ...unlimited, requestsPerMinute: 2 } },
          { id: 'b', limits: { ...unlimited, requestsPerDay: 3 } },
        ],
      });

    test('goes to another one', async () => {
      const { leases, refusal } = await takeAll(two());
      expect(leases.map(({ project }) => project).sort()).toEqual(['a', 'a', 'b', 'b', 'b']);
      // Of both, the one that is back first is told.
      expectWait(refusal, minuteMs);
    });

    test('also when it wanted the key that it had before', async () => {
      const pool = two();
      const course = newCourse();
      let lease = await mustTake(pool, {}, course);
      const { project } = lease;
      for (let time = 0; lease.project === project && time < 9; time++) {
        course.keyId = lease.key.id;
        lease = await mustTake(pool, {}, course);
      }
      expect(lease.project).not.toBe(project);
    });
  });

  test('nobody is told of a limit of our own: it comes and goes', async () => {
    const emitter = new Emitter();
    const told: KeyEvent[] = [];
    emitter.on('key', (event) => told.push(event));
    const pool = limited({ requestsPerMinute: 1 }, { emitter });
    await mustTake(pool);
    await tryTake(pool);
    expect(pool.snapshot().projects[0]?.cooling).toMatchObject([{ model: 'flash', reason: 'limit_requests_minute' }]);
    await clock.advance(minuteMs);
    await mustTake(pool);
    expect([told, await store.rests()]).toEqual([[], []]);
  });

  test('what the provider refuses stands before a limit of our own, and outlives it', async () => {
    const pool = limited({ requestsPerMinute: 3 });
    const [first, second] = [await mustTake(pool), await mustTake(pool)];
    await mustTake(pool);
    expectWait(await tryTake(pool), minuteMs);
    const quota = failure('quota_minute', 'quota_exhausted', 'x', {
      scope: 'quota',
      restMs: 20_000,
      isProofOfNothing: true,
    });
    first.settle(quota);
    second.settle(nothingDone);
    await settledDown();
    expect(pool.snapshot().projects[0]?.cooling).toMatchObject([{ reason: 'quota_minute' }]);
    expectWait(await tryTake(pool), 20_000);
    await clock.advance(20_000);
    expect((await takeAll(pool)).leases).toHaveLength(2);
  });
});

test('a store that fails refuses the call and keeps nothing of it', async () => {
  const clock = fakeClock();
  const down = new SluiceError('storage_unavailable', 'away');
  const store = {
    ...memoryStore(clock),
    name: 'x',
    isShared: true,
    reserve: () => Promise.reject(down),
  } as unknown as Store;
  const pool = aPool({ clock, store, projects: [{ id: 'a', limits: { ...unlimited, maxInFlight: 1 } }] });
  expect(await tryTake(pool)).toBe(down);
  expect(pool.snapshot().projects[0]?.inFlight).toBe(0);
  expect([pool.waiting, clock.pending]).toEqual([0, 0]);
});

test('a client that hangs up while a later store admits its waiting request leaves nothing in flight', async () => {
  const clock = fakeClock();
  const memory = memoryStore(clock);
  const slow = answeringLater(memory);
  const reserve = slow.reserve.bind(slow);
  const store: Store = new Proxy(slow, {
    get: (target, name) =>
      name === 'reserve'
        ? (need: Parameters<Store['reserve']>[0]) =>
            new Promise((resolve) => clock.after(10, () => resolve(reserve(need))))
        : Reflect.get(target, name),
  });
  const pool = aPool({ clock, store, projects: [{ id: 'a', limits: { ...unlimited, maxInFlight: 1 } }] });
  const gone = new Cancellation();
  const first = Promise.resolve(pool.take(aPlan(), newCourse(), new Cancellation()));
  await clock.advance(10);
  const waiting = Promise.resolve(pool.take(aPlan(), newCourse(), gone)).catch((error: unknown) => error);
  await clock.advance(20);
  expect(pool.waiting).toBe(1);
  (await first).settle(null);
  await clock.advance(5);
  gone.cancel(new Error('hung up'));
  await clock.advance(200);
  expect(await waiting).toMatchObject({ message: 'hung up' });
  expect([pool.snapshot().projects[0]?.inFlight, clock.pending]).toEqual([0, 0]);
  const next = Promise.resolve(pool.take(aPlan(), newCourse(), new Cancellation()));
  await clock.advance(10);
  expect((await next).project).toBe('a');
});

test('a call that nothing counts is asked of a shared store by what must not rest, model by model', async () => {
  const clock = fakeClock();
  const store = answeringLater(memoryStore(clock), true);
  const asked: Partial<Need>[] = [];
  const { reserve } = store;
  Object.assign(store, {
    reserve(need: Need) {
      const { scope, meters, subjects } = need;
      asked.push({ scope, meters, subjects });
      return reserve(need);
    },
  });
  const pool = aPool({ clock, store, projects: [{ id: 'a' }] });
  for (const model of ['flash', 'pro', 'flash']) (await mustTake(pool, { model })).settle(null);
  const of = (model: string): Partial<Need> => ({
    scope: 'pool/gemini/a',
    meters: [],
    subjects: ['project', `model:${model}`],
  });
  expect(asked).toEqual([of('flash'), of('pro'), of('flash')]);
});

/** As many as there are, and the refusal of one more. */
async function takeAll(
  pool: KeyPool,
  plan: Parameters<typeof tryTake>[1] = {},
): Promise<{ leases: Lease[]; refusal: Error }> {
  const leases: Lease[] = [];
  for (;;) {
    const lease = await tryTake(pool, plan);
    if (lease instanceof Error) return { leases, refusal: lease };
    leases.push(lease);
    if (leases.length > 100) throw new Error('there is no end to it');
  }
}

/** Who would wait for longer than the room allows is refused, with the truth; who waits less waits. */
function expectWait(refusal: Lease | Error, ms: number): void {
  if (ms <= 1_000) expect(refusal).toMatchObject({ message: 'waits' });
  else expect(refusal).toMatchObject({ code: 'quota_exhausted', status: 429, retryAfterMs: ms });
}

async function settledDown(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
