import { describeStore, fakeClock } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { memoryStore } from '../../src/store/memory.ts';

describeStore('memory', { open: memoryStore });

describe('the store in memory', () => {
  test('answers at once: nobody waits for a turn of the loop', () => {
    const store = memoryStore(fakeClock());
    const need = { scope: 's', meters: [], subjects: [], tokens: 0, leaseMs: 1_000 };
    expect(store.reserve(need)).not.toBeInstanceOf(Promise);
    expect(store.find(['files/1'])).toEqual([null]);
    expect(store.claim('caller/alice', 'main', 1_000)).toBe('main');
  });

  test('is nobody else’s', () => {
    const store = memoryStore(fakeClock());
    expect({ name: store.name, isShared: store.isShared, instances: store.instances() }).toEqual({
      name: 'memory',
      isShared: false,
      instances: 1,
    });
  });

  test('remembers a hundred thousand owners, and forgets those first that nobody asks for', () => {
    const store = memoryStore(fakeClock());
    const owned = (at: number) => ({ name: `files/${at}`, project: 'main', caller: 'alice', untilMs: null });
    store.own([owned(0), owned(1)]);
    for (let at = 2; at < 100_001; at++) {
      if (at === 50_000) store.find(['files/0']);
      store.own([owned(at)]);
    }
    expect(store.find(['files/0', 'files/1', 'files/2'])).toEqual([owned(0), null, owned(2)]);
  });

  test('keeps the last thousand lines of the record', () => {
    const store = memoryStore(fakeClock());
    for (let atMs = 0; atMs < 1_500; atMs++) store.append({ atMs, scope: 's', subject: 'k', what: 'w', why: 'y' });
    const entries = store.entries(5_000) as readonly { atMs: number }[];
    expect([entries.length, entries[0]?.atMs, entries.at(-1)?.atMs]).toEqual([1_000, 1_499, 500]);
  });
});
