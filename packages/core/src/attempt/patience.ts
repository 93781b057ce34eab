/** How long an attempt may be silent in each of its phases. */

import type { Clock } from '../clock.ts';
import type { Alarms, Waiter } from './alarms.ts';

/** The slice of the settings that this file keeps to; each in ms, 0 for no limit. */
export interface TimeoutSettings {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly firstEventMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
  readonly slowReaderMs: number;
  readonly afterTerminalMs: number;
  readonly heartbeatMs: number;
}

/** What is being waited for. */
export type Phase = 'client-body' | 'sending' | 'headers' | 'first-event' | 'idle' | 'after-terminal' | 'slow-reader';

/** Watches one attempt's silences and calls out when one is too long. */
export class Patience implements Waiter {
  place = -1;
  readonly #clock: Clock;
  readonly #alarms: Alarms;
  readonly #onOver: (phase: Phase | 'total') => void;
  #deadlineAtMs: number;
  #phase: Phase = 'headers';
  #limitMs = 0;
  #sinceMs = 0;
  #isOver = false;

  /** @param deadlineAtMs - when the request as a whole has had its time, on the clock's monotonic scale */
  constructor(clock: Clock, alarms: Alarms, deadlineAtMs: number, onOver: (phase: Phase | 'total') => void) {
    this.#clock = clock;
    this.#alarms = alarms;
    this.#deadlineAtMs = deadlineAtMs;
    this.#onOver = onOver;
  }

  get phase(): Phase {
    return this.#phase;
  }

  get dueAtMs(): number {
    return Math.min(this.#sinceMs + this.#limitMs, this.#deadlineAtMs);
  }

  /** The request as a whole has so much time from now on, or less where that was said before. */
  endIn(limitMs: number): void {
    this.#deadlineAtMs = Math.min(this.#deadlineAtMs, this.#clock.now() + limitMs);
  }

  /** Begins to wait for something else; the silence counts from now. */
  enter(phase: Phase, limitMs: number): void {
    this.#phase = phase;
    this.#limitMs = limitMs === 0 ? Number.POSITIVE_INFINITY : limitMs;
    this.touch();
    if (this.#isOver) return;
    if (this.dueAtMs === Number.POSITIVE_INFINITY) this.#alarms.clear(this);
    else this.#alarms.set(this);
  }

  /** Something came: the silence begins anew. Costs a look at the clock; the alarm finds out when it rings. */
  touch(): void {
    this.#sinceMs = this.#clock.now();
  }

  stop(): void {
    this.#isOver = true;
    this.#alarms.clear(this);
  }

  due(nowMs: number): void {
    this.stop();
    this.#onOver(nowMs + 1 >= this.#deadlineAtMs ? 'total' : this.#phase);
  }
}
