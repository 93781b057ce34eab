import { type FakeClock, fakeClock } from '@sluice/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { Cancellation } from '../../src/cancellation.ts';
import { SluiceError } from '../../src/errors.ts';
import { Emitter, type KeyEvent } from '../../src/events.ts';
import { type Failure, failure } from '../../src/failure.ts';
import { type Course, newCourse, type Plan } from '../../src/plan/plan.ts';
import type { Lease } from '../../src/pool/lease.ts';
import { KeyPool } from '../../src/pool/pool.ts';
import { memoryStore } from '../../src/store/memory.ts';

let clock: FakeClock;
let events: KeyEvent[];
let emitter: Emitter;
beforeEach(() => {
  clock = fakeClock();
  events = [];
  emitter = new Emitter();
  emitter.on('key', (event) => events.push(event));
});

const quota = (restMs: number, more: Partial<Failure> = {}): Failure =>
  failed('quota', { kind: 'quota_minute', restMs, ...more });
const growing = (): Failure => quota(5_000, { kind: 'quota_unexplained', isGrowing: true });

describe('the least busy project is next', () => {
  test('so that one slow answer collects no queue behind it', () => {
    const pool = pooled({ a: 1, b: 1, c: 1 });
    const leases = Array.from({ length: 6 }, () => take(pool));
    expect(counted(leases)).toEqual({ a: 2, b: 2, c: 2 });
    for (const lease of leases) if (lease.project === 'b') lease.settle(null);
    expect([take(pool), take(pool)].map(({ project }) => project)).toEqual(['b', 'b']);
  });

  test('each model is counted apart', () => {
    const pool = pooled({ a: 1, b: 1 });
    expect(counted([take(pool, 'flash'), take(pool, 'flash'), take(pool, 'pro'), take(pool, 'pro')])).toEqual({
      a: 2,
      b: 2,
    });
  });

  test('shares follow the weights, one call at a time', () => {
    const pool = pooled({ a: 1, b: 2, c: 5 });
    const projects = Array.from({ length: 1_000 }, () => {
      const lease = take(pool);
      lease.settle(null);
      return lease;
    });
    expectShares(counted(projects), { a: 125, b: 250, c: 625 });
  });

  test('shares follow the weights, many calls at a time', () => {
    const pool = pooled({ a: 1, b: 2, c: 5 });
    expectShares(counted(Array.from({ length: 1_000 }, () => take(pool))), { a: 125, b: 250, c: 625 });
  });

  test('a project that comes back does not get everything at once to make up for its rest', async () => {
    const pool = pooled({ a: 1, b: 1 });
    settleOf(pool, 'a', quota(10_000));
    for (let call = 0; call < 100; call++) take(pool).settle(null);
    await clock.advance(10_000);
    const after = Array.from({ length: 20 }, () => {
      const lease = take(pool);
      lease.settle(null);
      return lease;
    });
    expect(counted(after).a).toBeLessThanOrEqual(12);
  });

  test('keys of one project take turns', () => {
    const pool = pooled({ a: 1 }, 3);
    const keys = Array.from({ length: 6 }, () => take(pool).key.id);
    expect(new Set(keys.slice(0, 3))).toEqual(new Set(['a#1', 'a#2', 'a#3']));
    expect(keys.slice(3)).toEqual(keys.slice(0, 3));
  });
});

