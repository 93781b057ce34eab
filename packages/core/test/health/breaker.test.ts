import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterAbandonedProbe,
  afterFailure,
  afterSuccess,
  ask,
  type Breaker,
  type BreakerSettings,
  closedBreaker,
} from '../../src/health/breaker.ts';

const limits: BreakerSettings = {
  consecutiveFailures: 5,
  consecutiveSpanMs: 1_000,
  windowOutcomes: 50,
  windowFailures: 30,
  windowMs: 30_000,
  openMs: 2_000,
  maxOpenMs: 60_000,
};
const open = (untilMs: number, opened = 0): Breaker => ({ state: 'open', untilMs, opened });
const probing = (opened = 0): Breaker => ({ state: 'probing', opened });

describe('each state answers each question', () => {
  test.each<[string, Breaker, ReturnType<typeof ask>]>([
    ['closed: all pass', closedBreaker, { may: 'pass', breaker: closedBreaker }],
    ['open, and its time is not over: nobody', open(1_001), { may: 'wait', breaker: open(1_001) }],
    ['open, and its time is over: one probe', open(1_000, 3), { may: 'probe', breaker: probing(3) }],
    ['probing: nobody else', probing(), { may: 'wait', breaker: probing() }],
  ])('%s', (_, breaker, answer) => {
    expect(ask(breaker, 1_000)).toEqual(answer);
  });

  test.each<[string, Breaker, Breaker]>([
    ['a success leaves an untouched one as it is', afterSuccess(closedBreaker, 5, limits), closedBreaker],
    ['a success leaves an open one open', afterSuccess(open(9), 5, limits), open(9)],
    ['a success of the probe closes', afterSuccess(probing(4), 5, limits), closedBreaker],
    ['a failure leaves an open one as it is', afterFailure(open(9), 5, limits, 0.5), open(9)],
    ['a failed probe opens again, for twice as long', afterFailure(probing(0), 5, limits, 0.5), open(4_005, 1)],
    ['an abandoned probe frees its place at once', afterAbandonedProbe(probing(2), 5), open(5, 2)],
    ['nobody can abandon a probe that is none', afterAbandonedProbe(open(9), 5), open(9)],
    ['nor one of a closed breaker', afterAbandonedProbe(closedBreaker, 5), closedBreaker],
  ])('%s', (_, breaker, expected) => {
    expect(breaker).toEqual(expected);
  });
});

