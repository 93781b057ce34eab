/** What is in flight: until it is settled, once, or until its lease is over. */

import { describe, expect, test } from 'vitest';
import { admitted, meter, need, refused, type Stage, timesAdmitted } from './stage.ts';

/** Short enough to wait for where time cannot be moved. */
const shortMs = 80;

export function countsInFlight(stage: Stage): void {
  describe('in flight', () => {
    const wanted = need([meter('project', { maxInFlight: 3 })]);
    const done = { requests: 1, tokens: 0 } as const;

    test('what is settled makes room for one', async () => {
      const { store } = await stage.open();
      const first = await admitted(store, wanted);
      expect(await timesAdmitted(store, wanted, 5)).toBe(2);
      await store.settle(first, done);
      expect(await timesAdmitted(store, wanted, 5)).toBe(1);
    });

    test('nobody can tell for how long it is full', async () => {
      const { store } = await stage.open();
      expect(await timesAdmitted(store, wanted, 3)).toBe(3);
      const shortage = { by: 'maxInFlight', name: 'project', retryAfterMs: null, reason: null };
      expect(await refused(store, wanted)).toEqual(shortage);
    });

    test('settling twice makes room for one', async () => {
      const { store } = await stage.open();
      const first = await admitted(store, wanted);
      expect(await timesAdmitted(store, wanted, 5)).toBe(2);
      for (let time = 0; time < 3; time++) await store.settle(first, done);
      expect(await timesAdmitted(store, wanted, 5)).toBe(1);
    });

    test('settling twice at once makes room for one', async () => {
      const { store } = await stage.open();
      const first = await admitted(store, wanted);
      expect(await timesAdmitted(store, wanted, 5)).toBe(2);
      await Promise.all([store.settle(first, done), store.settle(first, done), store.settle(first, done)]);
      expect(await timesAdmitted(store, wanted, 5)).toBe(1);
    });

    test('a reservation that nobody made changes nothing', async () => {
      const { store } = await stage.open();
      expect(await timesAdmitted(store, wanted, 5)).toBe(3);
      await store.settle({ id: 'of-nobody', scope: wanted.scope }, { requests: 0, tokens: 0 });
      expect(await timesAdmitted(store, wanted, 5)).toBe(0);
    });

    test('settling on one meter settles on all', async () => {
      const { store } = await stage.open();
      const [one, two] = [meter('one', { maxInFlight: 1 }), meter('two', { maxInFlight: 1 })];
      await store.settle(await admitted(store, need([one, two])), done);
      expect(await timesAdmitted(store, need([one]), 2)).toBe(1);
      expect(await timesAdmitted(store, need([two]), 2)).toBe(1);
    });

    test('a lease that is over makes room, one that is not does not', async () => {
      const { store, pass } = await stage.open();
      await admitted(store, { ...wanted, leaseMs: shortMs });
      await admitted(store, { ...wanted, leaseMs: 60_000 });
      await admitted(store, { ...wanted, leaseMs: shortMs });
      await pass(shortMs);
      expect(await timesAdmitted(store, wanted, 5)).toBe(2);
    });

    test('settling after the lease is over makes no more room', async () => {
      const { store, pass } = await stage.open();
      const late = [1, 2, 3].map(() => admitted(store, { ...wanted, leaseMs: shortMs }));
      const reservations = await Promise.all(late);
      await pass(shortMs);
      expect(await timesAdmitted(store, wanted, 5)).toBe(3);
      for (const reservation of reservations) await store.settle(reservation, done);
      expect(await timesAdmitted(store, wanted, 5)).toBe(0);
    });

    test.skipIf(stage.subject.ownsTime)('a lease counts to its last ms', async () => {
      const { store, pass } = await stage.open();
      expect(await timesAdmitted(store, { ...wanted, leaseMs: 30_000 }, 3)).toBe(3);
      await pass(30_000 - 1);
      expect(await timesAdmitted(store, wanted, 5)).toBe(0);
      await pass(1);
      expect(await timesAdmitted(store, wanted, 5)).toBe(3);
    });

    test('a thousand that come and go leave nothing behind', async () => {
      const { store } = await stage.open();
      for (let call = 0; call < 1_000; call++) await store.settle(await admitted(store, wanted), done);
      expect(await timesAdmitted(store, wanted, 5)).toBe(3);
    });
  });
}
