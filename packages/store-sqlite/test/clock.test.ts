/** The wall clock may jump, by an hour or a day, and limits stay limits. */

import { type Clock, type Need, type Reservation, type Store, systemClock } from '@sluice/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sqliteStore } from '../src/index.ts';
import { newPath } from './folder.ts';

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];
const noon = Date.UTC(2026, 10, 21, 20);
const scope = 'pool/gemini/main';
const noLimits = { requestsPerMinute: 0, tokensPerMinute: 0, requestsPerDay: 0, maxInFlight: 0 };

let wallMs: number;
let store: Store;
const clock: Clock = { ...systemClock, wallNow: () => wallMs };
beforeEach(() => {
  wallMs = noon;
  store = sqliteStore({ path: newPath(), clock });
});
afterEach(() => store.close());

function needOf(limits: Partial<Need['meters'][number]['limits']>, more: Partial<Need> = {}): Need {
  const meters = [{ name: 'project', limits: { ...noLimits, ...limits } }];
  return { scope, meters, subjects: [], tokens: 0, leaseMs: minuteMs, ...more };
}

async function timesAdmitted(need: Need, asks: number): Promise<number> {
  let count = 0;
  for (let ask = 0; ask < asks; ask++) if ((await store.reserve(need)).reservation !== null) count++;
  return count;
}

async function waitOf(need: Need): Promise<number | null | undefined> {
  return (await store.reserve(need)).shortage?.retryAfterMs;
}

describe.each([
  ['requestsPerMinute', { requestsPerMinute: 5 }],
  ['tokensPerMinute', { tokensPerMinute: 50 }],
])('the minute (%s)', (_by, limits) => {
  const need = needOf(limits, { tokens: 10 });

  test.each([1_000, 30_000, hourMs, dayMs, 400 * dayMs])(
    'back by %i ms: nobody gets the limit again, and nobody waits longer than a minute',
    async (backMs) => {
      expect(await timesAdmitted(need, 9)).toBe(5);
      wallMs -= backMs;
      for (let second = 0; second < 3; second++) {
        expect(await timesAdmitted(need, 9)).toBe(0);
        wallMs += 1_000;
      }
      const waitMs = await waitOf(need);
      expect(waitMs).toBeLessThanOrEqual(61_000);
      wallMs += waitMs ?? 0;
      expect(await timesAdmitted(need, 9)).toBe(5);
    },
  );

  test.each([hourMs, dayMs])('forward by %i ms and back, again and again: once for each jump at most', async (byMs) => {
    let count = await timesAdmitted(need, 9);
    for (let jump = 0; jump < 10; jump++) {
      wallMs += byMs;
      count += await timesAdmitted(need, 9);
      wallMs -= byMs;
      count += await timesAdmitted(need, 9);
    }
    expect(count).toBeLessThanOrEqual(5 * 11);
  });
});

test('whatever steps back the clock takes: never more than the limit in a minute of true time', async () => {
  const step = fc.record({
    passedMs: fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 40_000 })),
    backMs: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      fc.integer({ min: 1, max: 90_000 }),
      fc.integer({ min: 1, max: dayMs }),
    ),
  });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const need = needOf({ requestsPerMinute: 4 }, { scope: `run/${++run}` });
      const admittedAtMs: number[] = [];
      let trueMs = 0;
      wallMs = noon;
      for (const { passedMs, backMs } of steps) {
        trueMs += passedMs;
        wallMs += passedMs - backMs;
        const { reservation, shortage } = await store.reserve(need);
        if (reservation !== null) admittedAtMs.push(trueMs);
        else expect(shortage.retryAfterMs).toBeLessThanOrEqual(61_000);
        const recent = admittedAtMs.filter((atMs) => atMs > trueMs - minuteMs);
        expect(recent.length).toBeLessThanOrEqual(4);
      }
    }),
    { numRuns: 100 },
  );
});

describe('the day', () => {
  const need = needOf({ requestsPerDay: 3 });

  test.each([hourMs, dayMs, 10 * dayMs])(
    'back by %i ms: nobody gets it again, and it ends within 26 hours',
    async (backMs) => {
      expect(await timesAdmitted(need, 5)).toBe(3);
      wallMs -= backMs;
      expect(await timesAdmitted(need, 5)).toBe(0);
      const waitMs = (await waitOf(need)) as number;
      expect(waitMs).toBeLessThanOrEqual(26 * hourMs);
      wallMs += waitMs;
      expect(await timesAdmitted(need, 5)).toBe(3);
    },
  );

  test('forward by a day and back: what was used on the wrong day is not there once more', async () => {
    wallMs += dayMs;
    expect(await timesAdmitted(need, 5)).toBe(3);
    wallMs -= dayMs;
    expect(await timesAdmitted(need, 5)).toBe(0);
    expect(await waitOf(need)).toBeLessThanOrEqual(12 * hourMs);
  });

  test('a step back over midnight does not end the day twice', async () => {
    wallMs = Date.parse('2026-11-21T23:59:59.500-08:00');
    expect(await timesAdmitted(need, 5)).toBe(3);
    wallMs += 1_000;
    expect(await timesAdmitted(need, 5)).toBe(3);
    for (let jump = 0; jump < 5; jump++) {
      wallMs -= 1_000;
      expect(await timesAdmitted(need, 5)).toBe(0);
      wallMs += 1_000;
      expect(await timesAdmitted(need, 5)).toBe(0);
    }
  });
});

