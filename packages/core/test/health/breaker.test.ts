import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterAbandonedProbe,
  afterFailedProbe,
  afterFailure,
  afterProof,
  afterSign,
  afterSuccess,
  afterTime,
  ask,
  type Breaker,
  type Cause,
  closedBreaker,
  countsOf,
  isolated,
} from '../../src/health/breaker.ts';
import { shapeB as limits } from './limits.ts';

const cause: Cause = { reason: 'overloaded', failures: 5, outcomes: 6 };
const never = Number.POSITIVE_INFINITY;
const open = (untilMs: number, again = 0, panicAtMs = never): Breaker => ({
  state: 'open',
  untilMs,
  panicAtMs,
  again,
  cause,
});
const probing = (again = 0, untilMs = 31_000): Breaker => ({ state: 'probing', untilMs, again, cause });
const shut = isolated('too expensive');
const failed = (breaker: Breaker, nowMs: number, random = 0.5): Breaker =>
  afterFailure(breaker, nowMs, limits, random, 'overloaded');
const failedProbe = (breaker: Breaker, nowMs: number, random = 0.5): Breaker =>
  afterFailedProbe(breaker, nowMs, limits, random, 'reset');

describe('each state answers each question', () => {
  test.each<[string, Breaker, ReturnType<typeof ask>]>([
    ['closed: all pass', closedBreaker, { may: 'pass', breaker: closedBreaker }],
    ['open, and its time is not over: nobody', open(1_001), { may: 'wait', breaker: open(1_001) }],
    ['open, and its time is over: one probe', open(1_000, 3), { may: 'probe', breaker: probing(3) }],
    ['probing: nobody else', probing(), { may: 'wait', breaker: probing() }],
    ['isolated: nobody, ever', shut, { may: 'wait', breaker: shut }],
  ])('%s', (_, breaker, answer) => {
    expect(ask(breaker, 1_000, limits)).toEqual(answer);
  });

  test.each<[string, Breaker, Breaker]>([
    ['a success leaves an untouched one as it is', afterSuccess(closedBreaker, 5, limits), closedBreaker],
    ['a success leaves an open one open', afterSuccess(open(9), 5, limits), open(9)],
    ['a success of others leaves the probe its place', afterSuccess(probing(4), 5, limits), probing(4)],
    ['what a probe has proven closes', afterProof(probing(4)), closedBreaker],
    ['so does what it has proven too late', afterProof(open(9, 5)), closedBreaker],
    ['but not what an operator has isolated', afterProof(shut), shut],
    ['a failure leaves an open one as it is', failed(open(9), 5), open(9)],
    ['a failure of others leaves the probe its place', failed(probing(2), 5), probing(2)],
    ['and what is isolated', failed(shut, 5), shut],
    ['nobody can fail a probe that is none', failedProbe(closedBreaker, 5), closedBreaker],
    ['an abandoned probe frees its place at once', afterAbandonedProbe(probing(2), 5), open(5, 2)],
    ['nobody can abandon a probe that is none', afterAbandonedProbe(open(9), 5), open(9)],
    ['nor one of a closed breaker', afterAbandonedProbe(closedBreaker, 5), closedBreaker],
    ['a sign of life leaves an untouched one as it is', afterSign(closedBreaker), closedBreaker],
    ['and an open one open', afterSign(open(9)), open(9)],
    ['time leaves a probe alone while it has some', afterTime(probing(0, 31_000), 30_999, limits, 0.5), probing()],
    ['and everything else', afterTime(open(9), 1e9, limits, 0.5), open(9)],
  ])('%s', (_, breaker, expected) => {
    expect(breaker).toEqual(expected);
  });

  test('a failed probe opens again, for twice as long, and says what was wrong with it', () => {
    expect(failedProbe(probing(0), 5)).toEqual({
      ...(open(4_005, 1) as object),
      cause: { ...cause, reason: 'reset' },
    });
  });

  test('a probe that has proven nothing in 30 s has failed then, whenever that is noticed', () => {
    const { breaker } = ask(open(1_000, 2), 1_000, limits);
    const late = afterTime(breaker, 500_000, limits, 0.5);
    expect(late).toMatchObject({
      state: 'open',
      again: 3,
      untilMs: 31_000 + 16_000,
      cause: { reason: 'probe_overdue' },
    });
    expect(ask(late, 500_000, limits).may).toBe('probe');
    expect(ask(afterTime(breaker, 31_000, limits, 0.5), 31_000, limits).may).toBe('wait');
  });
});

describe('a run of failures opens', () => {
  test('when it has five and spans a second', () => {
    expect(failing(closedBreaker, [0, 250, 500, 750, 1_000])).toMatchObject({
      state: 'open',
      again: 0,
      cause: { reason: 'overloaded', failures: 5, outcomes: 5 },
    });
  });

  test.each([
    ['four', [0, 500, 1_000, 1_500]],
    ['five within less than a second', [0, 250, 500, 750, 999]],
  ])('not with %s', (_, times) => {
    expect(failing(closedBreaker, times).state).toBe('closed');
  });

  test('not when a success came between', () => {
    let breaker = failing(closedBreaker, [0, 500, 1_000, 1_500]);
    breaker = afterSuccess(breaker, 1_600, limits);
    expect(failing(breaker, [1_700, 2_000, 2_400, 2_690]).state).toBe('closed');
  });

  test('nor when an answer has begun between, be it cut later: that counts in the window alone', () => {
    let breaker: Breaker = closedBreaker;
    for (let at = 0; at < 29; at++) breaker = failed(afterSign(breaker), at * 1_000);
    expect(breaker).toMatchObject({ state: 'closed', run: 1 });
    expect(countsOf(breaker, 28_000, limits)).toEqual({ failures: 29, outcomes: 29, opened: 0 });
    expect(failed(afterSign(breaker), 29_000).state).toBe('open');
  });
});

