/** One choice under a name, for everybody. */

import { describe, expect, test } from 'vitest';
import type { Stage } from './stage.ts';

const shortMs = 80;

export function claimsOnce(stage: Stage): void {
  describe('claims', () => {
    test('the first one stands, for whoever comes later', async () => {
      const { store } = await stage.open();
      expect(await store.claim('caller/alice', 'main', 60_000)).toBe('main');
      expect(await store.claim('caller/alice', 'other', 60_000)).toBe('main');
      expect(await store.claim('caller/alice', 'main', 60_000)).toBe('main');
      expect(await store.claim('caller/bob', 'other', 60_000)).toBe('other');
    });

    test('of many at once one stands, and all are told which', async () => {
      const { store } = await stage.open();
      const choices = Array.from({ length: 30 }, (_, at) => `p${at}`);
      const told = await Promise.all(choices.map((choice) => store.claim('caller/alice', choice, 60_000)));
      expect(new Set(told).size).toBe(1);
      expect(choices).toContain(told[0]);
    });

    test('it is free again after its time', async () => {
      const { store, pass } = await stage.open();
      await store.claim('caller/alice', 'main', shortMs);
      await pass(shortMs);
      expect(await store.claim('caller/alice', 'other', 60_000)).toBe('other');
    });

    test('its time begins anew with each claim, also with one that came too late', async () => {
      const { store, pass } = await stage.open();
      await store.claim('caller/alice', 'main', 200);
      for (let time = 0; time < 3; time++) {
        await pass(90);
        expect(await store.claim('caller/alice', `late${time}`, 200)).toBe('main');
      }
    });

    test.skipIf(stage.subject.ownsTime)('it stands to the last ms', async () => {
      const { store, pass } = await stage.open();
      await store.claim('caller/alice', 'main', 30_000);
      await pass(29_999);
      expect(await store.claim('caller/alice', 'other', 30_000)).toBe('main');
      await pass(30_000);
      expect(await store.claim('caller/alice', 'other', 30_000)).toBe('other');
    });

    test('one that is named can be replaced, and no other', async () => {
      const { store } = await stage.open();
      await store.claim('caller/alice', 'main', 60_000);
      expect(await store.claim('caller/alice', 'third', 60_000, 'other')).toBe('main');
      expect(await store.claim('caller/alice', 'third', 60_000, 'main')).toBe('third');
      expect(await store.claim('caller/alice', 'fourth', 60_000, 'main')).toBe('third');
      expect(await store.claim('caller/alice', 'fifth', 60_000)).toBe('third');
    });

    test('of many who replace the same at once one stands', async () => {
      const { store } = await stage.open();
      await store.claim('caller/alice', 'main', 60_000);
      const claims = Array.from({ length: 20 }, (_, at) => store.claim('caller/alice', `p${at}`, 60_000, 'main'));
      const told = new Set(await Promise.all(claims));
      expect(told.size).toBe(1);
      expect(told).not.toContain('main');
    });

    test('to replace what nobody has claimed is to claim it', async () => {
      const { store } = await stage.open();
      expect(await store.claim('caller/alice', 'main', 60_000, 'other')).toBe('main');
      expect(await store.claim('caller/alice', 'other', 60_000)).toBe('main');
    });
  });
}
