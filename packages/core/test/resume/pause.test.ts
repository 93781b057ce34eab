/** How soon a broken stream is asked for again, and when no more: a table. */

import { describe, expect, test } from 'vitest';
import { type Failure, failure } from '../../src/failure.ts';
import { RetryBudget } from '../../src/health/budget.ts';
import { type Course, newCourse } from '../../src/plan/plan.ts';
import { type PauseTools, pauseBefore } from '../../src/resume/pause.ts';

const settings = {
  maxAttempts: 3,
  maxKeyFailovers: 5,
  maxUpstreamCalls: 6,
  baseDelayMs: 50,
  throttleDelayMs: 1_000,
  maxDelayMs: 20_000,
};

function pause(more: Partial<Failure>, silentTries = 0, course = newCourse(), tools: Partial<PauseTools> = {}) {
  const broken = failure('truncated', 'upstream_truncated', 'It stopped.', more);
  return pauseBefore(broken, silentTries, course, {
    settings,
    budget: new RetryBudget(),
    leftMs: 60_000,
    random: 1,
    ...tools,
  });
}

describe('a broken stream is asked for again', () => {
  test.each<[what: string, more: Partial<Failure>, silentTries: number, afterMs: number | null]>([
    ['soon', {}, 0, 50],
    ['later, the longer nothing comes', {}, 2, 200],
    ['not a fourth time in a row', {}, 3, null],
    ['after a longer pause where the provider is throttled', { pace: 'throttle' }, 1, 2_000],
    ['when the provider says', { retryAfterMs: 1_000 }, 0, 1_100],
    ['not when it says: much later', { retryAfterMs: 31_000 }, 0, null],
    ['not when that cannot help', { again: 'never' }, 0, null],
    ['at once with another key', { again: 'other-key' }, 2, 0],
    ['at once on a fresh connection', { again: 'fresh-connection' }, 0, 0],
  ])('%s', (_, more, silentTries, afterMs) => {
    expect(pause(more, silentTries)).toBe(afterMs);
  });

  test('with any key of its project, when one was refused', () => {
    const course: Course = { ...newCourse(), keyId: 'one#1' };
    expect(pause({ again: 'other-key' }, 0, course)).toBe(0);
    expect(course.keyId).toBeNull();
  });

  test('on a fresh connection once', () => {
    const course = newCourse();
    expect([pause({ again: 'fresh-connection' }, 0, course), pause({ again: 'fresh-connection' }, 0, course)]).toEqual([
      0, 50,
    ]);
  });

  test('within the calls that one request may make', () => {
    expect(pause({}, 0, { ...newCourse(), calls: 5 })).toBe(50);
    expect(pause({}, 0, { ...newCourse(), calls: 6 })).toBeNull();
  });

  test('within the time that is left', () => {
    expect(pause({}, 0, newCourse(), { leftMs: 300 })).toBe(50);
    expect(pause({}, 0, newCourse(), { leftMs: 299 })).toBeNull();
    expect(pause({ again: 'other-key' }, 0, newCourse(), { leftMs: 249 })).toBeNull();
  });

  test('within the budget of its target, and what it spends comes back with success', () => {
    const budget = new RetryBudget();
    const course = newCourse();
    let times = 0;
    while (pause({}, 0, course, { budget }) !== null) times++;
    expect(times).toBe(35);
    expect(course.spent).toBe(35 * 14);
    budget.refill(course.spent);
    expect(budget.isFull).toBe(true);
  });
});
