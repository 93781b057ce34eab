/**
 * A circuit breaker as a pure machine: outcomes go in, a state comes out, time is an argument.
 *
 * It opens on a run of failures that has lasted a while, or on many failures among the latest outcomes; then it stays
 * open for a random time that doubles with each failed probe; then one call may try. The numbers are those of shape B:
 * it opens after five calls at one a second and after thirty at a hundred, and stays shut at 20 % random failures.
 */

/** The slice of the settings that this file keeps to. */
export interface BreakerSettings {
  readonly consecutiveFailures: number;
  readonly consecutiveSpanMs: number;
  readonly windowOutcomes: number;
  readonly windowFailures: number;
  readonly windowMs: number;
  readonly openMs: number;
  readonly maxOpenMs: number;
}

interface Outcome {
  readonly atMs: number;
  readonly isFailure: boolean;
}

/** What a breaker can be. What does not apply in a state cannot be written down in it. */
export type Breaker =
  | { readonly state: 'closed'; readonly run: number; readonly runSinceMs: number; readonly recent: readonly Outcome[] }
  | { readonly state: 'open'; readonly untilMs: number; readonly opened: number }
  | { readonly state: 'probing'; readonly opened: number };

export const closedBreaker: Breaker = { state: 'closed', run: 0, runSinceMs: 0, recent: [] };

/** May a call pass now? Once the time of an open breaker is over, the first to ask becomes the probe. */
export function ask(
  breaker: Breaker,
  nowMs: number,
): { readonly may: 'pass' | 'probe' | 'wait'; readonly breaker: Breaker } {
  switch (breaker.state) {
    case 'closed':
      return { may: 'pass', breaker };
    case 'open':
      if (nowMs < breaker.untilMs) return { may: 'wait', breaker };
      return { may: 'probe', breaker: { state: 'probing', opened: breaker.opened } };
    case 'probing':
      return { may: 'wait', breaker };
  }
}

/** A call has failed for the target's own fault. @param random - from 0 to 1, spreads the open time by ± 20 % */
export function afterFailure(breaker: Breaker, nowMs: number, limits: BreakerSettings, random: number): Breaker {
  switch (breaker.state) {
    case 'open':
      return breaker;
    case 'probing':
      return opened(breaker.opened + 1, nowMs, limits, random);
    case 'closed': {
      const run = breaker.run + 1;
      const runSinceMs = breaker.run === 0 ? nowMs : breaker.runSinceMs;
      const recent = remember(breaker.recent, { atMs: nowMs, isFailure: true }, limits);
      const isLongRun = run >= limits.consecutiveFailures && nowMs - runSinceMs >= limits.consecutiveSpanMs;
      const failures = recent.reduce((count, outcome) => count + (outcome.isFailure ? 1 : 0), 0);
      if (isLongRun || failures >= limits.windowFailures) return opened(0, nowMs, limits, random);
      return { state: 'closed', run, runSinceMs, recent };
    }
  }
}

/** A call has succeeded. Only a probe closes an open breaker; what was under way when it opened does not. */
export function afterSuccess(breaker: Breaker, nowMs: number, limits: BreakerSettings): Breaker {
  switch (breaker.state) {
    case 'open':
      return breaker;
    case 'probing':
      return closedBreaker;
    case 'closed':
      // Nothing to remember until something has failed: the usual case makes no garbage.
      if (breaker.recent.length === 0) return breaker;
      return {
        state: 'closed',
        run: 0,
        runSinceMs: 0,
        recent: remember(breaker.recent, { atMs: nowMs, isFailure: false }, limits),
      };
  }
}

/** The probe's client went away: nothing is known, and the next one may probe at once. */
export function afterAbandonedProbe(breaker: Breaker, nowMs: number): Breaker {
  return breaker.state === 'probing' ? { state: 'open', untilMs: nowMs, opened: breaker.opened } : breaker;
}

function remember(recent: readonly Outcome[], outcome: Outcome, limits: BreakerSettings): Outcome[] {
  const oldest = outcome.atMs - limits.windowMs;
  const kept = recent.filter((one) => one.atMs >= oldest);
  return [...kept, outcome].slice(-limits.windowOutcomes);
}

function opened(count: number, nowMs: number, limits: BreakerSettings, random: number): Breaker {
  const openMs = Math.min(limits.maxOpenMs, limits.openMs * 2 ** count);
  return { state: 'open', untilMs: nowMs + openMs * (0.8 + 0.4 * random), opened: count };
}
