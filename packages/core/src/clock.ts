/** Time as an argument: everything that waits or measures takes it from a {@link Clock}. */

import type { Cancellation } from './cancellation.ts';

/** Where time comes from. Tests bring a clock of their own and move it by hand. */
export interface Clock {
  /** Monotonic ms, for spans. It never goes back and says nothing about the date. */
  now(): number;
  /** Ms since 1970, for what people read and for quotas that end at midnight. */
  wallNow(): number;
  /**
   * Calls `then` once, `ms` from now.
   *
   * @returns takes it back; harmless when it has already happened
   */
  after(ms: number, then: () => void): () => void;
}

/** Longer delays become 1 ms in Node and in browsers, so no timer is ever set beyond it. */
const longestTimerMs = 2 ** 31 - 1;

/** The system's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  after(ms, then) {
    // What is no number would be 1 ms as well, and then again and again.
    const timer = setTimeout(then, ms <= longestTimerMs ? Math.max(0, ms) : longestTimerMs);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or rejects with the reason as soon as it is cancelled; no timer is left behind. */
export function sleep(clock: Clock, ms: number, cancellation: Cancellation): Promise<void> {
  return new Promise((resolve, reject) => {
    if (cancellation.isCancelled) return reject(cancellation.reason);
    const sleeper = {
      cancelled(reason: unknown): void {
        cancel();
        reject(reason);
      },
    };
    const cancel = clock.after(ms, () => {
      cancellation.forget(sleeper);
      resolve();
    });
    cancellation.listen(sleeper);
  });
}

const dayMs = 86_400_000;

/** A delay that somebody else asked for, made safe for a timer: within [0, 24 h], and 24 h when it is no number. */
export function clampDelayMs(ms: number): number {
  return Number.isNaN(ms) ? dayMs : Math.min(Math.max(0, ms), dayMs);
}
