/** Where a request may go, and how far it has come on the way. */

import type { Failure } from '../failure.ts';

/** What is wanted of a pool; fixed for the whole request. */
export interface Plan {
  /** The model as the provider knows it; null for calls that name none. */
  readonly model: string | null;
  /** Who wants it; waiting is fair among callers. */
  readonly callerId: string;
  /** The project that the request's resources live in: no other will do. Null when any will. */
  readonly pinned: string | null;
  /** The project in which the caller's things are made, for a call that may make one: another only when it cannot serve. */
  readonly home: string | null;
  /** What should stay with one project where the pool's strategy is sticky: a conversation, a caller; null for nothing. */
  readonly stickyKey: string | null;
  /** How many tokens it may use, by estimate; worked out only where tokens are counted. */
  readonly tokens: () => number;
  /** When the request as a whole has had its time, on the clock's monotonic scale; infinity for never. */
  readonly deadlineAtMs: number;
  /** A reservation for it that nobody settles is in flight no longer than this, in ms; said where it is longer than for other requests. */
  readonly leaseMs?: number;
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
  /** It was sent again for nothing, because an old connection had failed it. */
  hasReconnected: boolean;
  lastFailure: Failure | null;
}

const nobody: readonly string[] = [];

export function newCourse(): Course {
  return {
    calls: 0,
    tries: 0,
    failovers: 0,
    spent: 0,
    exhausted: nobody,
    keyId: null,
    hasReconnected: false,
    lastFailure: null,
  };
}
