/** A clock that stands still until a test moves it. */

import type { Clock } from '@sluice/core';

/** Time in a test's hands. */
export interface FakeClock extends Clock {
  /** Moves on, and calls what falls due on the way, in order. Promises get their turn in between. */
  advance(ms: number): Promise<void>;
  /** Timers that wait; 0 when nothing was left behind. */
  readonly pending: number;
}

/** @param wallMs - what the wall clock shows at the start; 2026-11-21T12:00:00Z unless told otherwise */
export function fakeClock(wallMs: number = Date.UTC(2026, 10, 21, 12)): FakeClock {
  let nowMs = 1_000;
  const timers = new Set<{ dueMs: number; then: () => void }>();

  return {
    now: () => nowMs,
    wallNow: () => wallMs + nowMs - 1_000,
    after(ms, then) {
      const timer = { dueMs: nowMs + Math.max(0, ms), then };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    get pending() {
      return timers.size;
    },
    async advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        await settled();
        const [next] = [...timers].filter(({ dueMs }) => dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs);
        if (next === undefined) break;
        timers.delete(next);
        nowMs = Math.max(nowMs, next.dueMs);
        next.then();
      }
      nowMs = endMs;
      await settled();
    },
  };
}

/** Lets every promise that can go on do so. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
