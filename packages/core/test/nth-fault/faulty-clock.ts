/** A clock whose timers come early, late or never, where they are told to. */

import type { FakeClock } from '@sluice/testkit';
import type { Clock } from '../../src/clock.ts';
import type { Faults } from './faults.ts';

/** As soon as a timer can come, so that time still goes on. */
const soonMs = 20;
const lateMs = 1_000;

/** It knows how many of its own timers are set. */
export interface FaultyClock extends Clock {
  readonly pending: number;
}

/** The same time as `clock`. */
export function faultyClock(clock: FakeClock, faults: Faults): FaultyClock {
  const pending = new Set<object>();
  const set = (ms: number, then: () => void): (() => void) => {
    const timer = {};
    pending.add(timer);
    const cancel = clock.after(ms, () => {
      pending.delete(timer);
      then();
    });
    return () => {
      pending.delete(timer);
      cancel();
    };
  };
  return {
    now: () => clock.now(),
    wallNow: () => clock.wallNow(),
    get pending() {
      return pending.size;
    },
    after(ms, then) {
      switch (faults.strike('timer')) {
        case 'early':
          return set(Math.min(ms, soonMs), then);
        case 'late':
          return set(ms * 2 + lateMs, then);
        case 'never':
          return () => {};
        default:
          return set(ms, then);
      }
    },
  };
}
