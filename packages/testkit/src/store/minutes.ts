/** The minute slides: never more than the limit in any 60 s, and nobody waits longer than a minute and a second. */

import type { Reservation, Store } from '@sluice/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { admitted, meter, need, type Opened, refused, type Stage, timesAdmitted } from './stage.ts';

const minuteMs = 60_000;
/** A use counts to the end of its second, and a store that others share may be a second late. */
const countsForMs = ({ isShared }: Store): number => minuteMs + (isShared ? 2_000 : 1_000);

export function countsMinutes(stage: Stage): void {
  tokens(stage);

  describe.skipIf(stage.subject.ownsTime)('the minute', () => {
    test('a limit used up in an instant is there again after a minute, all of it', async () => {
      const { store, pass } = await stage.open();
      const wanted = need([meter('project', { requestsPerMinute: 5 })]);
      expect(await timesAdmitted(store, wanted, 9)).toBe(5);
      await pass(minuteMs - 1);
      expect(await timesAdmitted(store, wanted, 9)).toBe(0);
      await pass(countsForMs(store) - minuteMs + 1);
      expect(await timesAdmitted(store, wanted, 9)).toBe(5);
    });

    test('around the turn of a minute no more are admitted than at any other time', async () => {
      const { store, pass } = await stage.open(Date.UTC(2026, 10, 21, 12, 0, 59));
      const wanted = need([meter('project', { requestsPerMinute: 5 })]);
      expect(await timesAdmitted(store, wanted, 9)).toBe(5);
      await pass(1_000);
      expect(await timesAdmitted(store, wanted, 9)).toBe(0);
    });

    test('what was used bit by bit comes back bit by bit', async () => {
      const { store, pass } = await stage.open();
      const wanted = need([meter('project', { requestsPerMinute: 3 })]);
      for (let use = 0; use < 3; use++) {
        await admitted(store, wanted);
        await pass(10_000);
      }
      await pass(countsForMs(store) - 30_000);
      for (let use = 0; use < 3; use++) {
        expect(await timesAdmitted(store, wanted, 3)).toBe(1);
        await pass(10_000);
      }
    });

    test.each([
      ['requestsPerMinute', { requestsPerMinute: 3 }, 0],
      ['requestsPerMinute', { requestsPerMinute: 3 }, 999],
      ['tokensPerMinute', { tokensPerMinute: 30 }, 0],
      ['tokensPerMinute', { tokensPerMinute: 30 }, 321],
    ] as const)('the wait that %s tells is true to the ms (%j, %i ms into a second)', async (_by, limits, intoMs) => {
      const { store, pass } = await stage.open();
      await pass(intoMs);
      const wanted = need([meter('project', limits)], { tokens: 10 });
      await admitted(store, wanted);
      await pass(7_777);
      expect(await timesAdmitted(store, wanted, 2)).toBe(2);
      await expectTrueWait({ store, pass }, () => refused(store, wanted));
      expect(await timesAdmitted(store, wanted, 3)).toBe(1);
    });

    test('the wait for many tokens goes on until enough of them are free', async () => {
      const { store, pass } = await stage.open();
      const take = (count: number) => need([meter('project', { tokensPerMinute: 100 })], { tokens: count });
      await admitted(store, take(50));
      await pass(20_000);
      await admitted(store, take(50));
      const { retryAfterMs: forFew } = await refused(store, take(10));
      await expectTrueWait({ store, pass }, () => refused(store, take(80)));
      expect(forFew).toBeLessThan(minuteMs - 18_000);
      await admitted(store, take(80));
    });

    test('random calls at random times: no 60 s with more than the limit, and nobody refused without a cause', async () => {
      const { store, clock, pass } = await stage.open();
      let run = 0;
      await fc.assert(
        fc.asyncProperty(limits, fc.array(step, { minLength: 10, maxLength: 50 }), async (limit, steps) => {
          const project = meter('project', limit);
          const counted: Counted[] = [];
          run++;
          for (const { gapMs, tokens: wantedTokens, settledTo, isTakenBack, waitsItsTurn } of steps) {
            await pass(gapMs);
            const wanted = need([project], { tokens: wantedTokens, scope: `run/${run}` });
            const asked = Math.min(wantedTokens, limit.tokensPerMinute);
            let { reservation, shortage } = await store.reserve(wanted);
            if (shortage !== null) {
              const sums = since(counted, clock.wallNow() - countsForMs(store));
              const isDue = sums.requests + 1 > limit.requestsPerMinute || sums.tokens + asked > limit.tokensPerMinute;
              expect(isDue).toBe(true);
              if (!waitsItsTurn) continue;
              await pass(shortage.retryAfterMs as number);
              reservation = await admitted(store, wanted);
            }
            const atMs = clock.wallNow();
            const sums = since(counted, atMs - minuteMs);
            expect(sums.requests + 1).toBeLessThanOrEqual(limit.requestsPerMinute);
            expect(sums.tokens + asked).toBeLessThanOrEqual(limit.tokensPerMinute);
            const one: Counted = { atMs, requests: 1, tokens: asked, reservation: reservation as Reservation };
            counted.push(one);
            if (settledTo === null) continue;
            one.requests = isTakenBack ? 0 : 1;
            one.tokens = Math.min(settledTo, limit.tokensPerMinute);
            await store.settle(one.reservation, { requests: one.requests, tokens: one.tokens });
          }
        }),
        { numRuns: 100 },
      );
    }, 60_000);
  });
}

