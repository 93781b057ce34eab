/**
 * A circuit breaker as a pure machine: outcomes go in, a state comes out, time is an argument.
 *
 * It opens on a run of failures that has lasted a while, or on many failures among the latest outcomes; then it stays
 * open for a random time that doubles with each failed probe; then one call may try. The numbers are those of shape B:
 * it opens after five calls at one a second and after thirty at a hundred, and stays shut at 20 % random failures.
 */

import { countIn, type Outcome, remember, type WindowSettings } from './window.ts';

/** The slice of the settings that this file keeps to. */
export interface BreakerSettings extends WindowSettings {
  readonly consecutiveFailures: number;
  readonly consecutiveSpanMs: number;
  readonly windowFailures: number;
  readonly openMs: number;
  readonly maxOpenMs: number;
  /** One call in so many ms passes an open breaker all the same; 0 for none. */
  readonly panicMs: number;
}

/** Why a breaker is open, and what stood in its window when it opened. */
export interface Cause {
  /** The kind of the last failure. */
  readonly reason: string;
  readonly failures: number;
  readonly outcomes: number;
}

/** What a breaker can be. What does not apply in a state cannot be written down in it. */
export type Breaker =
  | { readonly state: 'closed'; readonly run: number; readonly runSinceMs: number; readonly recent: readonly Outcome[] }
  | {
      readonly state: 'open';
      readonly untilMs: number;
      /** When the next call may pass all the same; never without {@link BreakerSettings.panicMs}. */
      readonly panicAtMs: number;
      /** Probes that have failed since it was closed. */
      readonly again: number;
      readonly cause: Cause;
    }
  | {
      readonly state: 'probing';
      /** Until when the probe has to have proven something. */
      readonly untilMs: number;
      readonly again: number;
      readonly cause: Cause;
    }
  /** By an operator, who alone ends it. */
  | { readonly state: 'isolated'; readonly reason: string };

export const closedBreaker: Breaker = { state: 'closed', run: 0, runSinceMs: 0, recent: [] };

/** What a probe has until its answer begins. Most answers do; who needs longer to think is believed later. */
const probeMs = 30_000;

/** What may be done with a call; `probe` and `panic` are calls that pass a breaker that is not closed. */
export type Admittance = 'pass' | 'probe' | 'panic' | 'wait';

/** May a call pass now? Once the time of an open breaker is over, the first to ask becomes the probe. */
export function ask(
  breaker: Breaker,
  nowMs: number,
  { panicMs }: BreakerSettings,
): { readonly may: Admittance; readonly breaker: Breaker } {
  switch (breaker.state) {
    case 'closed':
      return { may: 'pass', breaker };
    case 'open': {
      const { again, cause } = breaker;
      if (nowMs >= breaker.untilMs) {
        return { may: 'probe', breaker: { state: 'probing', untilMs: nowMs + probeMs, again, cause } };
      }
      if (nowMs < breaker.panicAtMs) return { may: 'wait', breaker };
      return { may: 'panic', breaker: { ...breaker, panicAtMs: nowMs + panicMs } };
    }
    case 'probing':
    case 'isolated':
      return { may: 'wait', breaker };
  }
}

/** What time alone has changed: a probe that has proven nothing in its time has failed. @param random - see {@link afterFailure} */
export function afterTime(breaker: Breaker, nowMs: number, limits: BreakerSettings, random: number): Breaker {
  if (breaker.state !== 'probing' || nowMs < breaker.untilMs) return breaker;
  const { untilMs, again, cause } = breaker;
  return opened(again + 1, untilMs, limits, random, { ...cause, reason: 'probe_overdue' });
}

/** A call that passed a closed breaker has failed for the target's own fault. @param random - from 0 to 1, spreads the open time by ± 20 % */
export function afterFailure(
  breaker: Breaker,
  nowMs: number,
  limits: BreakerSettings,
  random: number,
  reason: string,
): Breaker {
  if (breaker.state !== 'closed') return breaker;
  const run = breaker.run + 1;
  const runSinceMs = breaker.run === 0 ? nowMs : breaker.runSinceMs;
  const recent = remember(breaker.recent, { atMs: nowMs, isFailure: true }, limits);
  const isLongRun = run >= limits.consecutiveFailures && nowMs - runSinceMs >= limits.consecutiveSpanMs;
  const counts = countIn(recent, nowMs, limits);
  if (isLongRun || counts.failures >= limits.windowFailures) {
    return opened(0, nowMs, limits, random, { reason, ...counts });
  }
  return { state: 'closed', run, runSinceMs, recent };
}

/** The answer to a call has begun: the run of failures is over. How the call ends counts by itself, when it does. */
export function afterSign(breaker: Breaker): Breaker {
  return breaker.state === 'closed' && breaker.run > 0 ? { ...breaker, run: 0, runSinceMs: 0 } : breaker;
}

/** A call has ended well. What was under way when a breaker opened does not close it. */
export function afterSuccess(breaker: Breaker, nowMs: number, limits: BreakerSettings): Breaker {
  // Nothing to remember until something has failed: the usual case makes no garbage.
  if (breaker.state !== 'closed' || breaker.recent.length === 0) return breaker;
  const recent = remember(breaker.recent, { atMs: nowMs, isFailure: false }, limits);
  if (countIn(recent, nowMs, limits).failures === 0) return closedBreaker;
  return { state: 'closed', run: 0, runSinceMs: 0, recent };
}

/** A call that passed although it was not closed has proven something, be it late: the target is well. */
export function afterProof(breaker: Breaker): Breaker {
  return breaker.state === 'open' || breaker.state === 'probing' ? closedBreaker : breaker;
}

/** The probe has failed. @param random - see {@link afterFailure} */
export function afterFailedProbe(
  breaker: Breaker,
  nowMs: number,
  limits: BreakerSettings,
  random: number,
  reason: string,
): Breaker {
  if (breaker.state !== 'probing') return breaker;
  return opened(breaker.again + 1, nowMs, limits, random, { ...breaker.cause, reason });
}

/** The probe's client went away: nothing is known, and the next one may probe at once. */
export function afterAbandonedProbe(breaker: Breaker, nowMs: number): Breaker {
  if (breaker.state !== 'probing') return breaker;
  const { again, cause } = breaker;
  return { state: 'open', untilMs: nowMs, panicAtMs: Number.POSITIVE_INFINITY, again, cause };
}

/** An operator has taken the target out of use. */
export function isolated(reason: string): Breaker {
  return { state: 'isolated', reason };
}

/** A breaker in numbers. */
export interface Counts {
  readonly failures: number;
  readonly outcomes: number;
  /** Times in a row that it has opened. */
  readonly opened: number;
}

/** What stands in the window: now, or when it opened. */
export function countsOf(breaker: Breaker, nowMs: number, limits: BreakerSettings): Counts {
  switch (breaker.state) {
    case 'closed':
      return { ...countIn(breaker.recent, nowMs, limits), opened: 0 };
    case 'isolated':
      return { failures: 0, outcomes: 0, opened: 0 };
    default: {
      const { cause, again } = breaker;
      return { failures: cause.failures, outcomes: cause.outcomes, opened: again + 1 };
    }
  }
}

function opened(again: number, nowMs: number, limits: BreakerSettings, random: number, cause: Cause): Breaker {
  const openMs = Math.min(limits.maxOpenMs, limits.openMs * 2 ** again);
  const panicAtMs = limits.panicMs === 0 ? Number.POSITIVE_INFINITY : nowMs + limits.panicMs;
  return { state: 'open', untilMs: nowMs + openMs * (0.8 + 0.4 * random), panicAtMs, again, cause };
}
