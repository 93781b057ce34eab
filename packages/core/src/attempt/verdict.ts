/** What follows from a failed attempt: pure, from the failure, how far the request has come, and what is left to spend. */

import { SluiceError } from '../errors.ts';
import type { Failure } from '../failure.ts';
import type { RetryBudget } from '../health/budget.ts';
import { retryCost } from '../health/budget.ts';
import type { Course } from '../plan/plan.ts';
import type { Repeat } from '../surface/surface.ts';
import { backoffMs } from './backoff.ts';
import type { HeldAnswer } from './held-answer.ts';

/** The slice of the settings that this file keeps to. */
export interface RetrySettings {
  readonly maxAttempts: number;
  readonly maxKeyFailovers: number;
  readonly maxUpstreamCalls: number;
  readonly baseDelayMs: number;
  readonly throttleDelayMs: number;
  readonly maxDelayMs: number;
}

/** What to do next. */
export type Verdict =
  | { readonly do: 'stop' }
  | { readonly do: 'again'; readonly afterMs: number; readonly isFailover: boolean }
  | { readonly do: 'show'; readonly held: HeldAnswer }
  | { readonly do: 'refuse'; readonly error: SluiceError };

/** What a verdict depends on beside the failure. */
export interface Circumstances {
  readonly settings: RetrySettings;
  readonly repeat: Repeat;
  readonly held: HeldAnswer | null;
  /** The client has seen a part of the answer. */
  readonly isShown: boolean;
  /** Another key could be borrowed right now. */
  readonly hasFree: boolean;
  readonly budget: RetryBudget;
  /** How long the request still has. */
  readonly leftMs: number;
  /** From 0 to 1. */
  readonly random: number;
}

/** An attempt that would have less time than this is not begun. */
export const shortestAttemptMs = 250;

/** Decides, and writes into `course` what it has decided. */
export function judge(failure: Failure, course: Course, around: Circumstances): Verdict {
  course.lastFailure = failure;
  if (around.isShown || failure.scope === 'client') return { do: 'stop' };
  if (mayRepeat(failure, around.repeat) && course.calls < around.settings.maxUpstreamCalls) {
    const again = next(failure, course, around);
    if (again !== null) return again;
  }
  // What the provider says of our keys is nobody's business but the operator's.
  const isShowable = around.held !== null && failure.scope !== 'key' && failure.scope !== 'project';
  if (isShowable && around.held !== null) return { do: 'show', held: around.held };
  return { do: 'refuse', error: errorOf(failure) };
}

function errorOf({ code, message, retryAfterMs }: Failure): SluiceError {
  return new SluiceError(code, message, { retryAfterMs });
}

function mayRepeat(failure: Failure, repeat: Repeat): boolean {
  if (failure.again === 'never') return false;
  switch (repeat) {
    case 'always':
      return true;
    case 'unless-it-ran':
      return !failure.mayHaveRun;
    case 'if-nothing-happened':
      return failure.isProofOfNothing;
    case 'never':
      return false;
  }
}

function next(failure: Failure, course: Course, around: Circumstances): Verdict | null {
  switch (failure.again) {
    case 'fresh-connection':
      return reconnect(course, around) ?? retry(failure, course, around);
    case 'same-key':
      return retry(failure, course, around);
    default:
      return failover(failure, course, around);
  }
}

/** The provider is well, as far as anybody knows: once, this costs nothing. */
function reconnect(course: Course, { leftMs }: Circumstances): Verdict | null {
  if (course.hasReconnected || leftMs < shortestAttemptMs) return null;
  course.hasReconnected = true;
  return { do: 'again', afterMs: 0, isFailover: false };
}

/** Other keys would meet the same overloaded model: the same one asks again, later, if the budget still allows it. */
function retry(failure: Failure, course: Course, { settings, budget, leftMs, random }: Circumstances): Verdict | null {
  course.tries++;
  const mostTries = Math.min(settings.maxAttempts, failure.mostTries ?? Number.POSITIVE_INFINITY);
  if (course.tries >= mostTries) return null;
  const baseMs = failure.pace === 'throttle' ? settings.throttleDelayMs : settings.baseDelayMs;
  const afterMs = backoffMs(course.tries - 1, baseMs, settings.maxDelayMs, failure.retryAfterMs ?? 0, random);
  if (afterMs === null || leftMs < afterMs + shortestAttemptMs || !budget.spend(failure.pace)) return null;
  course.spent += retryCost[failure.pace];
  return { do: 'again', afterMs, isFailover: false };
}

/** Another key may know better, and asking it costs neither a pause nor any budget. */
function failover(
  { mostTries = Number.POSITIVE_INFINITY }: Failure,
  course: Course,
  { settings, hasFree, leftMs }: Circumstances,
): Verdict | null {
  const most = Math.min(settings.maxKeyFailovers, mostTries - 1);
  if (course.failovers >= most || !hasFree || leftMs < shortestAttemptMs) return null;
  course.failovers++;
  course.keyId = null;
  return { do: 'again', afterMs: 0, isFailover: true };
}
