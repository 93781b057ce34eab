/** Where requests wait for a key that is back in a moment: bounded, one queue per model, fair among callers. */

import PQueue from 'p-queue';
import { Cancellation } from '../cancellation.ts';
import { type Clock, sleep } from '../clock.ts';
import { SluiceError } from '../errors.ts';

/** The slice of the settings that this file keeps to. */
export interface WaitingSettings {
  readonly maxEntries: number;
  readonly maxWaitMs: number;
}

/** Somebody who waits. */
export interface Waiting<Prize> {
  /** One queue per lane, so that a full model holds up nobody who wants another. */
  readonly lane: string;
  readonly callerId: string;
  readonly gone: Cancellation;
  /** Takes what is waited for, or says that it is not there yet. */
  grab(): Prize | null;
  /** Ms until it makes sense to look again; null when it never will. */
  waitMs(): number | null;
  refusal(): SluiceError;
}

/** The room. Each lane's queue is served one by one, and the first in line is the one that looks. */
export class WaitingRoom {
  readonly #settings: WaitingSettings;
  readonly #clock: Clock;
  readonly #queues = new Map<string, PQueue>();
  /** How many of a caller's requests wait: each further one stands behind the first ones of everybody else. */
  readonly #byCaller = new Map<string, number>();
  waiting = 0;

  constructor(settings: WaitingSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** @throws SluiceError the refusal when the wait would be too long, `overloaded` when the room is full; the reason of `gone` */
  async enter<Prize>(who: Waiting<Prize>): Promise<Prize> {
    const { maxEntries, maxWaitMs } = this.#settings;
    if ((who.waitMs() ?? Number.POSITIVE_INFINITY) > maxWaitMs) throw who.refusal();
    if (this.waiting >= maxEntries) {
      const message = `${this.waiting} requests wait for a key already; queue.maxEntries allows no more.`;
      throw new SluiceError('overloaded', message, { retryAfterMs: maxWaitMs });
    }
    const leave = new Cancellation();
    const cancel = this.#clock.after(maxWaitMs, () => leave.cancel(who.refusal()));
    const hangUp = { cancelled: (reason: unknown) => leave.cancel(reason) };
    who.gone.listen(hangUp);
    const already = this.#byCaller.get(who.callerId) ?? 0;
    this.#byCaller.set(who.callerId, already + 1);
    this.waiting++;
    try {
      const queue = this.#queueOf(who.lane);
      return await queue.add(() => this.#look(who, leave), { signal: leave.signal, priority: -already });
    } finally {
      this.waiting--;
      this.#leave(who.callerId);
      cancel();
      who.gone.forget(hangUp);
      this.#forgetIdle(who.lane);
    }
  }

  #leave(callerId: string): void {
    const left = (this.#byCaller.get(callerId) ?? 1) - 1;
    if (left === 0) this.#byCaller.delete(callerId);
    else this.#byCaller.set(callerId, left);
  }

  async #look<Prize>(who: Waiting<Prize>, leave: Cancellation): Promise<Prize> {
    for (;;) {
      leave.throwIfCancelled();
      const prize = who.grab();
      if (prize !== null) return prize;
      const waitMs = who.waitMs();
      if (waitMs === null) throw who.refusal();
      await sleep(this.#clock, Math.max(1, waitMs), leave);
    }
  }

  #queueOf(lane: string): PQueue {
    const queue = this.#queues.get(lane) ?? new PQueue({ concurrency: 1 });
    this.#queues.set(lane, queue);
    return queue;
  }

  #forgetIdle(lane: string): void {
    const queue = this.#queues.get(lane);
    if (queue !== undefined && queue.size === 0 && queue.pending <= 1) this.#queues.delete(lane);
  }
}
