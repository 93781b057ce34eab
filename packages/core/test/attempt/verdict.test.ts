import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HeldAnswer } from '../../src/attempt/held-answer.ts';
import { emptyAnswer, endedBy, silence, truncated } from '../../src/attempt/trouble.ts';
import { type Circumstances, judge, type RetrySettings, type Verdict } from '../../src/attempt/verdict.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { type Failure, failure } from '../../src/failure.ts';
import { RetryBudget } from '../../src/health/budget.ts';
import { type Course, newCourse } from '../../src/plan/plan.ts';
import { geminiProvider } from '../../src/provider/gemini/provider.ts';
import type { Repeat } from '../../src/surface/surface.ts';

const settings: RetrySettings = {
  maxAttempts: 3,
  maxKeyFailovers: 5,
  maxUpstreamCalls: 6,
  baseDelayMs: 50,
  throttleDelayMs: 1_000,
  maxDelayMs: 20_000,
};
const held: HeldAnswer = { status: 503, headers: {}, body: Buffer.from('{}') };

describe('a fault of the model is met with the same key', () => {
  test.each([500, 502, 503, 529])('%i: a short pause, and again', (status) => {
    const course = called(1, 'main#1');
    const verdict = judge(answered(status), course, around({ random: 1 }));
    expect(verdict).toEqual({ do: 'again', afterMs: 50, isFailover: false });
    expect(course.keyId).toBe('main#1');
  });

  test('three tries in all, each pause twice as long, then the answer of the provider is shown', () => {
    const course = called(1);
    const pauses: Verdict[] = [];
    for (let call = 1; call <= 3; call++) {
      course.calls = call;
      pauses.push(judge(answered(503), course, around({ random: 1, held })));
    }
    expect(pauses).toEqual([
      { do: 'again', afterMs: 50, isFailover: false },
      { do: 'again', afterMs: 100, isFailover: false },
      { do: 'show', held },
    ]);
  });

  test('a capacity error is paced as a throttle', () => {
    const busy = classified(503, 'No capacity available for model X on the server');
    expect(judge(busy, called(1), around({ random: 1 }))).toMatchObject({ afterMs: 1_000, isFailover: false });
  });

  test('an empty answer is tried once more, not twice', () => {
    const course = called(1);
    expect(judge(emptyAnswer(), course, around())).toMatchObject({ do: 'again' });
    course.calls++;
    expect(judge(emptyAnswer(), course, around())).toMatchObject({ do: 'refuse', error: { code: 'empty_response' } });
  });

  test('a 504 of the provider is not retried', () => {
    expect(judge(answered(504), called(1), around({ held })).do).toBe('show');
  });

  test('what the provider asked to wait is waited for', () => {
    const asked = { ...answered(503), retryAfterMs: 2_000 };
    expect(judge(asked, called(1), around({ random: 0 }))).toMatchObject({ do: 'again', afterMs: 2_000 });
    expect(judge({ ...asked, retryAfterMs: 31_000 }, called(1), around({ held }))).toEqual({ do: 'show', held });
  });
});

describe('a fault of a key or a quota is met with another, at once', () => {
  const quota = answered(429);
  const badKey = answered(401);

  test.each([
    ['a quota', quota],
    ['a key', badKey],
  ])('%s: no pause, no budget, another key', (_, failed) => {
    const budget = new RetryBudget();
    const course = called(1, 'main#1');
    expect(judge(failed, course, around({ budget }))).toEqual({ do: 'again', afterMs: 0, isFailover: true });
    expect(course).toMatchObject({ keyId: null, failovers: 1, tries: 0, spent: 0 });
    expect(budget.isFull).toBe(true);
  });

  test('five failovers, not six', () => {
    const generous = { ...settings, maxUpstreamCalls: 100 };
    const course = newCourse();
    const verdicts = Array.from({ length: 6 }, () => {
      course.calls++;
      return judge(badKey, course, around({ settings: generous })).do;
    });
    expect(verdicts).toEqual(['again', 'again', 'again', 'again', 'again', 'refuse']);
  });

  test('and fewer where more make no sense: a refusal without a word why may be for want of capacity', () => {
    const course = newCourse();
    const verdicts = Array.from({ length: 3 }, () => {
      course.calls++;
      return judge({ ...quota, mostTries: 3 }, course, around({ held })).do;
    });
    expect(verdicts).toEqual(['again', 'again', 'show']);
  });

  test('when no other is free, that is the end: nobody is asked twice', () => {
    expect(judge(quota, called(1), around({ hasFree: false, held }))).toEqual({ do: 'show', held });
    expect(judge(quota, called(1), around({ hasFree: false }))).toMatchObject({ error: { code: 'quota_exhausted' } });
  });

  test('what the provider says of a key or a project is never shown', () => {
    for (const failed of [badKey, answered(402), classified(403, 'Your API key was reported as leaked.')]) {
      const verdict = judge(failed, called(1), around({ hasFree: false, held }));
      expect(verdict.do).toBe('refuse');
    }
  });

  test('failovers and retries are counted apart', () => {
    const course = called(1);
    judge(quota, course, around());
    course.calls++;
    expect(judge(answered(503), course, around())).toMatchObject({ do: 'again', isFailover: false });
    course.calls++;
    expect(judge(answered(503), course, around())).toMatchObject({ do: 'again', isFailover: false });
    course.calls++;
    expect(judge(answered(503), course, around({ held })).do).toBe('show');
  });
});

