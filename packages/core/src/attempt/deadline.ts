/** Ends a request whose time is over while it waits for something other than the provider: for a key, or for a store. */

import type { Cancellation } from '../cancellation.ts';
import { SluiceError } from '../errors.ts';
import type { TimeLimit } from '../plan/time-limit.ts';
import type { Alarms, Waiter } from './alarms.ts';
import { outOfTime } from './trouble.ts';

/** One request's. Off while an attempt runs, which looks at the time itself and may have an answer to end properly. */
export class Deadline implements Waiter {
  place = -1;
  readonly #alarms: Alarms;
  readonly #cancellation: Cancellation;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #limit: TimeLimit | null = null;

  constructor(alarms: Alarms, cancellation: Cancellation) {
    this.#alarms = alarms;
    this.#cancellation = cancellation;
  }

  /** On the clock's monotonic scale; infinity for never. */
  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  setTo(limit: TimeLimit, startedAtMs: number): void {
    this.#limit = limit;
    this.#dueAtMs = startedAtMs + limit.ms;
  }

  /** From now on the request may take as long as it likes. */
  lift(): void {
    this.stop();
    this.#dueAtMs = Number.POSITIVE_INFINITY;
  }

  watch(): void {
    if (this.#dueAtMs < Number.POSITIVE_INFINITY) this.#alarms.set(this);
  }

  stop(): void {
    if (this.place >= 0) this.#alarms.clear(this);
  }

  due(): void {
    const { code, message } = outOfTime(this.#limit as TimeLimit);
    this.#cancellation.cancel(new SluiceError(code, message));
  }
}
