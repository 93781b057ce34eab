/** What outlives a store: all that was written, for those who open it beside or after. */

import type { Limits } from '@sluice/core';
import { describe, expect, test } from 'vitest';
import { admitted, meter, need, refused, type Stage, timesAdmitted } from './stage.ts';

const scope = 'pool/gemini/main';
const shortMs = 80;
const sixFit: readonly (readonly [by: keyof Limits, limits: Partial<Limits>])[] = [
  ['requestsPerMinute', { requestsPerMinute: 6 }],
  ['tokensPerMinute', { tokensPerMinute: 60 }],
  ['requestsPerDay', { requestsPerDay: 6 }],
  ['maxInFlight', { maxInFlight: 6 }],
];

export function survives(stage: Stage): void {
  describe.skipIf(stage.subject.reopen === undefined)('opened again', () => {
    test('rests, owners, claims and the record are all there', async () => {
      const opened = await stage.open();
      const sinceMs = opened.clock.wallNow();
      const rests = [
        { scope, subject: 'key:k', reason: 'key_invalid', sinceMs, untilMs: null },
        { scope, subject: 'project', reason: 'quota_day', sinceMs, untilMs: sinceMs + 3_600_000 },
      ];
      const thing = { name: 'files/1', project: 'main', caller: 'alice', untilMs: sinceMs + 3_600_000 };
      const entry = { atMs: sinceMs, scope, subject: 'key:k', what: 'disabled', why: 'key_invalid' };
      for (const rest of rests) await opened.store.cool(rest);
      await opened.store.own([thing]);
      await opened.store.claim('caller/alice', 'main', 3_600_000);
      await opened.store.append(entry);
      await opened.store.close();

      const { store } = await stage.reopen(opened);
      expect([...(await store.rests())].sort((a, b) => (a.subject < b.subject ? -1 : 1))).toEqual(rests);
      expect(await store.find(['files/1'])).toEqual([thing]);
      expect(await store.claim('caller/alice', 'other', 3_600_000)).toBe('main');
      expect(await store.entries(10)).toEqual([entry]);
    });

    test('what was ended stays ended', async () => {
      const opened = await stage.open();
      const sinceMs = opened.clock.wallNow();
      await opened.store.cool({ scope, subject: 'key:k', reason: 'key_invalid', sinceMs, untilMs: null });
      await opened.store.own([{ name: 'files/1', project: 'main', caller: 'alice', untilMs: null }]);
      await opened.store.wake(scope, 'key:k');
      await opened.store.disown('files/1');
      await opened.store.close();
      const { store } = await stage.reopen(opened);
      expect(await store.rests()).toEqual([]);
      expect(await store.find(['files/1'])).toEqual([null]);
    });

    test.each(sixFit)('%s goes on where it was', async (_by, limits) => {
      const opened = await stage.open();
      const wanted = need([meter('project', limits)], { tokens: 10 });
      expect(await timesAdmitted(opened.store, wanted, 4)).toBe(4);
      await opened.store.close();
      const { store } = await stage.reopen(opened);
      expect(await timesAdmitted(store, wanted, 9)).toBe(2);
    });

    test.each(sixFit)('%s is counted once for all who have it open', async (_by, limits) => {
      const one = await stage.open();
      const two = await stage.reopen(one);
      const wanted = need([meter('project', limits)], { tokens: 10 });
      let count = 0;
      for (let ask = 0; ask < 10; ask++) {
        for (const { store } of [one, two]) count += await timesAdmitted(store, wanted, 1);
      }
      expect(count).toBe(6);
    });

    test('what one settles makes room for the other', async () => {
      const one = await stage.open();
      const two = await stage.reopen(one);
      const limits = { requestsPerMinute: 3, tokensPerMinute: 30, requestsPerDay: 3, maxInFlight: 3 };
      const wanted = need([meter('project', limits)], { tokens: 10 });
      const first = await admitted(one.store, wanted);
      expect(await timesAdmitted(two.store, wanted, 5)).toBe(2);
      await one.store.settle(first, { requests: 0, tokens: 0 });
      expect(await timesAdmitted(two.store, wanted, 5)).toBe(1);
      expect(await timesAdmitted(one.store, wanted, 5)).toBe(0);
    });

    test('what one puts to rest or wakes, the other sees at once', async () => {
      const one = await stage.open();
      const two = await stage.reopen(one);
      const sinceMs = one.clock.wallNow();
      const wanted = need([meter('project', { requestsPerMinute: 9 })], { subjects: ['project'] });
      await admitted(two.store, wanted);
      await one.store.cool({ scope, subject: 'project', reason: 'quota_day', sinceMs, untilMs: null });
      expect(await refused(two.store, wanted)).toMatchObject({ by: 'rest', reason: 'quota_day' });
      await two.store.wake(scope, 'project');
      await admitted(one.store, wanted);
    });

    test('where nothing is counted, what one puts to rest or wakes the other sees within 50 ms', async () => {
      const one = await stage.open();
      const two = await stage.reopen(one);
      const sinceMs = one.clock.wallNow();
      const wanted = need([], { subjects: ['project'] });
      await admitted(one.store, wanted);
      await admitted(two.store, wanted);
      await one.store.cool({ scope, subject: 'project', reason: 'quota_day', sinceMs, untilMs: null });
      expect(await refused(one.store, wanted)).toMatchObject({ by: 'rest', reason: 'quota_day' });
      await two.pass(50);
      expect(await refused(two.store, wanted)).toMatchObject({ by: 'rest', reason: 'quota_day' });
      await two.store.wake(scope, 'project');
      await admitted(two.store, wanted);
      await one.pass(50);
      await admitted(one.store, wanted);
    });

    test('what one makes or gives up, the other sees at once, and nobody takes it from the maker', async () => {
      const one = await stage.open();
      const two = await stage.reopen(one);
      const thing = { name: 'files/1', project: 'main', caller: 'alice', untilMs: null };
      await one.store.own([thing]);
      await two.store.own([{ ...thing, caller: 'bob' }]);
      expect(await two.store.find(['files/1'])).toEqual([thing]);
      await two.store.disown('files/1');
      expect(await one.store.find(['files/1'])).toEqual([null]);
      expect(await one.store.claim('caller/alice', 'main', 60_000)).toBe('main');
      expect(await two.store.claim('caller/alice', 'other', 60_000)).toBe('main');
    });

    test('what one renews, the other counts', async () => {
      const one = await stage.open();
      const two = await stage.reopen(one);
      const wanted = need([meter('project', { maxInFlight: 2 })], { leaseMs: shortMs });
      const kept = await admitted(one.store, wanted);
      await admitted(two.store, wanted);
      await one.store.renew([kept], 60_000);
      await one.pass(shortMs);
      expect(await timesAdmitted(two.store, wanted, 5)).toBe(1);
    });

    test('whoever is gone without a word holds its place no longer than its lease', async () => {
      const opened = await stage.open();
      const wanted = need([meter('project', { maxInFlight: 2 })], { leaseMs: shortMs });
      const lost = await admitted(opened.store, wanted);
      await opened.store.close();
      const { store, pass } = await stage.reopen(opened);
      await pass(shortMs);
      expect(await timesAdmitted(store, wanted, 5)).toBe(2);
      await store.settle(lost, { requests: 1, tokens: 0 });
      expect(await timesAdmitted(store, wanted, 5)).toBe(0);
    });
  });
}
