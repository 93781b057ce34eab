import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RetryBudget } from '../../src/health/budget.ts';

describe('a bucket of 500', () => {
  test('is full at first, and pays for 35 passing faults', () => {
    const budget = new RetryBudget();
    expect(budget.isFull).toBe(true);
    expect(spendAll(budget, 'transient')).toBe(35);
    expect(budget.isFull).toBe(false);
  });

  test('pays for 100 throttles', () => {
    expect(spendAll(new RetryBudget(), 'throttle')).toBe(100);
  });

  test('takes nothing when there is not enough', () => {
    const budget = new RetryBudget();
    spendAll(budget, 'transient');
    expect(budget.spend('transient')).toBe(false);
    expect(budget.spend('throttle')).toBe(true);
    expect(budget.spend('throttle')).toBe(true);
    expect(budget.spend('throttle')).toBe(false);
  });

  test('gets back what the retries of a success had cost, and one more', () => {
    const budget = new RetryBudget();
    spendAll(budget, 'throttle');
    budget.refill(14);
    expect(budget.spend('transient')).toBe(true);
    for (let success = 0; success < 4; success++) budget.refill(0);
    expect(budget.spend('throttle')).toBe(true);
    expect(budget.spend('throttle')).toBe(false);
  });

  test('never overflows', () => {
    const budget = new RetryBudget();
    for (let success = 0; success < 1_000; success++) budget.refill(28);
    expect(spendAll(budget, 'throttle')).toBe(100);
  });
});

test('an outage is met with a trickle: retries stay within the bucket plus what successes have paid', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 2_000 }), (outcomes) => {
      const budget = new RetryBudget();
      let retries = 0;
      let successes = 0;
      for (const isSuccess of outcomes) {
        if (isSuccess) {
          successes++;
          budget.refill(0);
        } else if (budget.spend('transient')) retries++;
      }
      expect(retries * 14).toBeLessThanOrEqual(500 + successes);
    }),
  );
});

function spendAll(budget: RetryBudget, pace: 'transient' | 'throttle'): number {
  let times = 0;
  while (budget.spend(pace)) times++;
  return times;
}
