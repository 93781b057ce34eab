/**
 * One timer for everybody who waits.
 *
 * A limit of seconds or minutes is nearly never met, and moves on with each piece of an answer. So nothing is set per
 * attempt: one timer is due when the first of them could be, and looks at all of them then.
 *
 * Where a timer ends with the request that has set it (on Workers), everybody has a timer of their own.
 */

import { platform } from '#platform';
import type { Clock } from '../clock.ts';
import { type Member, Roster } from '../roster.ts';

/** Somebody with a limit. */
export interface Waiter extends Member {
  /** On the clock's monotonic scale; may move on at any time without a word, but closer only by another `Alarms.set`. */
  readonly dueAtMs: number;
  /** It is time. Called once; whoever waits on after that sets itself again. */
  due(nowMs: number): void;
}

interface OwnTimer {
  readonly atMs: number;
  cancel(): void;
}

/** Calls waiters when they are due, as exactly as the clock's timers are, and never early. */
export class Alarms {
  readonly #clock: Clock;
  readonly #waiters = new Roster<Waiter>();
  #firesAtMs = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | null = null;
  /** Null where one timer serves all. */
  readonly #own: Map<Waiter, OwnTimer> | null;

  /** @param isShared - a timer fires whatever becomes of the request that has set it */
  constructor(clock: Clock, isShared: boolean = platform.keepsTimers) {
    this.#clock = clock;
    this.#own = isShared ? null : new Map();
  }

  /** Begins to wait, or notices that a limit has come closer. */
  set(waiter: Waiter): void {
    if (waiter.place < 0) this.#waiters.add(waiter);
    if (this.#own !== null) return this.#armOwn(waiter, this.#own);
    if (waiter.dueAtMs < this.#firesAtMs) this.#arm(waiter.dueAtMs);
  }

  /** Nobody waits any more: then nothing is left behind. */
  clear(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    if (this.#own !== null) this.#disarmOwn(waiter, this.#own);
    else if (this.#waiters.size === 0) this.#disarm();
  }

  #armOwn(waiter: Waiter, own: Map<Waiter, OwnTimer>): void {
    const before = own.get(waiter);
    if (before !== undefined && before.atMs <= waiter.dueAtMs) return;
    before?.cancel();
    const atMs = waiter.dueAtMs;
    if (atMs === Number.POSITIVE_INFINITY) return void own.delete(waiter);
    const look = (): void => {
      own.delete(waiter);
      const nowMs = this.#clock.now();
      // It has moved on, or the timer was a fraction of a millisecond early.
      if (waiter.dueAtMs > nowMs) return this.#armOwn(waiter, own);
      this.#waiters.delete(waiter);
      waiter.due(nowMs);
    };
    own.set(waiter, { atMs, cancel: this.#clock.after(atMs - this.#clock.now(), look) });
  }

  #disarmOwn(waiter: Waiter, own: Map<Waiter, OwnTimer>): void {
    own.get(waiter)?.cancel();
    own.delete(waiter);
  }

  #arm(atMs: number): void {
    this.#disarm();
    if (atMs === Number.POSITIVE_INFINITY) return;
    this.#firesAtMs = atMs;
    this.#cancel = this.#clock.after(atMs - this.#clock.now(), () => this.#look());
  }

  #disarm(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#firesAtMs = Number.POSITIVE_INFINITY;
  }

  #look(): void {
    this.#disarm();
    const nowMs = this.#clock.now();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const waiter of this.#waiters) {
      if (waiter.place < 0) continue;
      // A timer may fire a fraction of a millisecond early; then another one is set for the rest.
      if (waiter.dueAtMs <= nowMs) {
        this.#waiters.delete(waiter);
        waiter.due(nowMs);
      } else if (waiter.dueAtMs < nextMs) nextMs = waiter.dueAtMs;
    }
    // Who was called may have set an alarm of its own, or sent everybody else home.
    if (this.#waiters.size > 0 && nextMs < this.#firesAtMs) this.#arm(nextMs);
  }
}
