/** A body while it comes: put together on the way, so that no large one is copied in one go when it is whole. */

import { joined } from '../bytes/joined.ts';
import { SluiceError } from '../errors.ts';

/** What is no longer is put together at its end. */
const smallBytes = 65_536;

/** The pieces of one body. */
export class Pieces {
  bytes = 0;
  readonly #declaredBytes: number;
  /** Those that are not in their place. */
  #pieces: Uint8Array[] = [];
  #place: Uint8Array | null = null;
  #placedBytes = 0;

  /** @param declaredBytes - how many will come; 0 when nobody has said. More than that may come all the same */
  constructor(declaredBytes: number) {
    this.#declaredBytes = declaredBytes;
  }

  add(piece: Uint8Array): void {
    this.bytes += piece.length;
    this.#pieces.push(piece);
    if (this.#place !== null) return this.#settle();
    // Not before half of it is here: who announces much and sends nothing gets no memory for it.
    if (this.#declaredBytes <= smallBytes || this.bytes * 2 < this.#declaredBytes) return;
    this.#place = new Uint8Array(this.#declaredBytes);
    this.#settle();
  }

  /** Null when all is here. A host in front of the gateway may hand on less than was sent, and end it as if that were all. */
  get shortfall(): SluiceError | null {
    if (!(this.bytes < this.#declaredBytes)) return null;
    const words = `Of the ${this.#declaredBytes} bytes that content-length tells, ${this.bytes} reached the gateway.`;
    return new SluiceError('invalid_request', `${words} What stands in front of it may have cut off the rest.`);
  }

  whole(): Uint8Array {
    const place = this.#place;
    if (place === null) return joined(this.#pieces);
    const placed = this.#placedBytes === place.length ? place : place.subarray(0, this.#placedBytes);
    return this.#pieces.length === 0 ? placed : joined([placed, ...this.#pieces]);
  }

  #settle(): void {
    const place = this.#place;
    if (place === null || this.bytes > place.length) return;
    for (const piece of this.#pieces) {
      place.set(piece, this.#placedBytes);
      this.#placedBytes += piece.length;
    }
    this.#pieces = [];
  }
}