describe('a rest', () => {
  const need = needOf({}, { subjects: ['project'] });
  const cool = (lengthMs: number, reason = 'quota_minute') =>
    store.cool({ scope, subject: 'project', reason, sinceMs: wallMs, untilMs: wallMs + lengthMs });

  test.each([hourMs, dayMs])('back by %i ms: it lasts no longer than its own length from now', async (backMs) => {
    await cool(minuteMs);
    wallMs -= backMs;
    expect(await waitOf(need)).toBe(minuteMs);
    wallMs += minuteMs - 1;
    expect(await waitOf(need)).toBe(1);
    wallMs += 1;
    expect(await waitOf(need)).toBeUndefined();
  });

  test('it is listed as it is now, and a longer one from before the jump is still the longer one', async () => {
    await cool(hourMs, 'long');
    wallMs -= dayMs;
    expect(await store.rests()).toEqual([
      { scope, subject: 'project', reason: 'long', sinceMs: wallMs, untilMs: wallMs + hourMs },
    ]);
    await cool(minuteMs, 'short');
    expect(await store.rests()).toMatchObject([{ reason: 'long' }]);
  });

  test('a short one from before a jump back does not outlast a longer one of now', async () => {
    await cool(minuteMs, 'short');
    wallMs -= dayMs;
    await cool(hourMs, 'long');
    expect(await store.rests()).toMatchObject([{ reason: 'long', untilMs: wallMs + hourMs }]);
  });

  test('one without an end has none, however the clock jumps', async () => {
    await store.cool({ scope, subject: 'project', reason: 'key_invalid', sinceMs: wallMs, untilMs: null });
    for (const byMs of [-dayMs, 2 * dayMs, -dayMs]) {
      wallMs += byMs;
      expect(await waitOf(need)).toBeNull();
    }
  });
});

test('a lease that began before a jump back ends after its own length', async () => {
  const need = needOf({ maxInFlight: 2 });
  expect(await timesAdmitted(need, 3)).toBe(2);
  wallMs -= dayMs;
  expect(await timesAdmitted(need, 3)).toBe(0);
  wallMs += minuteMs;
  expect(await timesAdmitted(need, 3)).toBe(2);
});

test('a jump of a day forward forgets nothing that is there when the clock is right again', async () => {
  const thing = { name: 'files/1', project: 'main', caller: 'alice', untilMs: wallMs + hourMs };
  await store.own([thing]);
  await store.claim('caller/alice', 'main', hourMs);
  wallMs += dayMs;
  await timesAdmitted(needOf({ requestsPerMinute: 1 }), 2);
  expect(await store.find(['files/1'])).toEqual([null]);
  wallMs -= dayMs;
  expect(await store.find(['files/1'])).toEqual([thing]);
  expect(await store.claim('caller/alice', 'other', hourMs)).toBe('main');
});

test('what is long out of date is swept, what is in use is not', async () => {
  const used = needOf({ requestsPerMinute: 5, maxInFlight: 1 }, { scope: 'used', leaseMs: 30 * dayMs });
  const held = (await store.reserve(used)).reservation as Reservation;
  for (let second = 0; second < 3; second++) {
    await store.reserve(needOf({ requestsPerMinute: 5 }, { scope: 'idle' }));
    wallMs += 1_000;
  }
  await store.own([{ name: 'files/1', project: 'main', caller: null, untilMs: wallMs + minuteMs }]);
  await store.own([{ name: 'files/2', project: 'main', caller: null, untilMs: null }]);
  wallMs += 10 * dayMs;
  expect(await timesAdmitted(used, 1)).toBe(0);
  await store.settle(held, { requests: 1, tokens: 0 });
  expect(await timesAdmitted(used, 2)).toBe(1);
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(store.name.replace('sqlite ', ''), { readOnly: true });
  const list = (sql: string): unknown[] =>
    database
      .prepare(sql)
      .all()
      .map((row) => Object.values(row)[0]);
  expect(list('SELECT scope FROM meters')).toEqual(['used']);
  expect(list('SELECT name FROM owned')).toEqual(['files/2']);
  expect(list('SELECT count(*) FROM windows')).toEqual([0]);
  database.close();
});
