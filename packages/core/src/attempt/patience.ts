/** How long an attempt may be silent in each of its phases. One timer per attempt, set when needed and moved lazily. */

import type { Clock } from '../clock.ts';

/** The slice of the settings that this file keeps to; each in ms, 0 for no limit. */
export interface TimeoutSettings {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly firstEventMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
  readonly slowReaderMs: number;
  readonly afterTerminalMs: number;
}

/** What is being waited for. */
export type Phase = 'headers' | 'first-event' | 'idle' | 'after-terminal' | 'slow-reader';

/** Watches one attempt's silences and calls out when one is too long. */
export class Patience {
  readonly #clock: Clock;
  readonly #onOver: (phase: Phase | 'total') => void;
  readonly #deadlineAtMs: number;
  #phase: Phase = 'headers';
  #limitMs = 0;
  #sinceMs = 0;
  #firesAtMs = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | null = null;
  #isOver = false;

  /** @param deadlineAtMs - when the request as a whole has had its time, on the clock's monotonic scale */
  constructor(clock: Clock, deadlineAtMs: number, onOver: (phase: Phase | 'total') => void) {
    this.#clock = clock;
    this.#deadlineAtMs = deadlineAtMs;
    this.#onOver = onOver;
  }

  /** Begins to wait for something else; the silence counts from now. */
  enter(phase: Phase, limitMs: number): void {
    this.#phase = phase;
    this.#limitMs = limitMs === 0 ? Number.POSITIVE_INFINITY : limitMs;
    this.touch();
    this.#arm();
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Something came: the silence begins anew. Costs a look at the clock; the timer finds out when it fires. */
  touch(): void {
    this.#sinceMs = this.#clock.now();
  }

  stop(): void {
    this.#isOver = true;
    this.#cancel?.();
    this.#cancel = null;
  }

  #dueAtMs(): number {
    return Math.min(this.#sinceMs + this.#limitMs, this.#deadlineAtMs);
  }

  #arm(): void {
    const dueAtMs = this.#dueAtMs();
    if (this.#isOver || (this.#cancel !== null && this.#firesAtMs <= dueAtMs)) return;
    this.#cancel?.();
    this.#cancel = null;
    if (dueAtMs === Number.POSITIVE_INFINITY) return;
    this.#firesAtMs = dueAtMs;
    this.#cancel = this.#clock.after(dueAtMs - this.#clock.now(), () => this.#look());
  }

  #look(): void {
    this.#cancel = null;
    const nowMs = this.#clock.now();
    if (this.#isOver) return;
    // A timer may fire a fraction of a millisecond early.
    if (nowMs + 1 < this.#dueAtMs()) return this.#arm();
    this.stop();
    this.#onOver(nowMs + 1 >= this.#deadlineAtMs ? 'total' : this.#phase);
  }
}
