/** A body on its way through: pieces go from whoever reads the client to whoever takes them, one at a time. */

import { SluiceError } from '../errors.ts';
import type { BodyStream, BodyWatcher } from '../wire.ts';

/** Where the pieces come from. It calls `push`, `finish` and `fail`. */
export interface BodySource {
  /** One more piece is wanted. */
  pull(): void;
  /** More has come than was wanted: nothing more may come before the next `pull`. */
  hold(): void;
  /** Nothing is wanted any more. */
  stop(): void;
}

type Piece = IteratorResult<Uint8Array, undefined>;

interface Taker {
  resolve(piece: Piece): void;
  reject(error: Error): void;
}

const over: Piece = { done: true, value: undefined };

/** {@link BodyStream} over any source. It is its own iterator, for there is only one. */
export class StreamedBody implements BodyStream, AsyncIterator<Uint8Array, undefined> {
  readonly declaredBytes: number | null;
  takenBytes = 0;
  readonly #source: BodySource;
  #mostBytes = Number.POSITIVE_INFINITY;
  #tooMany: (() => Error) | null = null;
  #watcher: BodyWatcher | null = null;
  #taker: Taker | null = null;
  /** Came when nobody waited. Nearly always empty, and hardly ever more than one. */
  #waiting: Uint8Array[] = [];
  /** With it the length is reached. The provider would take it for the end, so it waits until nothing follows. */
  #last: Uint8Array | null = null;
  #isWhole = false;
  #brokenBy: Error | null = null;
  #isClosed = false;

  /** @param sourceFor - makes the source; nothing is read before its first `pull` */
  constructor(declaredBytes: number | null, sourceFor: (body: StreamedBody) => BodySource) {
    this.declaredBytes = declaredBytes;
    this.#source = sourceFor(this);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  bound(mostBytes: number, tooMany: () => Error): void {
    this.#mostBytes = mostBytes;
    this.#tooMany = tooMany;
  }

  watch(watcher: BodyWatcher | null): void {
    this.#watcher = watcher;
    if (this.#brokenBy !== null) watcher?.broke(this.#brokenBy);
  }

  next(): Promise<Piece> {
    const piece = this.#waiting.shift();
    if (piece !== undefined) return Promise.resolve(this.#handed(piece));
    if (this.#brokenBy !== null) return Promise.reject(this.#brokenBy);
    if (this.#isWhole) return Promise.resolve(this.#ending());
    if (this.#isClosed) return Promise.resolve(over);
    this.#watcher?.wanted();
    return new Promise((resolve, reject) => {
      this.#taker = { resolve, reject };
      if (this.#last === null) this.#source.pull();
    });
  }

  /** Whoever took it lets go of it before its end. */
  return(): Promise<Piece> {
    this.leave(new Error('nobody takes the body any more'));
    return Promise.resolve(over);
  }

  leave(reason: Error): void {
    this.#watcher = null;
    const taker = this.#taker;
    this.#taker = null;
    taker?.reject(reason);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting = [];
    this.leave(new Error('the request is over'));
    this.#source.stop();
  }

  /** A piece has come. */
  push(piece: Uint8Array): void {
    if (this.#isClosed || this.#brokenBy !== null || piece.length === 0) return;
    this.takenBytes += piece.length;
    if (this.declaredBytes !== null && this.takenBytes > this.declaredBytes) return this.fail(otherLength(this));
    if (this.#tooMany !== null && this.takenBytes > this.#mostBytes) return this.fail(this.#tooMany());
    if (this.takenBytes === this.declaredBytes) {
      this.#last = piece;
      return this.#source.pull();
    }
    const taker = this.#taker;
    if (taker === null) {
      this.#waiting.push(piece);
      return this.#source.hold();
    }
    this.#taker = null;
    taker.resolve(this.#handed(piece));
  }

  /** The last piece has come. */
  finish(): void {
    if (this.#isClosed || this.#isWhole || this.#brokenBy !== null) return;
    if (this.declaredBytes !== null && this.takenBytes < this.declaredBytes) return this.fail(otherLength(this));
    this.#isWhole = true;
    this.#source.stop();
    const taker = this.#taker;
    if (taker === null) return;
    this.#taker = null;
    taker.resolve(this.#ending());
  }

  fail(error: Error): void {
    if (this.#isClosed || this.#isWhole || this.#brokenBy !== null) return;
    this.#brokenBy = error;
    this.#waiting = [];
    this.#last = null;
    this.#source.stop();
    const taker = this.#taker;
    this.#taker = null;
    // Whoever watches ends the call, and no byte of it goes up after that.
    this.#watcher?.broke(error);
    taker?.reject(error);
  }

  #ending(): Piece {
    const last = this.#last;
    this.#last = null;
    if (last !== null) return this.#handed(last);
    this.#watcher?.sent();
    return over;
  }

  #handed(piece: Uint8Array): Piece {
    this.#watcher?.came();
    return { done: false, value: piece };
  }
}

/** The length that a request tells; null for none, and for what is no number. */
export function declaredLength(value: string | string[] | null | undefined): number | null {
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : null;
}

function otherLength({ declaredBytes, takenBytes }: StreamedBody): SluiceError {
  const came = takenBytes > (declaredBytes ?? 0) ? 'more came' : `${takenBytes} came`;
  return new SluiceError('invalid_request', `The request said that its body has ${declaredBytes} bytes, and ${came}.`);
}