function tokens(stage: Stage): void {
  describe('tokens', () => {
    const take = (count: number, scope = 'pool/gemini/main') =>
      need([meter('project', { tokensPerMinute: 1_000 })], { tokens: count, scope });

    test('are admitted to the last one', async () => {
      const { store } = await stage.open();
      expect(await timesAdmitted(store, take(300), 9)).toBe(3);
      expect(await timesAdmitted(store, take(101), 1)).toBe(0);
      expect(await timesAdmitted(store, take(100), 2)).toBe(1);
      expect(await timesAdmitted(store, take(1), 1)).toBe(0);
      expect(await timesAdmitted(store, take(0), 1)).toBe(1);
    });

    test('used take the place of those reserved, fewer or more', async () => {
      const { store } = await stage.open();
      await store.settle(await admitted(store, take(600)), { requests: 1, tokens: 100 });
      expect(await timesAdmitted(store, take(901), 1)).toBe(0);
      await store.settle(await admitted(store, take(100)), { requests: 1, tokens: 700 });
      expect(await timesAdmitted(store, take(201), 1)).toBe(0);
      expect(await timesAdmitted(store, take(200), 2)).toBe(1);
    });

    test('of a call that needs more than a minute has are clamped: it is let through once nothing else is', async () => {
      const { store } = await stage.open();
      await admitted(store, take(5_000, 'alone'));
      expect(await timesAdmitted(store, take(1, 'alone'), 1)).toBe(0);
      await admitted(store, take(1, 'busy'));
      expect(await refused(store, take(5_000, 'busy'))).toMatchObject({ by: 'tokensPerMinute' });
    });

    test('settled to more than a minute has do no harm for longer than a minute', async () => {
      const { store } = await stage.open();
      await store.settle(await admitted(store, take(10)), { requests: 1, tokens: 50_000 });
      const { retryAfterMs } = await refused(store, take(10));
      expect(retryAfterMs).toBeLessThanOrEqual(countsForMs(store));
    });

    test('of a limit on one meter are not counted by another', async () => {
      const { store } = await stage.open();
      const meters = [meter('project', { tokensPerMinute: 1_000 }), meter('model:a', { requestsPerMinute: 3 })];
      expect(await timesAdmitted(store, need(meters, { tokens: 100 }), 9)).toBe(3);
      expect(await timesAdmitted(store, take(100), 9)).toBe(7);
    });

    test.skipIf(stage.subject.ownsTime)('are corrected in the minute in which they were reserved', async () => {
      const { store, pass } = await stage.open();
      const early = await admitted(store, take(400));
      await pass(50_000);
      const late = await admitted(store, take(500));
      await store.settle(early, { requests: 1, tokens: 100 });
      expect(await timesAdmitted(store, take(401), 1)).toBe(0);
      await admitted(store, take(400));
      // The first has left the minute; the two others have not.
      await pass(countsForMs(store) - 50_000);
      expect(await timesAdmitted(store, take(101), 1)).toBe(0);
      await store.settle(late, { requests: 1, tokens: 600 });
      expect(await timesAdmitted(store, take(1), 1)).toBe(0);
    });

    test.skipIf(stage.subject.ownsTime)('settled after their minute change nothing any more', async () => {
      const { store, pass } = await stage.open();
      const [small, large] = [await admitted(store, take(100)), await admitted(store, take(900))];
      await pass(countsForMs(store));
      await admitted(store, take(500));
      await store.settle(small, { requests: 1, tokens: 1_000 });
      expect(await timesAdmitted(store, take(400), 1)).toBe(1);
      await store.settle(large, { requests: 0, tokens: 0 });
      expect(await timesAdmitted(store, take(101), 1)).toBe(0);
      expect(await timesAdmitted(store, take(100), 2)).toBe(1);
    });
  });
}

/** Whoever comes back at the told moment is admitted; whoever comes 1 ms before (1 s, if others share it) is not. */
export async function expectTrueWait(
  { store, pass }: Pick<Opened, 'store' | 'pass'>,
  ask: () => Promise<{ readonly retryAfterMs: number | null }>,
): Promise<void> {
  const { retryAfterMs } = await ask();
  const earlyMs = store.isShared ? 1_001 : 1;
  await pass((retryAfterMs as number) - earlyMs);
  await ask();
  await pass(earlyMs);
}

interface Counted {
  readonly atMs: number;
  requests: 0 | 1;
  tokens: number;
  readonly reservation: Reservation;
}

function since(counted: readonly Counted[], afterMs: number): { requests: number; tokens: number } {
  const sums = { requests: 0, tokens: 0 };
  for (const one of counted) {
    if (one.atMs <= afterMs) continue;
    sums.requests += one.requests;
    sums.tokens += one.tokens;
  }
  return sums;
}

const limits = fc.record({
  requestsPerMinute: fc.integer({ min: 1, max: 8 }),
  tokensPerMinute: fc.integer({ min: 100, max: 2_000 }),
});
const step = fc.record({
  gapMs: fc.oneof(
    fc.integer({ min: 0, max: 900 }),
    fc.integer({ min: 0, max: 15_000 }),
    fc.integer({ min: 58_000, max: 63_000 }),
    fc.constantFrom(0, 1, 999, 1_000, 59_999, 60_000, 61_000),
  ),
  tokens: fc.integer({ min: 0, max: 600 }),
  /** Null: it is still under way when the run ends. */
  settledTo: fc.option(fc.integer({ min: 0, max: 800 })),
  isTakenBack: fc.boolean(),
  waitsItsTurn: fc.boolean(),
});
