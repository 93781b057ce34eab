/** What rests is left alone: for as long as was said last or longest, or until somebody wakes it. */

import type { Rest } from '@sluice/core';
import { describe, expect, test } from 'vitest';
import { admitted, meter, need, type Opened, refused, type Stage, timesAdmitted } from './stage.ts';

const shortMs = 80;
const scope = 'pool/gemini/main';

export function letsRest(stage: Stage): void {
  describe('rests', () => {
    test('a subject that rests is refused, with the reason and the time that is left', async () => {
      const opened = await stage.open();
      const { store } = opened;
      await store.cool(restOf(opened, 'project', 60_000));
      const { retryAfterMs, ...told } = await refused(store, need([], { subjects: ['project'] }));
      expect(told).toEqual({ by: 'rest', name: 'project', reason: 'quota_minute' });
      expect(retryAfterMs).toBeGreaterThan(59_000);
      expect(retryAfterMs).toBeLessThanOrEqual(60_000 + (store.isShared ? 1_000 : 0));
    });

    test('it is refused only where it is asked for, and only in its scope', async () => {
      const opened = await stage.open();
      const { store } = opened;
      await store.cool(restOf(opened, 'model:a', 60_000));
      await admitted(store, need([], { subjects: ['project', 'model:b'] }));
      await admitted(store, need([], { subjects: [] }));
      await admitted(store, need([], { subjects: ['model:a'], scope: 'pool/gemini/other' }));
      await refused(store, need([], { subjects: ['project', 'model:a'] }));
    });

    test('what is refused for a rest is counted nowhere', async () => {
      const opened = await stage.open();
      const { store } = opened;
      const wanted = need([meter('project', { requestsPerMinute: 2, requestsPerDay: 2, maxInFlight: 2 })]);
      await store.cool(restOf(opened, 'project', 60_000));
      expect(await timesAdmitted(store, { ...wanted, subjects: ['project'] }, 5)).toBe(0);
      expect(await timesAdmitted(store, wanted, 5)).toBe(2);
    });

    test('it is over when its time is over', async () => {
      const opened = await stage.open();
      const { store, pass } = opened;
      const wanted = need([], { subjects: ['project'] });
      await store.cool(restOf(opened, 'project', shortMs));
      await refused(store, wanted);
      await pass(shortMs);
      await admitted(store, wanted);
      expect(await store.rests()).toEqual([]);
    });

    test.skipIf(stage.subject.ownsTime)('the wait that is told is true to the ms', async () => {
      const opened = await stage.open();
      const { store, pass } = opened;
      const wanted = need([], { subjects: ['project'] });
      await store.cool(restOf(opened, 'project', 86_400_000));
      await pass(3_600_000);
      expect((await refused(store, wanted)).retryAfterMs).toBe(82_800_000);
      await pass(82_800_000 - 1);
      expect((await refused(store, wanted)).retryAfterMs).toBe(1);
      await pass(1);
      await admitted(store, wanted);
    });

    test('of two rests of one subject the longer one stays, whichever came first', async () => {
      const opened = await stage.open();
      const { store } = opened;
      const [short, long] = [60_000, 3_600_000];
      for (const [subject, lengths] of [
        ['project', [short, long, short]],
        ['model:a', [long, short]],
      ] as const) {
        for (const lengthMs of lengths) await store.cool(restOf(opened, subject, lengthMs, `${lengthMs}`));
      }
      const rests = [...(await store.rests())].sort((a, b) => (a.subject < b.subject ? -1 : 1));
      expect(rests.map(({ subject, reason }) => [subject, reason])).toEqual([
        ['model:a', `${long}`],
        ['project', `${long}`],
      ]);
      const { retryAfterMs } = await refused(store, need([], { subjects: ['project'] }));
      expect(retryAfterMs).toBeGreaterThan(short);
    });

    test('a rest without an end is the longest, and time does not end it', async () => {
      const opened = await stage.open();
      const { store, pass } = opened;
      const wanted = need([], { subjects: ['key:k'] });
      await store.cool({ ...restOf(opened, 'key:k', 0, 'key_invalid'), untilMs: null });
      await store.cool(restOf(opened, 'key:k', 3_600_000, 'quota_day'));
      await pass(stage.subject.ownsTime ? shortMs : 400 * 86_400_000);
      expect(await refused(store, wanted)).toEqual({
        by: 'rest',
        name: 'key:k',
        retryAfterMs: null,
        reason: 'key_invalid',
      });
    });

    test('of several subjects the one that rests longest is told, whatever their order', async () => {
      const opened = await stage.open();
      const { store } = opened;
      await store.cool(restOf(opened, 'project', 60_000));
      await store.cool(restOf(opened, 'model:a', 120_000));
      await store.cool({ ...restOf(opened, 'key:k', 0), untilMs: null });
      const told = async (...subjects: string[]) => (await refused(store, need([], { subjects }))).name;
      expect(await told('project', 'model:a')).toBe('model:a');
      expect(await told('model:a', 'project')).toBe('model:a');
      expect(await told('key:k', 'model:a')).toBe('key:k');
      expect(await told('model:a', 'key:k')).toBe('key:k');
    });

    test('of a rest and a limit the one that takes longer is told', async () => {
      const opened = await stage.open();
      const { store } = opened;
      const minute = need([meter('project', { requestsPerMinute: 1 })], { subjects: ['model:a'] });
      await admitted(store, minute);
      await store.cool(restOf(opened, 'model:a', 5_000));
      expect(await refused(store, minute)).toMatchObject({ by: 'requestsPerMinute' });
      await store.cool(restOf(opened, 'model:a', 600_000));
      expect(await refused(store, minute)).toMatchObject({ by: 'rest', name: 'model:a' });
    });

    test('who is woken is admitted at once, and may rest again for less', async () => {
      const opened = await stage.open();
      const { store } = opened;
      const wanted = need([], { subjects: ['project', 'key:k'] });
      await store.cool({ ...restOf(opened, 'project', 0), untilMs: null });
      await store.cool(restOf(opened, 'key:k', 60_000));
      await store.wake(scope, 'project');
      expect(await refused(store, wanted)).toMatchObject({ name: 'key:k' });
      await store.wake(scope, 'key:k');
      await admitted(store, wanted);
      expect(await store.rests()).toEqual([]);
      await store.cool(restOf(opened, 'project', 30_000));
      expect((await refused(store, wanted)).retryAfterMs).toBeLessThanOrEqual(31_000);
    });

    test('waking who does not rest is harmless, and wakes nobody else', async () => {
      const opened = await stage.open();
      const { store } = opened;
      await store.cool(restOf(opened, 'project', 60_000));
      await store.wake(scope, 'model:a');
      await store.wake('pool/gemini/other', 'project');
      expect(await store.rests()).toHaveLength(1);
    });

    test('all rests of all scopes are listed as they were told, those that are over are not', async () => {
      const opened = await stage.open();
      const { store, pass } = opened;
      const kept = [
        restOf(opened, 'project', 60_000),
        { ...restOf(opened, 'key:k', 0, 'key_invalid'), untilMs: null },
        { ...restOf(opened, 'project', 60_000, 'quota_day'), scope: 'pool/gemini/other' },
      ];
      for (const rest of kept) await store.cool(rest);
      await store.cool(restOf(opened, 'model:a', shortMs));
      expect(await store.rests()).toHaveLength(4);
      await pass(shortMs);
      const byName = (a: Rest, b: Rest): number => (a.scope + a.subject < b.scope + b.subject ? -1 : 1);
      expect([...(await store.rests())].sort(byName)).toEqual([...kept].sort(byName));
    });
  });
}

function restOf({ clock }: Opened, subject: string, lengthMs: number, reason = 'quota_minute'): Rest {
  const sinceMs = clock.wallNow();
  return { scope, subject, reason, sinceMs, untilMs: sinceMs + lengthMs };
}
