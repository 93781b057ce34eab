/**
 * The line to a store that may hang: a deadline for each verb, and a breaker that leaves a dead store alone.
 *
 * Who asks never waits for anything but the verb itself: once one verb is late, the line finds out by itself whether
 * the store is gone, and meanwhile everybody is answered otherwise. So a request waits for one deadline at most, however
 * many verbs it needs.
 */

import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
  isTaskCancelledError,
  type TimeoutPolicy,
  TimeoutStrategy,
  timeout,
} from 'cockatiel';
import type { Clock } from '../clock.ts';
import type { Eventually } from './store.ts';

const failuresInARow = 5;
const openMs = 2_000;

export interface LineOptions {
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** A small verb that writes, so that a replica which only reads does not pass for a store. */
  readonly knock: () => Eventually<unknown>;
  /** What has to be done at the store before it is used again. Where it rejects, the store is still gone. */
  readonly beforeReturn: (within: Within) => Promise<void>;
  /** The store is used again, after an outage or only a doubt. */
  readonly onUp: () => void;
  readonly onChange: (isDegraded: boolean, why: string) => void;
}

/** Runs a verb under the deadline. */
export type Within = <Value>(verb: () => Eventually<Value>) => Promise<Value>;

export class Line {
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #knock: LineOptions['knock'];
  readonly #beforeReturn: LineOptions['beforeReturn'];
  readonly #onUp: LineOptions['onUp'];
  readonly #onChange: LineOptions['onChange'];
  readonly #run = new ConsecutiveBreaker(failuresInARow);
  readonly #breaker: CircuitBreakerPolicy;
  readonly #deadline: TimeoutPolicy;
  #isDegraded = false;
  #isSuspect = false;
  #isKnocking = false;
  #isClosed = false;
  /** Whether the store has ever answered later; one that answers at once needs no alarm. */
  #answersLater = false;
  #opensAgainAtMs = 0;
  #takeBackAlarm: () => void = () => {};
  #why = '';

  constructor({ clock, deadlineMs, knock, beforeReturn, onUp, onChange }: LineOptions) {
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
    this.#knock = knock;
    this.#beforeReturn = beforeReturn;
    this.#onUp = onUp;
    this.#onChange = onChange;
    // cockatiel reads the wall clock, and one that is set back would keep the breaker open; it asks how long at each
    // call, so our own clock can answer.
    const isOver = (): boolean => clock.now() >= this.#opensAgainAtMs;
    const wait = {
      get duration(): number {
        return isOver() ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
      },
      next: () => wait,
    };
    this.#breaker = circuitBreaker(handleAll, { halfOpenAfter: wait, breaker: this.#run });
    this.#breaker.onBreak((reason) => {
      if ('error' in reason) this.#failed(reason.error);
      this.#broken();
    });
    this.#breaker.onReset(() => this.#whole());
    this.#deadline = timeout(deadlineMs, { strategy: TimeoutStrategy.Aggressive, abortOnReturn: false });
  }

  get isDegraded(): boolean {
    return this.#isDegraded;
  }

  /** What the last failure was, for people. */
  get why(): string {
    return this.#why;
  }

  /** The store answers, as far as is known. */
  get isUp(): boolean {
    return !this.#isDegraded && !this.#isSuspect;
  }

  /** And the last thing it was asked, it has answered. */
  get isWell(): boolean {
    return this.isUp && this.#run.state === 0;
  }

  /**
   * Asks the store, or does `instead`: at once when the store is gone, after the deadline when this is how it shows.
   *
   * @param late - hears an answer that comes after all
   */
  ask<Value>(
    verb: () => Eventually<Value>,
    instead: () => Eventually<Value>,
    late?: (value: Value) => void,
  ): Eventually<Value> {
    if (!this.isUp) {
      if (this.#isDegraded && this.#clock.now() >= this.#opensAgainAtMs) void this.#tryAgain();
      return instead();
    }
    let answer: Eventually<Value>;
    try {
      answer = verb();
    } catch (error) {
      this.#failed(error);
      void this.#breaker.execute(() => Promise.reject(error)).catch(nothing);
      return instead();
    }
    if (!(answer instanceof Promise)) {
      if (this.#run.state > 0) this.#run.success();
      return answer;
    }
    this.#answersLater = true;
    return this.#inTime(answer, instead, late);
  }

  /** Under the deadline, whatever is known of the store; counts neither way. */
  readonly within: Within = (verb) => this.#deadline.execute(async () => verb());

  close(): void {
    this.#isClosed = true;
    this.#takeBackAlarm();
  }

  async #inTime<Value>(
    answer: Promise<Value>,
    instead: () => Eventually<Value>,
    late: (value: Value) => void = nothing,
  ): Promise<Value> {
    try {
      return await this.#breaker.execute(() => this.#deadline.execute(() => answer));
    } catch (error) {
      answer.then(late).catch(nothing);
      this.#failed(error);
      if (isTaskCancelledError(error)) this.#suspect();
      return instead();
    }
  }

  /** A late verb may be a slow one. Ask until an answer comes, or until it is sure that none does. */
  #suspect(): void {
    if (this.#isSuspect || this.#isDegraded) return;
    this.#isSuspect = true;
    void this.#knockUntilSure();
  }

  async #knockUntilSure(): Promise<void> {
    while (this.#breaker.state === CircuitState.Closed && !this.#isClosed) {
      try {
        await this.#breaker.execute(() => this.within(this.#knock));
        break;
      } catch (error) {
        this.#failed(error);
      }
    }
    this.#isSuspect = false;
    if (this.isUp) this.#onUp();
  }

  /** One at a time, and never somebody's request: cockatiel would let all others wait for its outcome. */
  async #tryAgain(): Promise<void> {
    if (this.#isKnocking || this.#isClosed) return;
    const earlyMs = this.#opensAgainAtMs - this.#clock.now();
    // A timer may come a little before its time by the other clock.
    if (earlyMs > 0) return this.#setAlarm(earlyMs);
    this.#isKnocking = true;
    try {
      await this.#breaker.execute(async () => {
        await this.within(this.#knock);
        await this.#beforeReturn(this.within);
      });
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isKnocking = false;
    }
  }

  #broken(): void {
    this.#opensAgainAtMs = this.#clock.now() + openMs;
    if (this.#answersLater) this.#setAlarm(openMs);
    if (this.#isDegraded) return;
    this.#isDegraded = true;
    this.#tell(true, this.#why);
  }

  #setAlarm(inMs: number): void {
    this.#takeBackAlarm();
    if (!this.#isClosed) this.#takeBackAlarm = this.#clock.after(inMs, () => void this.#tryAgain());
  }

  #whole(): void {
    this.#takeBackAlarm();
    this.#isDegraded = false;
    this.#isSuspect = false;
    this.#onUp();
    this.#tell(false, 'it answers again');
  }

  #tell(isDegraded: boolean, why: string): void {
    try {
      this.#onChange(isDegraded, why);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  #failed(error: unknown): void {
    if (isTaskCancelledError(error)) this.#why = `no answer within ${this.#deadlineMs} ms`;
    else this.#why = error instanceof Error ? error.message : String(error);
  }
}

function nothing(): void {}
