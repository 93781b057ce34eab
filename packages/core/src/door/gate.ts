/** Who is inside, and whether anybody may still come in. */

import { SluiceError } from '../errors.ts';
import { type Member, Roster } from '../roster.ts';

/** What the gate knows of one request under way. */
export interface Inside extends Member {
  readonly isStream: boolean;
  /** Ends it with an error in its own dialect. */
  expel(reason: SluiceError): void;
}

/** Counts requests and the bytes that they hold; shuts when the gateway drains. */
export class Gate {
  readonly #inside = new Roster<Inside>();
  #maxBufferedBytes: number;
  readonly #onEmpty = new Set<() => void>();
  #isShut = false;
  bufferedBytes = 0;

  constructor(maxBufferedBytes: number) {
    this.#maxBufferedBytes = maxBufferedBytes;
  }

  /** From now on; who is inside stays. */
  allow(maxBufferedBytes: number): void {
    this.#maxBufferedBytes = maxBufferedBytes;
  }

  get open(): number {
    return this.#inside.size;
  }

  get streams(): number {
    let streams = 0;
    for (const one of this.#inside) if (one.isStream) streams++;
    return streams;
  }

  get isShut(): boolean {
    return this.#isShut;
  }

  /** @throws SluiceError `draining` */
  enter(one: Inside): void {
    if (this.#isShut) {
      throw new SluiceError('draining', 'This gateway is shutting down; send the request again.', {
        retryAfterMs: 1_000,
      });
    }
    this.#inside.add(one);
  }

  leave(one: Inside): void {
    this.#inside.delete(one);
    if (this.#inside.size === 0) for (const tell of this.#onEmpty) tell();
  }

  /** @throws SluiceError `overloaded` when the bytes held by all requests together are as many as may be */
  askForRoom(): void {
    if (this.#maxBufferedBytes === 0 || this.bufferedBytes < this.#maxBufferedBytes) return;
    const message = `Requests hold ${this.bufferedBytes} bytes already; server.maxBufferedBytes allows no more.`;
    throw new SluiceError('overloaded', message, { retryAfterMs: 1_000 });
  }

  shut(): void {
    this.#isShut = true;
  }

  expelAll(reason: SluiceError): void {
    for (const one of this.#inside) one.expel(reason);
  }

  /** Resolves when nobody is inside. */
  empty(): Promise<void> {
    if (this.#inside.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const tell = (): void => {
        this.#onEmpty.delete(tell);
        resolve();
      };
      this.#onEmpty.add(tell);
    });
  }
}
