/** Whether anything of a gateway is left: leases, requests, calls to the provider, timers. */

import type { Clock, Gateway } from '@sluice/core';
import type { Simulator } from '@sluice/simulator';
import { expect } from 'vitest';
import { eventually } from './eventually.ts';

/** A clock that knows how many of its timers are set. */
export interface CountingClock extends Clock {
  readonly pending: number;
}

/** Counts the timers of a clock. */
export function countingClock(clock: Clock): CountingClock {
  const pending = new Set<object>();
  return {
    now: () => clock.now(),
    wallNow: () => clock.wallNow(),
    after(ms, then) {
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
    },
    get pending() {
      return pending.size;
    },
  };
}

/** Fails when a lease is out, a request is inside, an upstream call runs, or a timer is set. */
export async function expectAtRest(gateway: Gateway, simulator: Simulator, clock: CountingClock): Promise<void> {
  await eventually('a request is still inside the gateway', () => gateway.snapshot().open === 0);
  await eventually('an upstream call still runs', () => simulator.journal.running === 0);
  const { pools, waiting, bufferedBytes } = gateway.snapshot();
  const inFlight = pools.flatMap(({ projects }) => projects.map((project) => project.inFlight));
  expect({ inFlight: Math.max(...inFlight), waiting, bufferedBytes, timers: clock.pending }).toEqual({
    inFlight: 0,
    waiting: 0,
    bufferedBytes: 0,
    timers: 0,
  });
}
