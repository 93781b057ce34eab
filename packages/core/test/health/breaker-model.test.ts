import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as machine from '../../src/health/breaker.ts';
import { shapeB } from './limits.ts';
import { NaiveBreaker } from './naive-breaker.ts';

type Step = { readonly do: (typeof verbs)[number]; readonly afterMs: number };
const verbs = ['fail', 'succeed', 'begin', 'ask', 'prove', 'fail the probe', 'abandon'] as const;

const gap = fc.oneof(fc.nat(40), fc.nat(600), fc.nat(5_000), fc.nat(40_000));
const step = (weighted: readonly (typeof verbs)[number][]): fc.Arbitrary<Step> =>
  fc.record({ do: fc.constantFrom(...weighted), afterMs: gap });
/** Moods, so that breakers open for each of their reasons, and also stay shut for long. */
const steps = fc.oneof(
  fc.array(step([...verbs, 'fail', 'fail', 'fail', 'ask', 'ask']), { maxLength: 200 }),
  fc.array(step(['fail', 'fail', 'fail', 'fail', 'fail', 'ask', 'ask', 'begin']), { maxLength: 200 }),
  fc.array(step(['fail', 'fail', 'succeed', 'begin', 'fail']), { maxLength: 300 }),
);
/** Chance alone comes to a panic in most runs, and not in all. */
const longAsk: Step[] = [
  { do: 'ask', afterMs: 0 },
  ...Array.from({ length: 6 }, (): Step => ({ do: 'fail', afterMs: 300 })),
  { do: 'ask', afterMs: 10 },
  { do: 'ask', afterMs: 900 },
  { do: 'ask', afterMs: 30_000 },
];
/** The middle of the open time: the spread has a test of its own. */
const middle = 0.5;

test.each([
  ['shape B', shapeB],
  ['other numbers', { ...shapeB, consecutiveFailures: 2, consecutiveSpanMs: 0, windowOutcomes: 4, windowFailures: 3 }],
  ['panic', { ...shapeB, panicMs: 700 }],
])('whatever happens, it does what its rules say (%s)', (_, limits) => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(steps, (sequence) => {
      const naive = new NaiveBreaker(limits);
      let breaker: machine.Breaker = machine.closedBreaker;
      let nowMs = 0;
      for (const { do: what, afterMs } of sequence) {
        nowMs += afterMs;
        breaker = machine.afterTime(breaker, nowMs, limits, middle);
        naive.pass(nowMs);
        switch (what) {
          case 'ask': {
            const answer = machine.ask(breaker, nowMs, limits);
            expect(answer.may).toBe(naive.ask(nowMs));
            breaker = answer.breaker;
            seen.add(answer.may);
            break;
          }
          case 'fail':
            breaker = machine.afterFailure(breaker, nowMs, limits, middle, 'x');
            naive.failed(nowMs);
            break;
          case 'fail the probe':
            breaker = machine.afterFailedProbe(breaker, nowMs, limits, middle, 'x');
            naive.probeFailed(nowMs);
            break;
          case 'succeed':
            breaker = machine.afterSuccess(breaker, nowMs, limits);
            // A call that has ended well had begun: the naive one is told so.
            naive.begun(nowMs);
            naive.succeeded(nowMs);
            break;
          case 'begin':
            breaker = machine.afterSign(breaker);
            naive.begun(nowMs);
            break;
          case 'prove':
            breaker = machine.afterProof(breaker);
            naive.proven();
            break;
          case 'abandon':
            breaker = machine.afterAbandonedProbe(breaker, nowMs);
            naive.abandoned();
            break;
        }
        expect([breaker.state, machine.countsOf(breaker, nowMs, limits).opened]).toEqual([naive.state, naive.opened]);
        if (breaker.state === 'open') expect(breaker.untilMs - nowMs).toBeLessThanOrEqual(limits.maxOpenMs);
      }
    }),
    { numRuns: 1_000, examples: [[longAsk]] },
  );
  // Else the sequences would show nothing.
  for (const may of ['pass', 'wait', 'probe']) expect(seen).toContain(may);
  expect(seen.has('panic')).toBe(limits.panicMs > 0);
});
