/** What is in flight: until it is settled, once, or until its lease is over. */

import type { Reservation } from '@sluice/core';
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

    test('a lease that is renewed begins anew, on every meter and in every scope', async () => {
      const { store, pass } = await stage.open();
      const [one, two] = [meter('one', { maxInFlight: 2 }), meter('two', { maxInFlight: 2 })];
      const elsewhere = need([one], { scope: 'caller/alice', leaseMs: shortMs });
      const kept = [await admitted(store, need([one, two], { leaseMs: shortMs })), await admitted(store, elsewhere)];
      await admitted(store, need([one, two], { leaseMs: shortMs }));
      await store.renew(kept, 60_000);
      await pass(shortMs);
      expect(await timesAdmitted(store, need([one]), 5)).toBe(1);
      expect(await timesAdmitted(store, need([two]), 5)).toBe(1);
      expect(await timesAdmitted(store, elsewhere, 5)).toBe(1);
    });

    test.skipIf(stage.subject.ownsTime)(
      'a renewed lease counts to its last ms, however often it was renewed',
      async () => {
        const { store, pass } = await stage.open();
        const reservation = await admitted(store, { ...wanted, leaseMs: 180_000 });
        for (let minute = 0; minute < 240; minute++) {
          await pass(60_000);
          await store.renew([reservation], 180_000);
        }
        expect(await timesAdmitted(store, { ...wanted, leaseMs: 86_400_000 }, 5)).toBe(2);
        await pass(180_000 - 1);
        expect(await timesAdmitted(store, wanted, 5)).toBe(0);
        await pass(1);
        expect(await timesAdmitted(store, wanted, 5)).toBe(1);
      },
    );

    test('a place that was counted out is taken again by whoever renews it late, also where all are taken', async () => {
      const { store, pass } = await stage.open();
      const late = await admitted(store, { ...wanted, leaseMs: shortMs });
      await pass(shortMs);
      const others = [1, 2, 3].map(() => admitted(store, wanted));
      const [first, second] = await Promise.all(others);
      await store.renew([late], 60_000);
      await store.settle(first as Reservation, done);
      expect(await timesAdmitted(store, wanted, 5)).toBe(0);
      await store.settle(second as Reservation, done);
      expect(await timesAdmitted(store, wanted, 5)).toBe(1);
      await store.settle(late, done);
      expect(await timesAdmitted(store, wanted, 5)).toBe(1);
    });

    test('what was settled is not renewed, nor is what nobody made', async () => {
      const { store } = await stage.open();
      const over = await admitted(store, wanted);
      await store.settle(over, done);
      await store.renew([over, { id: 'of-nobody', scope: wanted.scope }], 60_000);
      await store.renew([], 60_000);
      expect(await timesAdmitted(store, wanted, 5)).toBe(3);
    });

    test('what is renewed is settled as ever: its tokens take the place of the estimate', async () => {
      const { store } = await stage.open();
      const byTokens = need([meter('project', { tokensPerMinute: 100, maxInFlight: 3 })], { tokens: 60 });
      const reservation = await admitted(store, byTokens);
      await store.renew([reservation], 60_000);
      expect(await timesAdmitted(store, byTokens, 1)).toBe(0);
      await store.settle(reservation, { requests: 1, tokens: 40 });
      expect(await timesAdmitted(store, byTokens, 2)).toBe(1);
    });

    test('what is not counted by its number at once has nothing to renew', async () => {
      const { store } = await stage.open();
      const meters = [meter('free'), meter('by the minute', { requestsPerMinute: 5 })];
      for (const one of meters) await store.renew([await admitted(store, need([one]))], 60_000);
      await store.renew([await admitted(store, need([]))], 60_000);
      expect(await timesAdmitted(store, wanted, 5)).toBe(3);
    });

    test('a thousand that come and go leave nothing behind', async () => {
      const { store } = await stage.open();
      for (let call = 0; call < 1_000; call++) await store.settle(await admitted(store, wanted), done);
      expect(await timesAdmitted(store, wanted, 5)).toBe(3);
    });
  });
}
