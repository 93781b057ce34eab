/** Lets a {@link Scan} read an answer that may be compressed: a copy is undone, the bytes themselves pass. */

import { platform } from '#platform';
import { joined } from '../bytes/joined.ts';
import type { Scan } from './scan.ts';

/** Reads along. `scan` is behind by what is still being undone; `finish` waits for it. */
export interface Inspection {
  read(chunk: Uint8Array): void;
  /** Everything was given. `then` gets what is wrong with the encoding, or null. */
  finish(then: (broken: Error | null) => void): void;
  stop(): void;
  /** Bytes that were given and are still to be read. */
  readonly waitingBytes: number;
}

/** An answer that is not compressed: the scan has read whatever has passed. */
export function plainInspection(scan: Scan): Inspection {
  return { read: (chunk) => scan.feed(chunk), finish: (then) => then(null), stop() {}, waitingBytes: 0 };
}

/**
 * A compressed stream.
 *
 * @param onRead - the scan has read on, by this piece of the decompressed answer
 * @returns null when the runtime does not know the encoding
 */
export function streamInspection(scan: Scan, encoding: string, onRead: (piece: Uint8Array) => void): Inspection | null {
  let brokenBy: Error | null = null;
  let whenOver: ((broken: Error | null) => void) | null = null;
  const inflater = platform.inflater(encoding, {
    data(chunk) {
      scan.feed(chunk);
      onRead(chunk);
    },
    broken(error) {
      brokenBy = error;
      whenOver?.(error);
    },
  });
  if (inflater === null) return null;
  return {
    read: (chunk) => brokenBy ?? inflater.write(chunk),
    finish(then) {
      if (brokenBy !== null) return then(brokenBy);
      whenOver = then;
      inflater.end(() => then(null));
    },
    stop: () => inflater.stop(),
    get waitingBytes() {
      return inflater.waitingBytes;
    },
  };
}

/** Puts pieces together and undoes their encoding. Rejects when they are broken or larger than `maxBytes`. */
export async function wholeBody(
  pieces: readonly Uint8Array[],
  encoding: string | null,
  maxBytes: number,
): Promise<Uint8Array> {
  const body = joined(pieces);
  return encoding === null ? body : platform.inflate(encoding, body, maxBytes);
}
