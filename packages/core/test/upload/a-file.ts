/** A file that is made while it is asked for, and knows how much of it was. */

import { createHash } from 'node:crypto';

const pieceBytes = 65_536;

/** Where its making stops until a test lets it go on. */
export interface FileOptions {
  readonly bytes: number;
  /** No more than this comes before `goOn`. */
  readonly stopsAt?: number;
}

/** A source with backpressure: one piece per question. */
export class MadeFile {
  readonly bytes: number;
  made = 0;
  wasCancelled = false;
  readonly #hash = createHash('sha256');
  #stopsAt: number;
  #go: (() => void) | null = null;

  constructor({ bytes, stopsAt = bytes }: FileOptions) {
    this.bytes = bytes;
    this.#stopsAt = stopsAt;
  }

  /** Of what was made so far. */
  get sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  goOn(): void {
    this.#stopsAt = this.bytes;
    this.#go?.();
  }

  stream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          if (this.made >= this.#stopsAt && this.made < this.bytes) await new Promise<void>((go) => (this.#go = go));
          const length = Math.min(pieceBytes, this.bytes - this.made);
          const piece = new Uint8Array(length).fill(this.made / pieceBytes);
          this.made += length;
          this.#hash.update(piece);
          if (length > 0) controller.enqueue(piece);
          if (this.made >= this.bytes) controller.close();
        },
        cancel: () => {
          this.wasCancelled = true;
          this.#go?.();
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** A request that brings it. @param said - how long the client says that it is */
  request(headers: Record<string, string> = {}, said: number = this.bytes): RequestInit & { duplex: 'half' } {
    return {
      method: 'POST',
      headers: {
        'x-goog-upload-command': 'upload, finalize',
        'x-goog-upload-offset': '0',
        'content-length': String(said),
        ...headers,
      },
      body: this.stream(),
      duplex: 'half',
    };
  }
}