describe('many failures among the latest outcomes open', () => {
  test('with thirty of fifty', () => {
    expect(mixed(29).state).toBe('closed');
    expect(mixed(30)).toMatchObject({ state: 'open', cause: { failures: 30, outcomes: 44 } });
  });

  test('and what is older than half a minute no longer counts', () => {
    let breaker = closedBreaker;
    for (let at = 0; at < 29; at++) breaker = afterSuccess(failing(breaker, [at * 10]), at * 10, limits);
    breaker = failing(breaker, [30_500]);
    expect(breaker).toMatchObject({ state: 'closed', recent: [{ atMs: 30_500 }] });
    expect(countsOf(breaker, 60_501, limits)).toEqual({ failures: 0, outcomes: 0, opened: 0 });
  });

  test('and no more is remembered than the window holds, be it one', () => {
    for (const windowOutcomes of [1, 2, 50]) {
      const few = { ...limits, windowOutcomes, windowFailures: 1_000, consecutiveFailures: 1_000 };
      let breaker: Breaker = closedBreaker;
      for (let at = 0; at < 200; at++) breaker = afterFailure(breaker, at, few, 0.5, 'x');
      expect((breaker as { recent: readonly unknown[] }).recent).toHaveLength(windowOutcomes);
    }
  });

  test('and once no failure is left in it nothing is remembered at all', () => {
    let breaker = failing(closedBreaker, [0]);
    for (let at = 0; at < 49; at++) {
      breaker = afterSuccess(breaker, at, limits);
      expect(breaker).not.toBe(closedBreaker);
    }
    expect(afterSuccess(breaker, 50, limits)).toBe(closedBreaker);
    expect(afterSuccess(failing(closedBreaker, [0]), 30_001, limits)).toBe(closedBreaker);
  });

  /** Failures with a success after every second one, so that no run is long. */
  function mixed(failures: number): Breaker {
    let breaker: Breaker = closedBreaker;
    for (let at = 0; at < failures; at++) {
      breaker = failing(breaker, [at]);
      if (at % 2 === 1 && breaker.state === 'closed') breaker = afterSuccess(breaker, at, limits);
    }
    return breaker;
  }
});

/** What two products of the same numbers may differ by. */
const roundingMs = 1e-6;

test('each failed probe doubles the open time, to a minute at most, give or take a fifth', () => {
  fc.assert(
    fc.property(fc.nat(2_000), fc.double({ min: 0, max: 1, noNaN: true }), (count, random) => {
      const next = failedProbe(probing(count), 0, random) as { untilMs: number };
      const plainMs = Math.min(60_000, 2_000 * 2 ** (count + 1));
      expect(next.untilMs).toBeGreaterThanOrEqual(plainMs * 0.8 - roundingMs);
      expect(next.untilMs).toBeLessThanOrEqual(plainMs * 1.2 + roundingMs);
    }),
  );
});

describe('in panic', () => {
  const panicking = { ...limits, panicMs: 500 };
  const opened = (): Breaker => {
    let breaker: Breaker = closedBreaker;
    for (const atMs of [0, 250, 500, 750, 1_000]) breaker = afterFailure(breaker, atMs, panicking, 0.5, 'overloaded');
    return breaker;
  };

  test('one call in so many ms passes an open breaker', () => {
    let breaker = opened();
    const passed: number[] = [];
    for (let atMs = 1_000; atMs < 3_000; atMs += 100) {
      const answer = ask(breaker, atMs, panicking);
      breaker = answer.breaker;
      if (answer.may === 'panic') passed.push(atMs);
    }
    expect(passed).toEqual([1_500, 2_000, 2_500]);
    expect(ask(breaker, 3_000, panicking).may).toBe('probe');
  });

  test('its failure changes nothing, and what it has proven closes', () => {
    const { breaker } = ask(opened(), 1_500, panicking);
    expect(afterFailure(breaker, 1_600, panicking, 0.5, 'x')).toBe(breaker);
    expect(afterFailedProbe(breaker, 1_600, panicking, 0.5, 'x')).toBe(breaker);
    expect(afterAbandonedProbe(breaker, 1_600)).toBe(breaker);
    expect(afterProof(breaker)).toBe(closedBreaker);
  });

  test('nobody passes beside a probe, nor what an operator has isolated', () => {
    const { breaker } = ask(opened(), 3_000, panicking);
    expect(ask(breaker, 9_000, panicking).may).toBe('wait');
    expect(ask(shut, 9_000, panicking).may).toBe('wait');
  });

  test('nobody passes where it is off', () => {
    const breaker = failing(closedBreaker, [0, 250, 500, 750, 1_000]);
    for (let atMs = 1_000; atMs < 3_000; atMs += 100) expect(ask(breaker, atMs, limits).may).toBe('wait');
  });
});

function failing(breaker: Breaker, times: readonly number[]): Breaker {
  return times.reduce((state, atMs) => failed(state, atMs), breaker);
}
