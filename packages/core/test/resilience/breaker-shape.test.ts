/** The table that the shape of the breaker was chosen by, simulated: calls at random times, failures at random. */

import { describe, expect, test } from 'vitest';
import * as machine from '../../src/health/breaker.ts';
import { shapeB } from '../health/limits.ts';
import { seed, seeded } from './seeded.ts';

/** What many gateways do: five failures in a row open for five seconds, however quickly they came; answers count when they are over. */
const plainFive: machine.BreakerSettings = {
  ...shapeB,
  consecutiveSpanMs: 0,
  windowFailures: 51,
  openMs: 5_000,
  maxOpenMs: 5_000,
};

describe('a provider that is down is noticed', () => {
  test.each([
    [0.1, 5],
    [1, 5],
    [20, 40],
    [100, 50],
  ])('at %d calls a second after at most %i failed calls', (perSecond, most) => {
    const chance = seeded(seed);
    for (let run = 0; run < 500; run++) {
      let breaker: machine.Breaker = machine.closedBreaker;
      let nowMs = 0;
      let calls = 0;
      while (breaker.state === 'closed' && calls < 1_000) {
        calls++;
        // Up to a tenth out of step, as a clock of requests is.
        nowMs += (0.9 + 0.2 * chance()) * (1_000 / perSecond);
        breaker = machine.afterFailure(breaker, nowMs, shapeB, chance(), 'overloaded');
      }
      expect(calls, `seed ${seed}`).toBeLessThanOrEqual(most);
      expect(calls).toBeGreaterThanOrEqual(5);
    }
  });
});

/** An outcome is known at once: the model that the table was made with. */
const atOnce = { failsAfterMs: [0, 0], beginsAfterMs: [0, 0], lastsMs: [0, 0] } as const;
/** Failures come quickly, answers begin within a second and go on for a while. */
const streams = { failsAfterMs: [20, 150], beginsAfterMs: [300, 900], lastsMs: [2_000, 8_000] } as const;

describe('at 20 % random failures', () => {
  test.each([
    [1, 'at once', atOnce],
    [20, 'at once', atOnce],
    [100, 'at once', atOnce],
    [1, 'as streams', streams],
    [20, 'as streams', streams],
  ])('and %i calls a second, answered %s, next to nobody is rejected needlessly', (perSecond, _, pace) => {
    expect(rejectedShare(shapeB, perSecond, pace), `seed ${seed}`).toBeLessThanOrEqual(0.003);
  });

  test('a breaker that opens on any five in a row rejects more than a fifth: the simulation tells them apart', () => {
    expect(rejectedShare(plainFive, 20, streams, { seesBeginnings: false }), `seed ${seed}`).toBeGreaterThan(0.2);
  });

  test('and it is not that ours never rejects: at 90 % it does', () => {
    expect(rejectedShare(shapeB, 20, atOnce, { failing: 0.9 }), `seed ${seed}`).toBeGreaterThan(0.5);
  });
});

type Span = readonly [number, number];
interface Pace {
  readonly failsAfterMs: Span;
  readonly beginsAfterMs: Span;
  readonly lastsMs: Span;
}

/** The share of calls that are refused while the provider fails at random and is never down. */
function rejectedShare(
  limits: machine.BreakerSettings,
  perSecond: number,
  { failsAfterMs, beginsAfterMs, lastsMs }: Pace,
  { failing = 0.2, seesBeginnings = true } = {},
): number {
  const calls = 150_000;
  const chance = seeded(seed);
  const within = ([from, to]: Span): number => from + chance() * (to - from);
  const later = new Agenda();
  let breaker: machine.Breaker = machine.closedBreaker;
  let nowMs = 0;
  let rejected = 0;
  for (let call = 0; call < calls; call++) {
    nowMs += -Math.log(1 - chance()) * (1_000 / perSecond);
    later.until(nowMs);
    breaker = machine.afterTime(breaker, nowMs, limits, chance());
    const { may, breaker: ticket } = machine.ask(breaker, nowMs, limits);
    breaker = ticket;
    if (may === 'wait') rejected++;
    else if (chance() < failing) {
      later.at(nowMs + within(failsAfterMs), (atMs) => {
        const judge = may === 'probe' && breaker === ticket ? machine.afterFailedProbe : machine.afterFailure;
        breaker = judge(breaker, atMs, limits, chance(), 'overloaded');
      });
    } else {
      const begunMs = nowMs + within(beginsAfterMs);
      const proven = (): machine.Breaker => (may === 'probe' ? machine.afterProof(breaker) : breaker);
      if (seesBeginnings) {
        later.at(begunMs, () => {
          breaker = machine.afterSign(proven());
        });
      }
      later.at(begunMs + within(lastsMs), (atMs) => {
        breaker = machine.afterSuccess(seesBeginnings ? breaker : proven(), atMs, limits);
      });
    }
  }
  return rejected / calls;
}

/** What is due later, in order. */
class Agenda {
  readonly #entries: { readonly atMs: number; readonly then: (atMs: number) => void }[] = [];

  at(atMs: number, then: (atMs: number) => void): void {
    let from = 0;
    let to = this.#entries.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#entries[middle] as { atMs: number }).atMs > atMs) to = middle;
      else from = middle + 1;
    }
    this.#entries.splice(from, 0, { atMs, then });
  }

  until(nowMs: number): void {
    for (let [next] = this.#entries; next !== undefined && next.atMs <= nowMs; [next] = this.#entries) {
      this.#entries.shift();
      next.then(next.atMs);
    }
  }
}
