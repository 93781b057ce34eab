/** The gateway's clock: it stands still until nothing else can move, and then jumps to the next thing that is due. */

import type { Clock } from '@sluice/core';
import { fakeClock } from '@sluice/testkit';

/** Time in the hands of a stage. */
export interface StageClock extends Clock {
  /** Timers that wait. */
  readonly pending: number;
  /** Ms until the next one is due; null when none is set. */
  readonly nextInMs: number | null;
  advance(ms: number): Promise<void>;
}

/** Noon in Los Angeles is hours away from any midnight that a quota could end at. */
const startsAtWallMs = Date.UTC(2026, 10, 21, 20);

/** Makes one. */
export function stageClock(): StageClock {
  const clock = fakeClock(startsAtWallMs);
  const due = new Set<{ readonly atMs: number }>();
  return {
    now: () => clock.now(),
    wallNow: () => clock.wallNow(),
    after(ms, then) {
      const timer = { atMs: clock.now() + Math.max(0, ms) };
      due.add(timer);
      const cancel = clock.after(ms, () => {
        due.delete(timer);
        then();
      });
      return () => {
        due.delete(timer);
        cancel();
      };
    },
    get pending() {
      return clock.pending;
    },
    get nextInMs() {
      if (due.size === 0) return null;
      return Math.max(0, Math.min(...[...due].map(({ atMs }) => atMs)) - clock.now());
    },
    advance: (ms) => clock.advance(ms),
  };
}
