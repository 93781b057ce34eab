/** Where a request may go, and how far it has come on the way. */

import type { Failure } from '../failure.ts';

/** What is wanted of a pool; fixed for the whole request. */
export interface Plan {
  /** The model as the provider knows it; null for calls that name none. */
  readonly model: string | null;
  /** Who wants it; waiting is fair among callers. */
  readonly callerId: string;
  /** True for calls that create or use things that live in one project: a caller keeps its project then. */
  readonly isSticky: boolean;
  /** When the request as a whole has had its time, on the clock's monotonic scale. */
  readonly deadlineAtMs: number;
}

/** What has been done for a request so far; the journey counts calls, `attempt/verdict.ts` the rest. */
export interface Course {
  /** Calls that were made to the provider. */
  calls: number;
  /** Tries that failed for the provider's own reasons. */
  tries: number;
  /** Keys that were given up for another. */
  failovers: number;
  /** Retry budget spent; it comes back with success. */
  spent: number;
  /** Projects that were out of quota for this request; the pool writes them down, and asks none of them again. */
  exhausted: readonly string[];
  /** The key to use again; null when any will do. */
  keyId: string | null;
  lastFailure: Failure | null;
}

const nobody: readonly string[] = [];

export function newCourse(): Course {
  return { calls: 0, tries: 0, failovers: 0, spent: 0, exhausted: nobody, keyId: null, lastFailure: null };
}
