/**
 * What a session holds of its limits. It lasts for hours, and a process that is killed settles nothing: so its places are
 * reserved for minutes, and renewed for as long as it lives.
 */

import type { Alarms, Waiter } from '../attempt/alarms.ts';
import type { Clock } from '../clock.ts';
import type { Reservation, Store } from '../store/store.ts';

/** Two renewals may be missed before anybody is counted out who is still at it. */
export const tenureMs = 180_000;
const renewEveryMs = 60_000;

/** What a tenure goes by. */
export interface TenureTools {
  readonly store: Store;
  readonly clock: Clock;
  readonly alarms: Alarms;
}

/** One session's: a call to the store each minute, and none for a frame. */
export class Tenure implements Waiter {
  place = -1;
  dueAtMs: number = Number.POSITIVE_INFINITY;
  readonly #tools: TenureTools;
  readonly #held: () => readonly (Reservation | null)[];

  /** @param held - what it holds just now; null for a limit that is none */
  constructor({ store, clock, alarms }: TenureTools, held: () => readonly (Reservation | null)[]) {
    this.#tools = { store, clock, alarms };
    this.#held = held;
  }

  start(): void {
    const { clock, alarms } = this.#tools;
    this.dueAtMs = clock.now() + renewEveryMs;
    alarms.set(this);
  }

  stop(): void {
    this.#tools.alarms.clear(this);
  }

  due(): void {
    this.start();
    const held = this.#held().filter((one) => one !== null);
    if (held.length === 0) return;
    const renewed = this.#tools.store.renew(held, tenureMs);
    // A store that is away ends no talk: the guard tells of it, and the next renewal takes the place again.
    if (renewed instanceof Promise) renewed.catch(() => {});
  }
}
