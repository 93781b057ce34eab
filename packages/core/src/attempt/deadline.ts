/** Ends a request whose time is over while it waits for something other than the provider: for a key, or for a store. */

import type { Cancellation } from '../cancellation.ts';
import { SluiceError } from '../errors.ts';
import type { TimeLimit } from '../plan/time-limit.ts';
import type { Alarms, Waiter } from './alarms.ts';
import { outOfTime } from './trouble.ts';

/** One request's. Off while an attempt runs, which looks at the time itself and may have an answer to end properly. */
export class Deadline implements Waiter {
  place = -1;
  readonly dueAtMs: number;
  readonly #limit: TimeLimit;
  readonly #alarms: Alarms;
  readonly #cancellation: Cancellation;

  constructor(atMs: number, limit: TimeLimit, alarms: Alarms, cancellation: Cancellation) {
    this.dueAtMs = atMs;
    this.#limit = limit;
    this.#alarms = alarms;
    this.#cancellation = cancellation;
  }

  watch(): void {
    if (this.dueAtMs < Number.POSITIVE_INFINITY) this.#alarms.set(this);
  }

  stop(): void {
    this.#alarms.clear(this);
  }

  due(): void {
    const { code, message } = outOfTime(this.#limit);
    this.#cancellation.cancel(new SluiceError(code, message));
  }
}