test('six calls in all, whatever they failed of', () => {
  const kinds = fc.array(fc.constantFrom(answered(429), answered(401), answered(503), answered(500), truncated('x')), {
    minLength: 20,
    maxLength: 20,
  });
  fc.assert(
    fc.property(kinds, (failures) => {
      const course = newCourse();
      for (const failed of failures) {
        course.calls++;
        if (judge(failed, course, around()).do !== 'again') break;
      }
      expect(course.calls).toBeLessThanOrEqual(6);
      expect(course.failovers).toBeLessThanOrEqual(5);
      expect(course.tries).toBeLessThanOrEqual(3);
    }),
  );
});

describe('the budget of a target', () => {
  test('is charged for each retry: 14 for a passing fault, 5 for a throttle', () => {
    const course = called(1);
    judge(answered(500), course, around());
    expect(course.spent).toBe(14);
    judge({ ...answered(500), pace: 'throttle' }, course, around());
    expect(course.spent).toBe(19);
  });

  test('ends the retries when it is empty', () => {
    const budget = new RetryBudget();
    while (budget.spend('transient'));
    while (budget.spend('throttle'));
    expect(judge(answered(503), called(1), around({ budget, held }))).toEqual({ do: 'show', held });
  });

  test('is not charged for a retry that is not made', () => {
    const budget = new RetryBudget();
    judge(answered(503), called(1), around({ budget, leftMs: 100 }));
    expect(budget.isFull).toBe(true);
  });
});

describe('how often a call may be made depends on what it does', () => {
  const timedOut = silence('headers', 1_000);
  const reset = failure('reset', 'upstream_unreachable', 'broke', { scope: 'host' });
  const refused = failure('unreachable', 'upstream_unreachable', 'refused', { scope: 'host', isProofOfNothing: true });
  test.each<[string, Repeat, Failure, Verdict['do']]>([
    ['reading is repeated after a time-out', 'always', timedOut, 'again'],
    ['reading is repeated after a reset', 'always', reset, 'again'],
    ['a generation is not repeated after a time-out', 'unless-it-ran', timedOut, 'refuse'],
    ['a generation is repeated after a reset', 'unless-it-ran', reset, 'again'],
    ['a generation is repeated after a 500', 'unless-it-ran', answered(500), 'again'],
    ['a creation is not repeated after a time-out', 'if-nothing-happened', timedOut, 'refuse'],
    ['a creation is not repeated after a reset', 'if-nothing-happened', reset, 'refuse'],
    ['a creation is not repeated after a 500', 'if-nothing-happened', answered(500), 'refuse'],
    ['a creation is not repeated after half an answer', 'if-nothing-happened', truncated('x'), 'refuse'],
    ['a creation is repeated when there was no connection', 'if-nothing-happened', refused, 'again'],
    ['a creation is repeated when the quota was out', 'if-nothing-happened', answered(429), 'again'],
    ['a creation is repeated when the key was refused', 'if-nothing-happened', answered(401), 'again'],
    ['a creation is repeated when the model was overloaded', 'if-nothing-happened', answered(503), 'again'],
  ])('%s', (_, repeat, failed, expected) => {
    expect(judge(failed, called(1), around({ repeat })).do).toBe(expected);
  });
});

describe('once the client has seen something', () => {
  test.each([500, 503, 429, 401, 404])('nothing is made again, and nothing shown in its place (%i)', (status) => {
    expect(judge(answered(status), called(1), around({ isShown: true, held }))).toEqual({ do: 'stop' });
  });

  test('or has gone, that is the end', () => {
    expect(judge(endedBy(undefined), called(1), around({ held }))).toEqual({ do: 'stop' });
  });
});

describe('the time that is left', () => {
  test('must be enough for the pause and a quarter of a second', () => {
    expect(judge(answered(503), called(1), around({ random: 1, leftMs: 299, held })).do).toBe('show');
    expect(judge(answered(503), called(1), around({ random: 1, leftMs: 301, held })).do).toBe('again');
  });

  test('must be enough for a failover', () => {
    expect(judge(answered(429), called(1), around({ leftMs: 249, held })).do).toBe('show');
    expect(judge(answered(429), called(1), around({ leftMs: 250, held })).do).toBe('again');
  });
});

test.each([400, 404, 405, 409, 413, 416])('a fault of the caller is shown as it is: %i', (status) => {
  const course = called(1);
  expect(judge(answered(status), course, around({ held }))).toEqual({ do: 'show', held });
  expect(course).toMatchObject({ tries: 0, failovers: 0 });
});

test('an error of our own says how long to wait', () => {
  const failed = failure('circuit_open', 'circuit_open', 'open', {
    scope: 'gateway',
    again: 'never',
    retryAfterMs: 1_500,
  });
  const verdict = judge(failed, called(1), around());
  expect(verdict).toMatchObject({
    do: 'refuse',
    error: { code: 'circuit_open' satisfies ErrorCode, retryAfterMs: 1_500 },
  });
});

test('what has failed last is remembered', () => {
  const course = called(1);
  const failed = answered(404);
  judge(failed, course, around());
  expect(course.lastFailure).toBe(failed);
});

function called(calls: number, keyId: string | null = null): Course {
  return { ...newCourse(), calls, keyId };
}

function around(more: Partial<Circumstances> = {}): Circumstances {
  return {
    settings,
    repeat: 'unless-it-ran',
    held: null,
    isShown: false,
    hasFree: true,
    budget: new RetryBudget(),
    leftMs: 600_000,
    random: 0.5,
    ...more,
  };
}

function answered(status: number): Failure {
  return classified(status, '');
}

function classified(status: number, message: string): Failure {
  const text = JSON.stringify({ error: { code: status, message } });
  return geminiProvider.classify({ status, text, retryAfter: null, namesResource: false, nowMs: 0 });
}