describe('a run of failures opens', () => {
  test('when it has five and spans a second', () => {
    expect(failing(closedBreaker, [0, 250, 500, 750, 1_000])).toMatchObject({ state: 'open', opened: 0 });
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
});

describe('many failures among the latest outcomes open', () => {
  test('with thirty of fifty', () => {
    expect(mixed(29).state).toBe('closed');
    expect(mixed(30).state).toBe('open');
  });

  test('and what is older than half a minute no longer counts', () => {
    let breaker = closedBreaker;
    for (let at = 0; at < 29; at++) breaker = afterSuccess(failing(breaker, [at * 10]), at * 10, limits);
    breaker = failing(breaker, [30_500]);
    expect(breaker).toMatchObject({ state: 'closed', recent: [{ atMs: 30_500 }] });
  });

  test('and no more is remembered than the window holds, be it one', () => {
    for (const windowOutcomes of [1, 2, 50]) {
      const few = { ...limits, windowOutcomes, windowFailures: 1_000, consecutiveFailures: 1_000 };
      let breaker: Breaker = closedBreaker;
      for (let at = 0; at < 200; at++) breaker = afterFailure(breaker, at, few, 0.5);
      expect((breaker as { recent: readonly unknown[] }).recent).toHaveLength(windowOutcomes);
    }
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
      const next = afterFailure(probing(count), 0, limits, random) as { untilMs: number };
      const plainMs = Math.min(60_000, 2_000 * 2 ** (count + 1));
      expect(next.untilMs).toBeGreaterThanOrEqual(plainMs * 0.8 - roundingMs);
      expect(next.untilMs).toBeLessThanOrEqual(plainMs * 1.2 + roundingMs);
    }),
  );
});

test('it never opens without its reason, lets one probe pass at a time, and opens no longer than it may', () => {
  const step = fc.record({
    do: fc.constantFrom('fail', 'fail', 'fail', 'succeed', 'ask', 'abandon'),
    afterMs: fc.oneof(fc.nat(600), fc.nat(5_000)),
    random: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      let breaker: Breaker = closedBreaker;
      let nowMs = 0;
      let run: number[] = [];
      let outcomes: { atMs: number; isFailure: boolean }[] = [];
      for (const { do: what, afterMs, random } of steps) {
        nowMs += afterMs;
        const before = breaker;
        if (what === 'ask') {
          const answer = ask(breaker, nowMs);
          breaker = answer.breaker;
          expect(answer.may === 'probe').toBe(before.state === 'open' && nowMs >= before.untilMs);
          if (before.state === 'probing') expect(answer.may).toBe('wait');
        } else if (what === 'abandon') breaker = afterAbandonedProbe(breaker, nowMs);
        else if (what === 'succeed') {
          breaker = afterSuccess(breaker, nowMs, limits);
          run = [];
          outcomes.push({ atMs: nowMs, isFailure: false });
        } else {
          breaker = afterFailure(breaker, nowMs, limits, random);
          run.push(nowMs);
          outcomes.push({ atMs: nowMs, isFailure: true });
        }
        if (before.state === 'closed' && breaker.state === 'open') {
          const isLongRun = run.length >= 5 && nowMs - (run[0] as number) >= 1_000;
          const failures = outcomes.slice(-50).filter(({ atMs, isFailure }) => isFailure && atMs >= nowMs - 30_000);
          expect(isLongRun || failures.length >= 30).toBe(true);
          expect(breaker.untilMs - nowMs).toBeLessThanOrEqual(2_400);
        }
        if (breaker.state === 'open') expect(breaker.untilMs - nowMs).toBeLessThanOrEqual(72_000);
        if (before.state !== 'closed' && breaker.state === 'closed') {
          expect(before.state).toBe('probing');
          run = [];
          outcomes = [];
        }
      }
    }),
    { numRuns: 500 },
  );
});

/** The table of the research that this shape was chosen by (reliability.md §1.4). */
describe('the numbers of shape B', () => {
  test.each([
    [1, 5, 5],
    [20, 5, 30],
    [100, 5, 30],
  ])('at %i calls a second a provider that is down is noticed after %i to %i of them', (perSecond, least, most) => {
    let breaker: Breaker = closedBreaker;
    let calls = 0;
    while (breaker.state === 'closed') breaker = afterFailure(breaker, (calls++ * 1_000) / perSecond, limits, 0.5);
    expect(calls).toBeGreaterThanOrEqual(least);
    expect(calls).toBeLessThanOrEqual(most);
  });

  test.each([1, 20, 100])('at %i calls a second, 20 %% random failures reject next to nobody', (perSecond) => {
    const chance = seeded(20_261_121);
    let breaker: Breaker = closedBreaker;
    let rejected = 0;
    const calls = 10_000;
    for (let call = 0; call < calls; call++) {
      const nowMs = (call * 1_000) / perSecond;
      const answer = ask(breaker, nowMs);
      breaker = answer.breaker;
      if (answer.may === 'wait') rejected++;
      else if (chance() < 0.2) breaker = afterFailure(breaker, nowMs, limits, chance());
      else breaker = afterSuccess(breaker, nowMs, limits);
    }
    expect(rejected / calls).toBeLessThanOrEqual(0.003);
  });
});

function failing(breaker: Breaker, times: readonly number[]): Breaker {
  return times.reduce((state, atMs) => afterFailure(state, atMs, limits, 0.5), breaker);
}

/** Mulberry32: the same chances in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
