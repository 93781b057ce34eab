/** How many bytes one attempt holds in memory, told to whoever counts for the request as a whole. */

import type { Errand } from './errand.ts';
import type { Latch } from './latch.ts';

/** Something that holds bytes beside the latch. */
export interface Holding {
  readonly heldBytes: number;
}

/** One attempt's. */
export class HeldBytes {
  readonly #errand: Errand;
  readonly #latch: Latch;
  #heldBytes = 0;
  #waitingBytes = 0;

  constructor(errand: Errand, latch: Latch) {
    this.#errand = errand;
    this.#latch = latch;
  }

  /**
   * Counts anew. What waits in the socket of a client that is full is counted too, but it is bounded, so nobody is ended
   * for that.
   *
   * @param body - where the answer goes first; null when nothing more comes
   * @param hasRoom - whether the client takes more
   * @returns false when there is no room for what has come
   */
  count(body: Holding | null, hasRoom: boolean): boolean {
    const copied = body === null || body === this.#latch ? 0 : body.heldBytes;
    const heldBytes = this.#latch.heldBytes + copied;
    const waitingBytes = hasRoom ? 0 : this.#errand.client.waitingBytes;
    const delta = heldBytes - this.#heldBytes;
    if (delta === 0 && waitingBytes === this.#waitingBytes) return true;
    const fits = this.#errand.tally.hold(delta + waitingBytes - this.#waitingBytes);
    this.#heldBytes = heldBytes;
    this.#waitingBytes = waitingBytes;
    return fits || delta <= 0;
  }
}
