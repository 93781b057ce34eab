/** An answer about resources: held until it is whole, read, and perhaps shown otherwise than it came. */

import { wholeBody } from '../stream/inspect.ts';
import type { Flow, HeaderBag, Sink } from '../wire.ts';
import type { Latch } from './latch.ts';

/** Reads the answer, decompressed; it is not shown when this fails. @returns the bytes to show instead, null when it may go as it came */
export type ReadAnswer = (body: Uint8Array) => Promise<Uint8Array | null>;

/** How an answer is read. */
export interface ReadOptions {
  readonly encoding: string | null;
  /** Of the copy; 0 means no limit. */
  readonly maxBytes: number;
  readonly read: ReadAnswer;
  /** The header fields of our own, as they are once it was read: others may have been asked meanwhile. */
  readonly sign: () => HeaderBag;
  /** `heldBytes` has changed. */
  readonly onCopy: () => void;
}

/** Stands before the latch. */
export class ResourceAnswer implements Sink {
  readonly #latch: Latch;
  readonly #encoding: string | null;
  readonly #maxBytes: number;
  readonly #read: ReadAnswer;
  readonly #sign: () => HeaderBag;
  readonly #onCopy: () => void;
  readonly #onEnd: (brokenBy: Error | null) => void;
  /** The copy that is being read, beside what the latch holds. */
  heldBytes = 0;

  /** @param onEnd - called once, when the latch has what will be shown, or with what went wrong */
  constructor(
    latch: Latch,
    { encoding, maxBytes, read, sign, onCopy }: ReadOptions,
    onEnd: (by: Error | null) => void,
  ) {
    this.#latch = latch;
    this.#sign = sign;
    this.#onCopy = onCopy;
    this.#encoding = encoding;
    this.#maxBytes = maxBytes;
    this.#read = read;
    this.#onEnd = onEnd;
  }

  open(flow: Flow): void {
    this.#latch.open(flow);
  }

  head(status: number, headers: HeaderBag): void {
    this.#latch.head(status, headers);
  }

  write(chunk: Uint8Array): boolean {
    return this.#latch.write(chunk);
  }

  end(): void {
    void this.#finish();
  }

  fail(error: Error): void {
    this.#onEnd(error);
  }

  async #finish(): Promise<void> {
    try {
      const body = await wholeBody(this.#latch.held, this.#encoding, this.#maxBytes || Number.MAX_SAFE_INTEGER);
      this.heldBytes = body.length;
      this.#onCopy();
      const shown = await this.#read(body);
      if (shown !== null) this.#latch.replace(shown, this.#sign());
      this.heldBytes = 0;
    } catch (error) {
      // An answer that could not be read might show what is not the caller's.
      return this.#onEnd(error as Error);
    }
    this.#onEnd(null);
  }
}