describe('a project that is out of quota', () => {
  test('rests for as long as the provider asked, to the millisecond', async () => {
    const pool = pooled({ a: 1 });
    take(pool).settle(quota(34_400));
    await clock.advance(34_399);
    expect(pool.hasFree(plan(), newCourse())).toBe(false);
    await clock.advance(1);
    expect(pool.hasFree(plan(), newCourse())).toBe(true);
    expect(take(pool).project).toBe('a');
  });

  test('rests for that model alone', () => {
    const pool = pooled({ a: 1 });
    take(pool, 'flash').settle(quota(60_000));
    expect(pool.hasFree(plan('flash'), newCourse())).toBe(false);
    expect(take(pool, 'pro').project).toBe('a');
    expect(take(pool, null).project).toBe('a');
    expect(pool.isUsable).toBe(true);
  });

  test('rests for the model that the provider counts, beside the one that was asked', () => {
    const pool = pooled({ a: 1 });
    take(pool, 'flash-latest').settle(quota(60_000, { quotaModel: 'flash' }));
    expect([
      pool.hasFree(plan('flash-latest'), newCourse()),
      pool.hasFree(plan('flash'), newCourse()),
      pool.hasFree(plan('pro'), newCourse()),
    ]).toEqual([false, false, true]);
  });

  test('is not woken early by a shorter word that comes later', async () => {
    const pool = pooled({ a: 1 });
    const [first, second] = [take(pool), take(pool)];
    first.settle(quota(60_000));
    second.settle(quota(5_000));
    await clock.advance(5_000);
    expect(pool.hasFree(plan(), newCourse())).toBe(false);
    await clock.advance(55_000);
    expect(pool.hasFree(plan(), newCourse())).toBe(true);
  });

  test('rests longer by a longer word that comes later', async () => {
    const pool = pooled({ a: 1 });
    const [first, second] = [take(pool), take(pool)];
    first.settle(quota(5_000));
    second.settle(quota(60_000));
    await clock.advance(30_000);
    expect(pool.hasFree(plan(), newCourse())).toBe(false);
  });

  test('rests 5, 10, 20, 40, 60 seconds and no longer when nobody says how long', async () => {
    const pool = pooled({ a: 1 });
    const rests: number[] = [];
    for (let time = 0; time < 7; time++) {
      take(pool).settle(growing());
      let restMs = 0;
      while (!pool.hasFree(plan(), newCourse())) {
        await clock.advance(5_000);
        restMs += 5_000;
      }
      rests.push(restMs);
    }
    expect(rests).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
  });

  test('begins anew with 5 seconds after a success', async () => {
    const pool = pooled({ a: 1 });
    for (let time = 0; time < 3; time++) {
      take(pool).settle(growing());
      await clock.advance(60_000);
    }
    take(pool).settle(null);
    take(pool).settle(growing());
    await clock.advance(5_000);
    expect(pool.hasFree(plan(), newCourse())).toBe(true);
  });

  test('rests 5 seconds when ten calls that were under way together are refused', async () => {
    const pool = pooled({ a: 1 });
    const leases = Array.from({ length: 10 }, () => take(pool));
    for (const lease of leases) lease.settle(growing());
    await clock.advance(5_000);
    expect(pool.hasFree(plan(), newCourse())).toBe(true);
  });

  test('is told, and told again when it is back', async () => {
    const pool = pooled({ a: 1 });
    take(pool).settle(quota(1_000));
    const untilMs = clock.wallNow() + 1_000;
    await clock.advance(1_000);
    take(pool);
    const common = { pool: 'gemini', project: 'a', key: null, model: 'flash' };
    expect(events).toEqual([
      { ...common, state: 'cooling', reason: 'quota_minute', untilMs, endedBy: 'time' },
      { ...common, state: 'ready', reason: 'returned', untilMs: null, endedBy: null },
    ]);
  });
});

describe('within one request', () => {
  test('a project that was out of quota is not asked again, even when it is back', async () => {
    const pool = pooled({ a: 1, b: 1 });
    const course = newCourse();
    const first = takeFor(pool, plan(), course);
    first.settle(quota(1_000));
    await clock.advance(1_000);
    expect(pool.hasFree(plan(), course)).toBe(true);
    const second = takeFor(pool, plan(), course);
    expect(second.project).not.toBe(first.project);
    second.settle(quota(1_000));
    await clock.advance(1_000);
    expect(pool.hasFree(plan(), course)).toBe(false);
    expect(pool.hasFree(plan(), newCourse())).toBe(true);
    expect(counted([take(pool), take(pool)])).toEqual({ a: 1, b: 1 });
  });

  test('nor is the project where the caller’s things live', async () => {
    const pool = pooled({ a: 1, b: 1 });
    const mine = { ...plan(), home: 'a' };
    const course = newCourse();
    const first = takeFor(pool, mine, course);
    first.settle(quota(1_000));
    await clock.advance(1_000);
    expect(takeFor(pool, mine, course).project).not.toBe(first.project);
    expect(takeFor(pool, mine).project).toBe(first.project);
  });
});

