/** The record: in the order in which it was written, newest first; and what a store says of itself. */

import type { AuditEntry } from '@sluice/core';
import { describe, expect, test } from 'vitest';
import type { Stage } from './stage.ts';

function entry(at: number): AuditEntry {
  const atMs = Date.UTC(2026, 10, 21, 12) + at;
  return { atMs, scope: 'pool/gemini/main', subject: `key:${at}`, what: 'disabled', why: `key_invalid ${at}` };
}

export function keepsTheRecord(stage: Stage): void {
  describe('the record', () => {
    test('is empty at first', async () => {
      const { store } = await stage.open();
      expect(await store.entries(10)).toEqual([]);
    });

    test('is told newest first, as many as are asked for', async () => {
      const { store } = await stage.open();
      for (let at = 0; at < 5; at++) await store.append(entry(at));
      expect(await store.entries(3)).toEqual([entry(4), entry(3), entry(2)]);
      expect(await store.entries(100)).toEqual([4, 3, 2, 1, 0].map(entry));
    });

    test('keeps the order in which it was written, whatever the times say, and what was written twice', async () => {
      const { store } = await stage.open();
      const written = [entry(7), entry(3), entry(3), entry(9), entry(1)];
      for (const one of written) await store.append(one);
      expect(await store.entries(10)).toEqual([...written].reverse());
    });

    test('keeps the latest five hundred', async () => {
      const { store } = await stage.open();
      for (let at = 0; at < 600; at++) await store.append(entry(at));
      const latest = await store.entries(500);
      expect(latest).toHaveLength(500);
      expect([latest[0], latest[499]]).toEqual([entry(599), entry(100)]);
    });
  });

  describe('a store', () => {
    test('says what it is, and how many use it', async () => {
      const { store } = await stage.open();
      expect(store.name).toMatch(/^\S.*\S$/);
      expect(store.instances()).toBe(1);
    });

    test('may be closed twice', async () => {
      const { store } = await stage.open();
      await store.close();
      await store.close();
    });
  });
}
