/** A day ends at midnight in Los Angeles, however long it is. */

import { describe, expect, test } from 'vitest';
import { expectTrueWait } from './minutes.ts';
import { admitted, meter, need, refused, type Stage, timesAdmitted } from './stage.ts';

const hourMs = 3_600_000;
const days: readonly (readonly [what: string, startsAt: string, lengthMs: number])[] = [
  ['an ordinary day', '2026-07-15T00:00:00-07:00', 24 * hourMs],
  ['a day of 23 hours', '2027-03-14T00:00:00-08:00', 23 * hourMs],
  ['a day of 25 hours', '2026-11-01T00:00:00-07:00', 25 * hourMs],
  ['a leap day', '2028-02-29T00:00:00-08:00', 24 * hourMs],
  ['the last day of a year', '2026-12-31T00:00:00-08:00', 24 * hourMs],
];

export function countsDays(stage: Stage): void {
  describe.skipIf(stage.subject.ownsTime)('the day', () => {
    const wanted = need([meter('project', { requestsPerDay: 3 })]);

    test.each(days)('%s is counted from midnight to midnight in Los Angeles', async (_what, startsAt, lengthMs) => {
      const { store, pass } = await stage.open(Date.parse(startsAt));
      await admitted(store, wanted);
      await pass(lengthMs / 2);
      expect(await timesAdmitted(store, wanted, 5)).toBe(2);
      await pass(lengthMs / 2 - 1);
      expect(await timesAdmitted(store, wanted, 5)).toBe(0);
      expect((await refused(store, wanted)).retryAfterMs).toBeLessThanOrEqual(store.isShared ? 1_001 : 1);
      await pass(1);
      expect(await timesAdmitted(store, wanted, 5)).toBe(3);
      await pass(22 * hourMs);
      expect(await timesAdmitted(store, wanted, 5)).toBe(0);
    });

    test.each(days)('%s: the wait that is told ends at midnight', async (_what, startsAt, lengthMs) => {
      const { store, clock, pass } = await stage.open(Date.parse(startsAt));
      await pass(90 * 60_000 + 123);
      expect(await timesAdmitted(store, wanted, 3)).toBe(3);
      await expectTrueWait({ store, pass }, () => refused(store, wanted));
      const lateMs = clock.wallNow() - Date.parse(startsAt) - lengthMs;
      expect(lateMs).toBeGreaterThanOrEqual(0);
      expect(lateMs).toBeLessThanOrEqual(store.isShared ? 1_000 : 0);
      expect(await timesAdmitted(store, wanted, 5)).toBe(3);
    });

    test('a request of yesterday that is taken back today gives today nothing', async () => {
      const { store, pass } = await stage.open(Date.parse('2026-07-15T23:59:00-07:00'));
      const yesterday = await admitted(store, wanted);
      await pass(2 * 60_000);
      expect(await timesAdmitted(store, wanted, 3)).toBe(3);
      await store.settle(yesterday, { requests: 0, tokens: 0 });
      expect(await timesAdmitted(store, wanted, 1)).toBe(0);
    });

    test('a day is over even where nothing was asked for in several', async () => {
      const { store, pass } = await stage.open();
      expect(await timesAdmitted(store, wanted, 5)).toBe(3);
      await pass(10 * 24 * hourMs);
      expect(await timesAdmitted(store, wanted, 5)).toBe(3);
    });
  });
}
