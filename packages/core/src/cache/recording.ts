/**
 * An answer as it was poured, to be played to whoever has asked for it: piece by piece, to each at its own pace.
 *
 * All of it is kept while it fits, so that whoever comes late hears it from the start. From then on it is cut: what
 * everybody has taken is forgotten, and the slowest holds the source.
 */

import { joined } from '../bytes/joined.ts';
import type { Flow, HeaderBag, Sink } from '../wire.ts';

/** Of a recording that is cut, nobody lags behind by more than this before the source is held. */
const longestLagBytes = 65_536;
/** What an answer takes beside its bytes: its head, its place among others, and each of its pieces. */
const headBytes = 2_048;
const pieceBytes = 128;

/** Somebody to whom it is played. */
export interface Listener {
  /** It takes nothing more just now. */
  readonly isFull: boolean;
  /** Pieces that it was given. */
  readonly taken: number;
  /** Bytes of those. */
  readonly takenBytes: number;
  /** There is more to play, or no more is to come. */
  moved(): void;
  /** Bytes that are none of the answer; nothing else was said since the last piece. */
  remark(bytes: Uint8Array): void;
}

/** Whose recording it is. */
export interface Keeper {
  /** So many bytes more, or fewer, are kept. @returns false when there is no room for them */
  keep(deltaBytes: number): boolean;
  /** It is cut: who comes now is too late for its beginning. */
  cut(): void;
}

/** How an answer ended. */
export interface Ended {
  /** Null for a proper end. */
  readonly error: Error | null;
  /** @see Sink.fail */
  readonly lastWords: Uint8Array | undefined;
}

/** One answer. */
export class Recording implements Sink {
  /** 0 until its head has come. */
  status = 0;
  headers: HeaderBag = {};
  bytes = 0;
  /** Null while more may come. */
  ended: Ended | null = null;
  isCut = false;
  readonly #longestBytes: number;
  readonly #keeper: Keeper | null;
  #pieces: Uint8Array[] = [];
  /** Pieces that are forgotten. */
  #forgotten = 0;
  readonly #listeners = new Set<Listener>();
  #flow: Flow | null = null;
  #isHeld = false;

  /**
   * @param longestBytes - a longer one is cut
   * @param keeper - null where nobody counts
   */
  constructor(longestBytes: number, keeper: Keeper | null) {
    this.#longestBytes = longestBytes;
    this.#keeper = keeper;
  }

  /** Pieces that have come. */
  get length(): number {
    return this.#forgotten + this.#pieces.length;
  }

  /** What it takes to keep it. */
  get keptBytes(): number {
    return this.bytes + headBytes + this.length * pieceBytes;
  }

  /** A piece that is not forgotten: one that some listener has not taken yet. */
  piece(at: number): Uint8Array {
    return this.#pieces[at - this.#forgotten] as Uint8Array;
  }

  /** The same in memory of its own and no more of it: a piece may be a corner of a far larger buffer. @param headers - those that may be told again */
  packed(headers: HeaderBag): Recording {
    const packed = new Recording(this.#longestBytes, null);
    packed.status = this.status;
    packed.headers = headers;
    packed.bytes = this.bytes;
    packed.ended = this.ended;
    const whole = this.#pieces.length === 1 ? new Uint8Array(this.piece(0)) : joined(this.#pieces);
    let from = 0;
    for (const { length } of this.#pieces) {
      packed.#pieces.push(whole.subarray(from, from + length));
      from += length;
    }
    return packed;
  }

  // Who listens.

  join(listener: Listener): void {
    this.#listeners.add(listener);
  }

  leave(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.isCut) this.#forget();
    this.look();
  }

  /** Somebody has taken something, or has gone: perhaps there is room again. */
  look(): void {
    if (!this.#isHeld || !this.#hasRoom()) return;
    this.#isHeld = false;
    this.#flow?.resume();
  }

  /** Said to those who have heard everything so far. */
  remark(bytes: Uint8Array): void {
    for (const listener of this.#listeners) if (listener.taken === this.length) listener.remark(bytes);
  }

  // What is poured.

  open(flow: Flow): void {
    this.#flow = flow;
  }

  head(status: number, headers: HeaderBag): void {
    this.status = status;
    this.headers = headers;
    this.#tell();
  }

  write(chunk: Uint8Array): boolean {
    this.#pieces.push(chunk);
    this.bytes += chunk.length;
    const hasPlace = this.#keeper === null || this.#keeper.keep(chunk.length);
    if (!this.isCut && (!hasPlace || this.bytes > this.#longestBytes)) {
      this.isCut = true;
      this.#keeper?.cut();
    }
    this.#tell();
    if (this.isCut) this.#forget();
    const hasRoom = this.#hasRoom();
    this.#isHeld = !hasRoom;
    return hasRoom;
  }

  end(): void {
    this.#end({ error: null, lastWords: undefined });
  }

  fail(error: Error, lastWords?: Uint8Array): void {
    this.#end({ error, lastWords });
  }

  #end(ended: Ended): void {
    if (this.ended !== null) return;
    this.ended = ended;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener.moved();
  }

  /** The source runs while anybody takes what comes; of a recording that is cut, while everybody keeps up. */
  #hasRoom(): boolean {
    if (this.#listeners.size === 0) return true;
    let isTaken = false;
    for (const { isFull, takenBytes } of this.#listeners) {
      if (!isFull) isTaken = true;
      if (this.isCut && this.bytes - takenBytes > longestLagBytes) return false;
    }
    return isTaken;
  }

  #forget(): void {
    let taken = this.length;
    for (const listener of this.#listeners) taken = Math.min(taken, listener.taken);
    if (taken === this.#forgotten) return;
    const gone = this.#pieces.splice(0, taken - this.#forgotten);
    this.#forgotten = taken;
    this.#keeper?.keep(-gone.reduce((bytes, { length }) => bytes + length, 0));
  }
}