describe('a key that is refused', () => {
  test('is not used again; the other keys of the project are', () => {
    const pool = pooled({ a: 1 }, 2);
    const bad = take(pool);
    bad.settle(failed('key', { kind: 'key_invalid', restMs: null }));
    const others = Array.from({ length: 4 }, () => take(pool).key.id);
    expect(new Set(others).has(bad.key.id)).toBe(false);
    expect(events).toEqual([
      {
        pool: 'gemini',
        project: 'a',
        key: bad.key.id,
        model: null,
        state: 'disabled',
        reason: 'key_invalid',
        untilMs: null,
        endedBy: 'operator',
      },
    ]);
  });

  test('for a time is back after it', async () => {
    const pool = pooled({ a: 1 });
    take(pool).settle(failed('key', { restMs: 600_000 }));
    await clock.advance(599_999);
    expect(pool.isUsable).toBe(false);
    await clock.advance(1);
    expect(pool.isUsable).toBe(true);
    expect(take(pool).key.id).toBe('a#1');
    expect(events.at(-1)).toMatchObject({ key: 'a#1', state: 'ready', reason: 'returned' });
  });

  test('is not asked for again, even where the same key was wanted', () => {
    const pool = pooled({ a: 1, b: 1 });
    const bad = take(pool);
    bad.settle(failed('key', { restMs: null }));
    const again = pool.take(plan(), { ...newCourse(), keyId: bad.key.id }, never());
    expect((again as Lease).project).not.toBe(bad.project);
  });
});

describe('a project that is refused', () => {
  test('serves no model, with none of its keys', () => {
    const pool = pooled({ a: 1, b: 1 }, 2);
    settleOf(pool, 'a', failed('project', { kind: 'project_suspended', restMs: null }));
    const projects = Array.from({ length: 6 }, (_, at) => take(pool, `m${at}`).project);
    expect(new Set(projects)).toEqual(new Set(['b']));
    expect(pool.snapshot().projects[0]).toMatchObject({ id: 'a', state: 'disabled', reason: 'project_suspended' });
  });

  test('for a time is back after it, for every model', async () => {
    const pool = pooled({ a: 1 });
    take(pool, 'flash').settle(failed('project', { restMs: 600_000 }));
    expect([pool.hasFree(plan('flash'), newCourse()), pool.hasFree(plan('pro'), newCourse())]).toEqual([false, false]);
    await clock.advance(600_000);
    expect([pool.hasFree(plan('flash'), newCourse()), pool.hasFree(plan('pro'), newCourse())]).toEqual([true, true]);
  });

  test('for good stays away when something milder comes later', async () => {
    const pool = pooled({ a: 1 });
    const [first, second] = [take(pool), take(pool)];
    first.settle(failed('project', { kind: 'project_suspended', restMs: null }));
    second.settle(failed('project', { kind: 'project_unpaid', restMs: 1_000 }));
    await clock.advance(10_000);
    expect(pool.isUsable).toBe(false);
  });
});

test.each(['request', 'model', 'host', 'client', 'gateway'] as const)(
  'a failure of the scope %s concerns no key',
  (scope) => {
    const pool = pooled({ a: 1 });
    take(pool).settle(failed(scope, { restMs: 60_000 }));
    expect(pool.hasFree(plan(), newCourse())).toBe(true);
    expect(events).toEqual([]);
  },
);

describe('a lease', () => {
  test('is given back once, however often it is settled', () => {
    const pool = pooled({ a: 1 });
    const [one, other] = [take(pool), take(pool)];
    expect(inFlight(pool)).toEqual([2]);
    one.settle(null);
    one.settle(quota(60_000));
    one.settle(null);
    expect(inFlight(pool)).toEqual([1]);
    expect(pool.hasFree(plan(), newCourse())).toBe(true);
    other.settle(null);
    expect(inFlight(pool)).toEqual([0]);
  });

  test('for the same key as before is of the same key', () => {
    const pool = pooled({ a: 1, b: 1, c: 1 }, 2);
    const { key } = take(pool);
    for (let call = 0; call < 5; call++) {
      const again = pool.take(plan(), { ...newCourse(), keyId: key.id }, never()) as Lease;
      expect(again.key.id).toBe(key.id);
    }
  });

  test('for the same key as before is of another when its project is out of quota by now', () => {
    const pool = pooled({ a: 1, b: 1 });
    const { key, project } = settleOf(pool, 'a', quota(60_000));
    const again = pool.take(plan(), { ...newCourse(), keyId: key.id }, never()) as Lease;
    expect(again.project).not.toBe(project);
  });

  test('finds its project where one name begins like another', () => {
    const pool = pooled({ main: 1, 'main-2': 1 });
    for (const wanted of ['main-2#1', 'main#1'])
      expect((pool.take(plan(), { ...newCourse(), keyId: wanted }, never()) as Lease).key.id).toBe(wanted);
  });
});

