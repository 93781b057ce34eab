import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MinuteWindow } from '../../src/quota/minute-window.ts';

test('a use counts from the start of its second until 60 s after its end', () => {
  const window = new MinuteWindow();
  window.add(5_300, 3);
  expect(window.used(5_300)).toBe(3);
  expect(window.used(65_300)).toBe(3);
  expect(window.used(65_999)).toBe(3);
  expect(window.used(66_000)).toBe(0);
});

test('what was used before the first second of a clock, and after a long silence, counts like any other', () => {
  const window = new MinuteWindow();
  expect(window.used(0)).toBe(0);
  window.add(0, 1);
  window.add(999, 1);
  expect(window.used(60_999)).toBe(2);
  expect(window.used(61_000)).toBe(0);
  window.add(1e12, 7);
  expect(window.used(1e12 + 60_000)).toBe(7);
  expect(window.used(1e12 + 61_000)).toBe(0);
});

test('a clock that goes back makes the window stand still', () => {
  const window = new MinuteWindow();
  window.add(100_000, 1);
  window.add(40_000, 1);
  expect(window.used(40_000)).toBe(2);
  expect(window.used(160_999)).toBe(2);
  expect(window.used(161_000)).toBe(0);
});

describe('a correction', () => {
  test('changes the second that it names, which leaves when it would have', () => {
    const window = new MinuteWindow();
    window.add(1_000, 10);
    window.add(2_000, 20);
    window.correct(30_000, 1, 5);
    window.correct(30_000, 2, -15);
    expect(window.used(30_000)).toBe(20);
    expect(window.used(62_000)).toBe(5);
    expect(window.used(63_000)).toBe(0);
  });

  test('never takes more than there is', () => {
    const window = new MinuteWindow();
    window.add(1_000, 10);
    window.add(2_000, 20);
    window.correct(2_000, 1, -1_000);
    expect(window.used(2_000)).toBe(20);
  });

  test.each([
    ['has left', 1],
    ['is still to come', 200],
  ])('of a second that %s changes nothing, not even the one in its place', (_what, second) => {
    const window = new MinuteWindow();
    window.add(second * 1_000 > 100_000 ? 100_000 : 1_000, 10);
    window.add(100_000, 20);
    const before = window.used(100_000);
    window.correct(100_000, second, 500);
    expect(window.used(100_000)).toBe(before);
  });
});

describe('the wait until enough has left', () => {
  test('is none where little enough is there', () => {
    const window = new MinuteWindow();
    expect(window.msUntilAtMost(0, 5_000)).toBe(0);
    window.add(5_000, 3);
    expect(window.msUntilAtMost(3, 5_000)).toBe(0);
  });

  test('ends with the second that makes the difference', () => {
    const window = new MinuteWindow();
    window.add(1_000, 1);
    window.add(11_000, 1);
    window.add(21_000, 1);
    expect([2, 1, 0].map((most) => window.msUntilAtMost(most, 21_500))).toEqual([40_500, 50_500, 60_500]);
  });
});

/** What a window must say, from the uses themselves. */
interface Use {
  readonly second: number;
  amount: number;
}
const step = fc.record({
  gapMs: fc.oneof(
    fc.integer({ min: 0, max: 3_000 }),
    fc.integer({ min: 50_000, max: 70_000 }),
    fc.constantFrom(0, 1, 999, 60_000, 60_999, 61_000, 10_000_000),
  ),
  amount: fc.integer({ min: 0, max: 50 }),
  correctsBack: fc.option(
    fc.record({ uses: fc.integer({ min: 0, max: 5 }), change: fc.integer({ min: -60, max: 60 }) }),
  ),
  most: fc.integer({ min: 0, max: 100 }),
});

test('whatever is counted when, it is the sum of the last 61 seconds, and the wait that it tells is true', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
      const window = new MinuteWindow();
      const bySecond = new Map<number, Use>();
      const order: number[] = [];
      let nowMs = 0;
      const sumAt = (atMs: number): number => {
        const second = Math.floor(atMs / 1_000);
        return [...bySecond.values()].reduce((sum, use) => sum + (use.second > second - 61 ? use.amount : 0), 0);
      };
      for (const { gapMs, amount, correctsBack, most } of steps) {
        nowMs += gapMs;
        const second = Math.floor(nowMs / 1_000);
        window.add(nowMs, amount);
        const use = bySecond.get(second) ?? { second, amount: 0 };
        use.amount += amount;
        bySecond.set(second, use);
        order.push(second);
        if (correctsBack !== null) {
          const corrected = order.at(-1 - correctsBack.uses) ?? second;
          window.correct(nowMs, corrected, correctsBack.change);
          const past = bySecond.get(corrected) as Use;
          if (corrected > second - 61) past.amount = Math.max(0, past.amount + correctsBack.change);
        }
        expect(window.used(nowMs)).toBe(sumAt(nowMs));
        const waitMs = window.msUntilAtMost(most, nowMs);
        expect(sumAt(nowMs + waitMs)).toBeLessThanOrEqual(most);
        if (waitMs > 0) expect(sumAt(nowMs + waitMs - 1)).toBeGreaterThan(most);
      }
    }),
    { numRuns: 500 },
  );
});
