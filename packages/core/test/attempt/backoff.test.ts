import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from '../../src/attempt/backoff.ts';

const random = fc.double({ min: 0, max: 1, noNaN: true });

test('a wait lies between nothing and a ceiling that doubles with each retry', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.nat(5_000), fc.nat(60_000), random, (retried, baseMs, maxMs, chance) => {
      const afterMs = backoffMs(retried, baseMs, maxMs, 0, chance);
      expect(afterMs).toBeGreaterThanOrEqual(0);
      expect(afterMs).toBeLessThanOrEqual(Math.min(maxMs, baseMs * 2 ** retried));
    }),
  );
});

test('the whole range is used: full jitter', () => {
  expect(backoffMs(0, 50, 20_000, 0, 0)).toBe(0);
  expect(backoffMs(0, 50, 20_000, 0, 1)).toBe(50);
  expect(backoffMs(1, 50, 20_000, 0, 1)).toBe(100);
  expect(backoffMs(2, 1_000, 20_000, 0, 0.5)).toBe(2_000);
  expect(backoffMs(30, 1_000, 20_000, 0, 1)).toBe(20_000);
});

test("the provider's own wish is honoured, with up to a tenth on top", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30_000 }), fc.nat(10), random, (hintMs, retried, chance) => {
      const afterMs = backoffMs(retried, 50, 20_000, hintMs, chance);
      expect(afterMs).toBeGreaterThanOrEqual(hintMs);
      expect(afterMs).toBeLessThanOrEqual(hintMs * 1.1);
    }),
  );
});

test('nobody is kept waiting for longer than half a minute', () => {
  fc.assert(
    fc.property(fc.integer({ min: 30_001, max: 86_400_000 }), random, (hintMs, chance) => {
      expect(backoffMs(0, 50, 20_000, hintMs, chance)).toBeNull();
    }),
  );
});