describe('what a caller makes lives in one project', () => {
  const at = (home: string): Plan => ({ ...plan(null), home });

  test('the same one each time, however busy it is', () => {
    const pool = pooled({ a: 1, b: 1, c: 1 });
    for (let call = 0; call < 10; call++) expect(takeFor(pool, at('b')).project).toBe('b');
  });

  test('another one only while that one cannot serve', async () => {
    const pool = pooled({ a: 1, b: 1 });
    takeFor(pool, at('a')).settle(quota(1_000));
    expect(takeFor(pool, at('a')).project).toBe('b');
    await clock.advance(1_000);
    expect(takeFor(pool, at('a')).project).toBe('a');
  });

  test('those that can serve are told, the one that would be chosen first', () => {
    const pool = pooled({ a: 1, b: 1, c: 1 });
    takeFor(pool, { ...plan(), home: 'a' });
    settleOf(pool, 'c', quota(1_000));
    expect(pool.usable(plan(), newCourse())).toEqual(['b', 'a']);
  });
});

describe('a request whose resources live in one project', () => {
  const pinned = (project: string): Plan => ({ ...plan(), pinned: project });

  test('goes there, however busy it is', () => {
    const pool = pooled({ a: 1, b: 1 });
    for (let call = 0; call < 5; call++) expect(takeFor(pool, pinned('a')).project).toBe('a');
  });

  test('waits for it, or is told when it is back, and never goes elsewhere', async () => {
    const pool = pooled({ a: 1, b: 1 });
    takeFor(pool, pinned('a')).settle(quota(500));
    const waiting = pool.take(pinned('a'), newCourse(), never());
    await clock.advance(500);
    expect((await waiting).project).toBe('a');
    (await waiting).settle(quota(30_000));
    const error = await refusal(pool, pinned('a'));
    expect(error).toMatchObject({ code: 'quota_exhausted', retryAfterMs: 30_000 });
  });

  test('is refused when that project has no usable key, without a word of which it is', async () => {
    const pool = pooled({ 'canary-project': 1, b: 1 });
    takeFor(pool, pinned('canary-project')).settle(failed('key', { kind: 'key_leaked', restMs: null }));
    const error = await refusal(pool, pinned('canary-project'));
    expect(error.code).toBe('resource_key_unavailable');
    expect(error.message).not.toContain('canary');
  });
});

describe('when no key can be had', () => {
  test('because all are out of quota, the refusal says when the first is back', async () => {
    const pool = pooled({ a: 1, b: 1 });
    settleOf(pool, 'a', quota(90_000));
    settleOf(pool, 'b', quota(30_500));
    expect(await refusal(pool)).toMatchObject({ code: 'quota_exhausted', status: 429, retryAfterMs: 30_500 });
    expect((await refusal(pool)).message).toContain('31 s');
  });

  test('because all are refused, the refusal says so', async () => {
    const pool = pooled({ a: 1, b: 1 });
    for (const project of ['a', 'b']) settleOf(pool, project, failed('key', { restMs: null }));
    expect(await refusal(pool)).toMatchObject({ code: 'no_usable_key', status: 503 });
    expect(pool.isUsable).toBe(false);
  });

  test('no refusal holds a key', async () => {
    const pool = pooled({ a: 1 });
    take(pool).settle(quota(60_000));
    expect(JSON.stringify(await refusal(pool))).not.toContain('canary');
    const other = pooled({ a: 1 });
    take(other).settle(failed('key', { restMs: null }));
    expect(JSON.stringify(await refusal(other))).not.toContain('canary');
  });

  test('the request waits when one is back soon', async () => {
    const pool = pooled({ a: 1 });
    take(pool).settle(quota(800));
    const waiting = pool.take(plan(), newCourse(), never());
    expect(waiting).toBeInstanceOf(Promise);
    expect(pool.waiting).toBe(1);
    await clock.advance(800);
    expect((await waiting).project).toBe('a');
    expect([pool.waiting, clock.pending]).toEqual([0, 0]);
  });

  test('a full model holds up nobody who wants another', async () => {
    const pool = pooled({ a: 1 });
    take(pool, 'flash').settle(quota(800));
    const waiting = pool.take(plan('flash'), newCourse(), never());
    expect(take(pool, 'pro').project).toBe('a');
    await clock.advance(800);
    await waiting;
  });
});

