/** Where requests wait for a key that is back in a moment: bounded, one queue per model, fair among callers. */

import PQueue from 'p-queue';
import { type Cancellable, Cancellation } from '../cancellation.ts';
import type { Clock } from '../clock.ts';
import { SluiceError } from '../errors.ts';
import type { Eventually } from '../store/store.ts';

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
  grab(): Eventually<Prize | null>;
  /** What was grabbed has come too late: whoever waited has gone. */
  giveBack(prize: Prize): void;
  /** Ms until it makes sense to look again; null when it never will. */
  waitMs(): number | null;
  refusal(): SluiceError;
}

interface Sleeper extends Cancellable {
  readonly leave: Cancellation;
  readonly cancel: () => void;
  wake(): void;
}

interface Line {
  readonly queue: PQueue;
  /** Those who stand in it, the first one included. */
  length: number;
}

/** The room. Each lane's queue is served one by one, and the first in line is the one that looks. */
export class WaitingRoom {
  readonly #settings: WaitingSettings;
  readonly #clock: Clock;
  readonly #mayWait: () => boolean;
  readonly #lines = new Map<string, Line>();
  /** How many of a caller's requests wait: each further one stands behind the first ones of everybody else. */
  readonly #byCaller = new Map<string, number>();
  /** The first in line of each lane, while there is nothing to look for. */
  readonly #sleepers = new Set<Sleeper>();
  waiting = 0;

  /** @param mayWait - false while the process has too much to do: then whoever would wait is refused at once */
  constructor(settings: WaitingSettings, clock: Clock, mayWait: () => boolean = () => true) {
    this.#settings = settings;
    this.#clock = clock;
    this.#mayWait = mayWait;
  }

  /** Something has become free: whoever is first in line looks at once. */
  poke(): void {
    for (const sleeper of [...this.#sleepers]) sleeper.wake();
  }

  /** @throws SluiceError the refusal when the wait would be too long, `overloaded` when the room is full; the reason of `gone` */
  async enter<Prize>(who: Waiting<Prize>): Promise<Prize> {
    const { maxEntries, maxWaitMs } = this.#settings;
    if ((who.waitMs() ?? Number.POSITIVE_INFINITY) > maxWaitMs || !this.#mayWait()) throw who.refusal();
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
    const line = this.#lineOf(who.lane);
    line.length++;
    let prize: Prize | null = null;
    const look = async (): Promise<Prize> => (prize = await this.#look(who, leave));
    try {
      return await line.queue.add(look, { signal: leave.signal, priority: -already });
    } catch (error) {
      // The queue may let go of somebody who has just been served.
      if (prize !== null) who.giveBack(prize);
      throw error;
    } finally {
      this.waiting--;
      this.#leave(who.callerId);
      cancel();
      who.gone.forget(hangUp);
      if (--line.length === 0) this.#lines.delete(who.lane);
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
      const prize = await who.grab();
      if (prize !== null && !leave.isCancelled) return prize;
      if (prize !== null) who.giveBack(prize);
      leave.throwIfCancelled();
      const waitMs = who.waitMs();
      if (waitMs === null) throw who.refusal();
      await this.#pause(Math.max(1, waitMs), leave);
    }
  }

  /** Until it makes sense to look again, or somebody says that it does now. */
  #pause(ms: number, leave: Cancellation): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = {
        cancelled: (reason: unknown): void => {
          this.#stir(sleeper);
          reject(reason);
        },
        wake: (): void => {
          this.#stir(sleeper);
          resolve();
        },
        cancel: this.#clock.after(ms, () => sleeper.wake()),
        leave,
      };
      this.#sleepers.add(sleeper);
      leave.listen(sleeper);
    });
  }

  #stir(sleeper: Sleeper): void {
    this.#sleepers.delete(sleeper);
    sleeper.cancel();
    sleeper.leave.forget(sleeper);
  }

  #lineOf(lane: string): Line {
    const line = this.#lines.get(lane) ?? { queue: new PQueue({ concurrency: 1 }), length: 0 };
    this.#lines.set(lane, line);
    return line;
  }
}
