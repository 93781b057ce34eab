/** Reads an error answer as far as it may be read, so that it can be judged. The client sees nothing of it yet. */

import { wholeBody } from '../stream/inspect.ts';
import type { Flow, HeaderBag, Sink } from '../wire.ts';

/** What was read. `isWhole` is false when it was cut, by the provider or by `limits.maxErrorBytes`. */
export interface ErrorText {
  readonly raw: Uint8Array[];
  readonly text: string;
  /** False when it was cut: by the provider, by a silence, or by `limits.maxErrorBytes`. */
  readonly isWhole: boolean;
}

const decoder = new TextDecoder();

/** Collects the body of an error answer. */
export class ErrorReader implements Sink {
  readonly #maxBytes: number;
  readonly #encoding: string | null;
  readonly #onRead: (read: ErrorText) => void;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #isOver = false;

  constructor(maxBytes: number, encoding: string | null, onRead: (read: ErrorText) => void) {
    this.#maxBytes = maxBytes;
    this.#encoding = encoding;
    this.#onRead = onRead;
  }

  /** Bytes of the answer that are kept. */
  get heldBytes(): number {
    return this.#bytes;
  }

  open(_flow: Flow): void {}

  head(_status: number, _headers: HeaderBag): void {}

  write(chunk: Uint8Array): boolean {
    if (this.#isOver) return true;
    const room = this.#maxBytes - this.#bytes;
    this.#chunks.push(chunk.length > room ? chunk.slice(0, room) : chunk);
    this.#bytes += Math.min(chunk.length, room);
    if (chunk.length > room) this.cut();
    return true;
  }

  end(): void {
    this.#stop(true);
  }

  /** What came before the connection broke is still worth a look. */
  fail(_error: Error): void {
    this.cut();
  }

  /** Judges by what there is. */
  cut(): void {
    this.#stop(false);
  }

  #stop(isWhole: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    void this.#read(isWhole);
  }

  async #read(isWhole: boolean): Promise<void> {
    const raw = this.#chunks;
    // A body that cannot be undone says nothing; the status decides then.
    const body = await wholeBody(raw, this.#encoding, this.#maxBytes).catch(() => new Uint8Array());
    this.#onRead({ raw, text: decoder.decode(body), isWhole });
  }
}
