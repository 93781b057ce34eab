/**
 * What the runtime must give beside the language: digests, decompression, and how the process is. Chosen by the
 * `#platform` conditional.
 */

/** Undoes a content encoding piece by piece. */
export interface Inflater {
  /** Bytes that were written and are still to be undone, where the runtime tells. */
  readonly waitingBytes: number;
  write(chunk: Uint8Array): void;
  /** No more comes; `done` is told once everything has been passed on. */
  end(done: () => void): void;
  /** Forgets it all; nothing is told any more. */
  stop(): void;
}

/** Where an {@link Inflater} puts what it reads. */
export interface InflaterSink {
  data(chunk: Uint8Array): void;
  /** The bytes are not what the encoding says. Nothing follows. */
  broken(error: Error): void;
}

/** How the process is. */
export interface Vitals {
  /** How long a turn of the event loop is that somebody meets who comes at any moment since the last look, in ms. */
  readonly delayMs: number;
  /** Of the time since the last look, how much of it the loop was not idle: 0 to 1. */
  readonly busyShare: number;
  /** What JavaScript holds, buffers included, as a share of the most that its heap may hold. */
  readonly heapShare: number;
}

/** One runtime's way. */
export interface Platform {
  /** SHA-256 as hex; of a text that of its UTF-8. */
  sha256(data: string | Uint8Array): string | Promise<string>;
  /** @returns null when the runtime does not know the encoding */
  inflater(encoding: string, sink: InflaterSink): Inflater | null;
  /** @returns the whole body; rejects when it is broken, and with a RangeError when it is larger than `maxBytes` */
  inflate(encoding: string, body: Uint8Array, maxBytes: number): Uint8Array | Promise<Uint8Array>;
  /** Shows whoever runs the process an error that is none of a request. Never throws. */
  warn(text: string, error: unknown): void;
  /** Looks at the process; null where the runtime does not tell, as on the web. */
  vitals(): Vitals | null;
  /** A timer fires whatever becomes of the request in which it was set; on Workers it ends with that request. */
  readonly keepsTimers: boolean;
}
