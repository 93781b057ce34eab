import { type FakeClock, fakeClock } from '@sluice/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { Cancellation } from '../../src/cancellation.ts';
import { failure } from '../../src/failure.ts';
import { newCourse } from '../../src/plan/plan.ts';
import type { Lease } from '../../src/pool/lease.ts';
import type { KeyPool } from '../../src/pool/pool.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { answeringLater, aPlan, aPool, mustTake, unlimited } from './a-pool.ts';

const callers = Array.from({ length: 10 }, (_, at) => `caller-${at}`);
const waiting = { maxEntries: 1_000, maxWaitMs: 600_000 };
const minuteMs = 61_000;

let clock: FakeClock;
beforeEach(() => {
  clock = fakeClock();
});

interface Served {
  readonly callerId: string;
  readonly project: string;
  readonly atMs: number;
}

/** A hundred requests of each caller, one caller's after the other's, as greedy clients send them. */
function herdOf(pool: KeyPool, served: Served[], gone = new Cancellation()): Promise<unknown>[] {
  return callers.flatMap((callerId) =>
    Array.from({ length: 100 }, async () => {
      const lease: Lease = await pool.take(aPlan({ callerId }), newCourse(), gone);
      served.push({ callerId, project: lease.project, atMs: clock.now() });
      lease.settle(null);
    }),
  );
}

describe.each([
  ['answers at once', false],
  ['answers later', true],
])('a herd of 1,000 requests of 10 callers, by a store that %s', (_, isLater) => {
  const pooled = (): KeyPool => {
    const memory = memoryStore(clock);
    const limits = { ...unlimited, requestsPerMinute: 100 };
    const projects = [
      { id: 'a', limits },
      { id: 'b', limits },
    ];
    return aPool({ clock, store: isLater ? answeringLater(memory) : memory, projects, waiting });
  };

  test('is served minute by minute: no project passes its limit, nobody starves, and callers take turns', async () => {
    const pool = pooled();
    for (let call = 0; call < 200; call++) (await mustTake(pool)).settle(null);
    const served: Served[] = [];
    const all = herdOf(pool, served);
    await clock.advance(minuteMs - 1);
    expect([served.length, pool.waiting]).toEqual([0, 1_000]);
    for (let minute = 1; minute <= 5; minute++) {
      await clock.advance(minute === 1 ? 1 : minuteMs);
      expect(served).toHaveLength(minute * 200);
      for (const project of ['a', 'b'])
        expect(served.filter((one) => one.project === project)).toHaveLength(minute * 100);
      for (const callerId of callers)
        expect(served.filter((one) => one.callerId === callerId)).toHaveLength(minute * 20);
    }
    // Not only in the end: of any ten in a row, each is another caller's.
    for (let at = 0; at < 1_000; at += 10)
      expect(new Set(served.slice(at, at + 10).map(({ callerId }) => callerId)).size).toBe(10);
    await Promise.all(all);
    expect([pool.waiting, clock.pending]).toEqual([0, 0]);
  });

  test('fills the room: the next one is refused, and whoever hangs up leaves nothing behind', async () => {
    const pool = pooled();
    for (let call = 0; call < 200; call++) (await mustTake(pool)).settle(null);
    const gone = new Cancellation();
    const herd = herdOf(pool, [], gone).map((one) => one.catch((error: unknown) => error));
    await clock.advance(1);
    await expect(Promise.resolve(pool.take(aPlan(), newCourse(), new Cancellation()))).rejects.toMatchObject({
      code: 'overloaded',
    });
    gone.cancel(new Error('hung up'));
    await Promise.all(herd);
    expect([pool.waiting, clock.pending]).toEqual([0, 0]);
  });
});

test('a herd that waits for a project to come back is served at once when it is', async () => {
  const pool = aPool({ clock, projects: [{ id: 'a' }], waiting });
  const quota = failure('quota_minute', 'quota_exhausted', 'x', { scope: 'quota', restMs: 30_000 });
  (await mustTake(pool)).settle(quota);
  const served: Served[] = [];
  const all = herdOf(pool, served);
  await clock.advance(30_000);
  await Promise.all(all);
  expect(new Set(served.map(({ atMs }) => atMs)).size).toBe(1);
  expect(served.slice(0, 20).map(({ callerId }) => callerId)).toEqual([...callers, ...callers]);
});
