/** A limit admits exactly as many as it says, on all meters or on none, and a refusal says what helps. */

import type { Limits, Need } from '@sluice/core';
import { describe, expect, test } from 'vitest';
import { admitted, meter, need, refused, type Stage, timesAdmitted } from './stage.ts';

/** Each limit, set so that exactly five calls of ten tokens fit in. */
const fiveFit: readonly (readonly [by: keyof Limits, limits: Partial<Limits>])[] = [
  ['requestsPerMinute', { requestsPerMinute: 5 }],
  ['tokensPerMinute', { tokensPerMinute: 50 }],
  ['requestsPerDay', { requestsPerDay: 5 }],
  ['maxInFlight', { maxInFlight: 5 }],
];

export function admitsExactly(stage: Stage): void {
  describe('admission', () => {
    test.each(fiveFit)('%s admits exactly as many as it says, then tells its name', async (by, limits) => {
      const { store } = await stage.open();
      const wanted = need([meter('project', limits)], { tokens: 10 });
      expect(await timesAdmitted(store, wanted, 5)).toBe(5);
      expect(await refused(store, wanted)).toMatchObject({ by, name: 'project', reason: null });
      expect(await timesAdmitted(store, wanted, 5)).toBe(0);
    });

    test.each(fiveFit)('%s admits exactly as many of those who ask all at once', async (_by, limits) => {
      const { store } = await stage.open();
      const wanted = need([meter('project', limits)], { tokens: 10 });
      const answers = await Promise.all(Array.from({ length: 40 }, () => store.reserve(wanted)));
      expect(answers.filter(({ reservation }) => reservation !== null)).toHaveLength(5);
      expect(answers.filter(({ shortage }) => shortage !== null)).toHaveLength(35);
    });

    test('0 is no limit, and tokens without a limit are not in the way', async () => {
      const { store } = await stage.open();
      expect(await timesAdmitted(store, need([meter('project'), meter('caller')], { tokens: 1e9 }), 200)).toBe(200);
      expect(await timesAdmitted(store, need([], { tokens: 1e9 }), 10)).toBe(10);
    });

    test('every reservation has an id of its own and the scope that it was asked for', async () => {
      const { store } = await stage.open();
      const wanted = need([meter('project', { maxInFlight: 100 })], { scope: 'caller/alice' });
      const all = await Promise.all(Array.from({ length: 20 }, () => admitted(store, wanted)));
      expect(new Set(all.map(({ id }) => id)).size).toBe(20);
      expect(new Set(all.map(({ scope }) => scope))).toEqual(new Set(['caller/alice']));
    });

    describe.each(fiveFit)('a call that %s refuses', (by, limits) => {
      test.each([
        ['before', (scarce: Need['meters'], ample: Need['meters']) => [...scarce, ...ample]],
        ['after', (scarce: Need['meters'], ample: Need['meters']) => [...ample, ...scarce]],
      ])('takes nothing of the meters that it stands %s', async (_where, together) => {
        const { store } = await stage.open();
        const eightFit = { requestsPerMinute: 8, tokensPerMinute: 80, requestsPerDay: 8, maxInFlight: 8 };
        const ample = [meter('model:a', eightFit)];
        const both = need(together([meter('project', limits)], ample), { tokens: 10 });
        expect(await timesAdmitted(store, both, 30)).toBe(5);
        expect(await refused(store, both)).toMatchObject({ by, name: 'project' });
        expect(await timesAdmitted(store, need(ample, { tokens: 10 }), 30)).toBe(3);
      });
    });

    test('meters of one name in two scopes are two, and so are two names in one scope', async () => {
      const { store } = await stage.open();
      const limits = { requestsPerMinute: 2, requestsPerDay: 2, maxInFlight: 2 };
      const asked = [
        need([meter('caller', limits)], { scope: 'caller/alice' }),
        need([meter('caller', limits)], { scope: 'caller/bob' }),
        need([meter('caller2', limits)], { scope: 'caller/alice' }),
        // What is written next to each other must not run together.
        need([meter('b/c', limits)], { scope: 'a' }),
        need([meter('c', limits)], { scope: 'a/b' }),
        need([meter('C', limits)], { scope: 'a/b' }),
      ];
      for (const wanted of asked) expect(await timesAdmitted(store, wanted, 4)).toBe(2);
    });

    test('names may hold anything that a path may', async () => {
      const { store } = await stage.open();
      const names = ["model:it's", 'model:"q"', 'model:%_', 'model:{a}:*', 'model:ü 模', 'model:a\nb'];
      for (const name of names) {
        const wanted = need([meter(name, { requestsPerMinute: 2 })], { scope: `pool/${name}` });
        expect(await timesAdmitted(store, wanted, 3)).toBe(2);
        expect(await refused(store, wanted)).toMatchObject({ name });
      }
    });

    test('a limit that is lowered holds at once, and one that is raised lets more in', async () => {
      const { store } = await stage.open();
      const withLimit = (requestsPerMinute: number): Need => need([meter('project', { requestsPerMinute })]);
      expect(await timesAdmitted(store, withLimit(5), 4)).toBe(4);
      expect(await timesAdmitted(store, withLimit(3), 2)).toBe(0);
      expect(await timesAdmitted(store, withLimit(7), 9)).toBe(3);
    });

    test('of several things in the way the longest is told, whatever their order', async () => {
      const { store } = await stage.open();
      const minute = meter('minute', { requestsPerMinute: 1 });
      const day = meter('day', { requestsPerDay: 1 });
      const inFlight = meter('in flight', { maxInFlight: 1 });
      await admitted(store, need([minute, day, inFlight]));
      for (const meters of [
        [minute, day],
        [day, minute],
      ]) {
        expect(await refused(store, need(meters))).toMatchObject({ by: 'requestsPerDay', name: 'day' });
      }
      // Nobody knows how long that takes, so it counts as longest.
      for (const meters of [
        [inFlight, day],
        [day, inFlight],
      ]) {
        expect(await refused(store, need(meters))).toMatchObject({ by: 'maxInFlight', retryAfterMs: null });
      }
    });

    test.each([
      ['requestsPerMinute', { requestsPerMinute: 1 }, 61_000],
      ['tokensPerMinute', { tokensPerMinute: 10 }, 61_000],
      ['requestsPerDay', { requestsPerDay: 1 }, 25 * 3_600_000],
    ] as const)('%s tells a wait that can be true', async (_by, limits, mostMs) => {
      const { store } = await stage.open();
      const wanted = need([meter('project', limits)], { tokens: 10 });
      await admitted(store, wanted);
      const { retryAfterMs } = await refused(store, wanted);
      expect(retryAfterMs).toBeGreaterThan(0);
      expect(retryAfterMs).toBeLessThanOrEqual(mostMs + (store.isShared ? 1_000 : 0));
    });

    describe('a request that is taken back', () => {
      test('is no longer counted in the minute and the day', async () => {
        const { store } = await stage.open();
        for (const limits of [{ requestsPerMinute: 2 }, { requestsPerDay: 2 }, { tokensPerMinute: 20 }]) {
          const wanted = need([meter('project', limits)], { tokens: 10, scope: Object.keys(limits).join() });
          await admitted(store, wanted);
          await store.settle(await admitted(store, wanted), { requests: 0, tokens: 0 });
          expect(await timesAdmitted(store, wanted, 3)).toBe(1);
        }
      });

      test('on every meter where it was reserved', async () => {
        const { store } = await stage.open();
        const [one, two] = [meter('one', { requestsPerMinute: 1 }), meter('two', { requestsPerDay: 1 })];
        await store.settle(await admitted(store, need([one, two])), { requests: 0, tokens: 0 });
        expect(await timesAdmitted(store, need([one]), 2)).toBe(1);
        expect(await timesAdmitted(store, need([two]), 2)).toBe(1);
      });

      test('is counted where it is not taken back', async () => {
        const { store } = await stage.open();
        const wanted = need([meter('project', { requestsPerMinute: 2, requestsPerDay: 2 })]);
        await store.settle(await admitted(store, wanted), { requests: 1, tokens: 0 });
        expect(await timesAdmitted(store, wanted, 3)).toBe(1);
      });

      test('once: a second time changes nothing', async () => {
        const { store } = await stage.open();
        const limits = { requestsPerMinute: 3, requestsPerDay: 3, tokensPerMinute: 30 };
        const wanted = need([meter('project', limits)], { tokens: 10 });
        const [first] = [await admitted(store, wanted), await admitted(store, wanted), await admitted(store, wanted)];
        for (let time = 0; time < 3; time++) await store.settle(first, { requests: 0, tokens: 0 });
        expect(await timesAdmitted(store, wanted, 3)).toBe(1);
      });
    });
  });
}
