/** ROOM: the bytes that all requests hold together, and whether one of them may hold more. */

import { SluiceError } from '../errors.ts';

/** Somebody who holds bytes. */
export interface Holder {
  /** How many; the room's own note. */
  heldBytes: number;
}

/** Who holds no more than this is never refused: token counts, lists and most prompts go on when the room is used up. */
export const smallBytes = 65_536;

/**
 * While others hold more than this share, no further body comes in. The rest is for answers to those that are in: a
 * body that is let in without room for its answer has been sent up, and paid for, in vain.
 */
const bodyShare = 0.75;

/** What `server.maxBufferedBytes` bounds. */
export class Room {
  #maxBytes: number;
  #heldBytes = 0;

  /** @param maxBytes - 0 means no limit */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  get isHalfFull(): boolean {
    return this.#maxBytes > 0 && this.#heldBytes > this.#maxBytes / 2;
  }

  /** From now on; what is held stays. */
  allow(maxBytes: number): void {
    this.#maxBytes = maxBytes;
  }

  /**
   * A body of so many bytes is announced, and none of it is read yet. Nothing is counted: who announces much and sends
   * little must not keep others out.
   *
   * @throws SluiceError `overloaded`
   */
  askFor(bytes: number): void {
    if (!this.#hasRoomForBody(bytes, this.#heldBytes, bytes)) throw this.#full();
  }

  /**
   * So many more bytes of a body have come.
   *
   * @throws SluiceError `overloaded`; then they are not counted, and must be forgotten
   */
  takeBody(holder: Holder, bytes: number): void {
    if (!this.#hasRoomForBody(bytes, this.#heldBytes - holder.heldBytes, holder.heldBytes + bytes)) throw this.#full();
    this.#count(holder, bytes);
  }

  /**
   * So many bytes of an answer more, or fewer, are held. They are counted in any case: they are there.
   *
   * @returns false when there is no room for them, and they must be given up
   */
  takeAnswer(holder: Holder, deltaBytes: number): boolean {
    this.#count(holder, deltaBytes);
    const isFull = this.#maxBytes > 0 && this.#heldBytes > this.#maxBytes;
    return deltaBytes <= 0 || !isFull || holder.heldBytes <= smallBytes;
  }

  /** What one holds is the other's from now on. */
  pass(from: Holder, to: Holder): void {
    to.heldBytes += from.heldBytes;
    from.heldBytes = 0;
  }

  /** Whoever leaves holds nothing any more. */
  clear(holder: Holder): void {
    this.#count(holder, -holder.heldBytes);
  }

  #hasRoomForBody(bytes: number, ofOthers: number, ofAll: number): boolean {
    if (this.#maxBytes === 0 || ofAll <= smallBytes) return true;
    return ofOthers <= this.#maxBytes * bodyShare && this.#heldBytes + bytes <= this.#maxBytes;
  }

  #count(holder: Holder, deltaBytes: number): void {
    holder.heldBytes += deltaBytes;
    this.#heldBytes += deltaBytes;
  }

  #full(): SluiceError {
    const message =
      `Requests hold ${this.#heldBytes} bytes; server.maxBufferedBytes (${this.#maxBytes}) ` +
      `leaves no room for a body of more than ${smallBytes} bytes just now.`;
    return new SluiceError('overloaded', message, { retryAfterMs: 1_000 });
  }
}
