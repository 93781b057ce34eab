/** {@link Platform} on every other runtime: `crypto.subtle` and `DecompressionStream`. */

import type { InflaterSink, Platform } from './platform.ts';

/** Names that HTTP and the Compression Streams standard share; `br` and `zstd` are not in it everywhere. */
const known = new Set(['gzip', 'deflate']);

export const platform: Platform = {
  async sha256(data) {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : (data as Uint8Array<ArrayBuffer>);
    const digest = await crypto.subtle.digest('SHA-256', bytes);
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  },

  inflater(encoding, sink) {
    if (!known.has(encoding)) return null;
    const stream = new DecompressionStream(encoding as ConstructorParameters<typeof DecompressionStream>[0]);
    const writer = stream.writable.getWriter();
    let isStopped = false;
    const read = pour(stream.readable, {
      data: (chunk) => isStopped || sink.data(chunk),
      broken: (error) => isStopped || sink.broken(error),
    });
    let waitingBytes = 0;
    return {
      get waitingBytes() {
        return waitingBytes;
      },
      // A refused write fails the reading side too, and that is where it is told.
      write(chunk) {
        waitingBytes += chunk.length;
        const taken = (): void => {
          waitingBytes -= chunk.length;
        };
        writer.write(chunk as Uint8Array<ArrayBuffer>).then(taken, taken);
      },
      end(done) {
        writer.close().catch(() => {});
        void read.then((isWhole) => isWhole && !isStopped && done());
      },
      stop() {
        isStopped = true;
        writer.abort().catch(() => {});
      },
    };
  },

  async inflate(encoding, body, maxBytes) {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    await new Promise<void>((resolve, reject) => {
      const inflater = platform.inflater(encoding, {
        data(chunk) {
          pieces.push(chunk);
          bytes += chunk.length;
          if (bytes <= maxBytes) return;
          // A bomb that nobody stops would unfold on.
          inflater?.stop();
          reject(new RangeError(`the decompressed body has more than ${maxBytes} bytes`));
        },
        broken: reject,
      });
      if (inflater === null) return reject(new Error(`this runtime cannot undo the content encoding ${encoding}`));
      inflater.write(body);
      inflater.end(resolve);
    });
    return new Uint8Array(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  },

  warn: (text, error) => console.error(text, error),

  // No web standard tells how late the loop is or how full the heap: nothing is shed there.
  vitals: () => null,

  keepsTimers: false,
};

async function pour(readable: ReadableStream<Uint8Array>, sink: InflaterSink): Promise<boolean> {
  const reader = readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return true;
      sink.data(value);
    }
  } catch (error) {
    sink.broken(error as Error);
    return false;
  }
}
