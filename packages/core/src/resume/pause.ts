/** Whether a broken stream is asked for once more, and how soon: pure, like the verdicts on whole attempts. */

import { backoffMs } from '../attempt/backoff.ts';
import { type RetrySettings, shortestAttemptMs } from '../attempt/verdict.ts';
import type { Failure } from '../failure.ts';
import { type RetryBudget, retryCost } from '../health/budget.ts';
import type { Course } from '../plan/plan.ts';

/** What it depends on beside the failure. */
export interface PauseTools {
  readonly settings: RetrySettings;
  readonly budget: RetryBudget;
  /** How long the request still has. */
  readonly leftMs: number;
  /** From 0 to 1. */
  readonly random: number;
}

/**
 * Decides, and writes into `course` what it has decided.
 *
 * @param silentTries - calls for the remainder, in a row, that have brought no event
 * @returns ms; null when the answer stays broken
 */
export function pauseBefore(failure: Failure, silentTries: number, course: Course, tools: PauseTools): number | null {
  const { settings, budget, leftMs, random } = tools;
  const { again, pace, retryAfterMs = 0 } = failure;
  const isSpent = silentTries >= settings.maxAttempts || course.calls >= settings.maxUpstreamCalls;
  if (again === 'never' || isSpent || leftMs < shortestAttemptMs) return null;
  if (again === 'other-key' || again === 'other-project') {
    course.keyId = null;
    return 0;
  }
  if (again === 'fresh-connection' && !course.hasReconnected) {
    course.hasReconnected = true;
    return 0;
  }
  const baseMs = pace === 'throttle' ? settings.throttleDelayMs : settings.baseDelayMs;
  const afterMs = backoffMs(silentTries, baseMs, settings.maxDelayMs, retryAfterMs, random);
  if (afterMs === null || leftMs < afterMs + shortestAttemptMs || !budget.spend(pace)) return null;
  course.spent += retryCost[pace];
  return afterMs;
}