describe('a picture of the pool', () => {
  test('shows projects, keys and models with the reason and the time of their rest, and no key', async () => {
    const pool = pooled({ a: 1, b: 3 }, 2);
    const sinceMs = clock.wallNow();
    settleOf(pool, 'a', quota(60_000));
    const { key } = settleOf(pool, 'b', failed('key', { kind: 'key_leaked', restMs: null }));
    const busy = take(pool);
    const ready = { state: 'ready', reason: null, sinceMs: null, untilMs: null, endedBy: null };
    const picture = pool.snapshot();
    expect(picture).toMatchObject({ name: 'gemini', provider: 'gemini', baseUrl: 'https://g.test' });
    expect(picture.projects).toEqual([
      {
        id: 'a',
        weight: 1,
        tier: null,
        inFlight: 0,
        ...ready,
        keys: [
          { id: 'a#1', ...ready },
          { id: 'a#2', ...ready },
        ],
        cooling: [
          {
            model: 'flash',
            state: 'cooling',
            reason: 'quota_minute',
            sinceMs,
            untilMs: sinceMs + 60_000,
            endedBy: 'time',
          },
        ],
      },
      {
        id: 'b',
        weight: 3,
        tier: null,
        inFlight: 1,
        ...ready,
        keys: ['b#1', 'b#2'].map((id) =>
          id === key.id
            ? { id, state: 'disabled', reason: 'key_leaked', sinceMs, untilMs: null, endedBy: 'operator' }
            : { id, ...ready },
        ),
        cooling: [],
      },
    ]);
    expect(JSON.stringify(picture)).not.toContain('canary');
    busy.settle(null);
    await clock.advance(60_000);
    expect(pool.snapshot().projects[0]?.cooling).toEqual([]);
  });
});

test('choosing costs about the same among ten thousand projects as among ten', () => {
  const few = pooled(Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`p${at}`, 1])));
  const many = pooled(Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`p${at}`, 1])));
  const spin = (pool: KeyPool) => (): void => {
    for (let call = 0; call < 2_000; call++) take(pool).settle(null);
  };
  spin(few)();
  spin(many)();
  expect(bestOf(spin(many)) / bestOf(spin(few))).toBeLessThan(25);
});

function pooled(weights: Readonly<Record<string, number>>, keysEach = 1): KeyPool {
  const projects = Object.entries(weights).map(([id, weight]) => ({
    id,
    weight,
    keys: Array.from({ length: keysEach }, (_, at) => `canary-${id}-${at}`),
  }));
  const settings = { name: 'gemini', provider: 'gemini', baseUrl: 'https://g.test', projects };
  return new KeyPool(settings, {
    waiting: { maxEntries: 100, maxWaitMs: 1_000 },
    store: memoryStore(clock),
    clock,
    emitter,
    leaseMs: 60_000,
    random: () => 0,
  });
}

function plan(model: string | null = 'flash'): Plan {
  return {
    model,
    callerId: 'alice',
    pinned: null,
    home: null,
    stickyKey: null,
    tokens: () => 0,
    deadlineAtMs: Number.POSITIVE_INFINITY,
  };
}

function take(pool: KeyPool, model: string | null = 'flash'): Lease {
  return takeFor(pool, plan(model));
}

function takeFor(pool: KeyPool, wanted: Plan, course: Course = newCourse()): Lease {
  const lease = pool.take(wanted, course, never());
  if (lease instanceof Promise) throw new Error('no key is free');
  return lease;
}

/** Settles a call of one project with a failure; calls of others on the way go well. */
function settleOf(pool: KeyPool, project: string, failed_: Failure): Lease {
  const others: Lease[] = [];
  for (;;) {
    const lease = take(pool);
    if (lease.project !== project) {
      others.push(lease);
      continue;
    }
    lease.settle(failed_);
    for (const other of others) other.settle(null);
    return lease;
  }
}

/** Some refusals are thrown at once, those of the waiting room come as a promise. */
async function refusal(pool: KeyPool, wanted: Plan = plan()): Promise<SluiceError> {
  const error: unknown = await (async () => pool.take(wanted, newCourse(), never()))().then(
    () => expect.unreachable('a key was there'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SluiceError);
  return error as SluiceError;
}

function failed(scope: Failure['scope'], more: Partial<Failure>): Failure {
  return failure('refused', 'upstream_protocol', 'x', { scope, ...more });
}

function inFlight(pool: KeyPool): number[] {
  return pool.snapshot().projects.map((project) => project.inFlight);
}

function counted(leases: readonly Lease[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { project } of leases) counts[project] = (counts[project] ?? 0) + 1;
  return counts;
}

function expectShares(counts: Readonly<Record<string, number>>, expected: Readonly<Record<string, number>>): void {
  for (const [id, share] of Object.entries(expected)) {
    expect(counts[id]).toBeGreaterThanOrEqual(share * 0.9);
    expect(counts[id]).toBeLessThanOrEqual(share * 1.1);
  }
}

function never(): Cancellation {
  return new Cancellation();
}

function bestOf(run: () => void): number {
  const times = Array.from({ length: 5 }, () => {
    const startedAtMs = performance.now();
    run();
    return performance.now() - startedAtMs;
  });
  return Math.min(...times);
}
