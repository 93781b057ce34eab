/** {@link Platform} on Node: `node:crypto` (a digest in 0.3 µs where `crypto.subtle` takes 41), `node:zlib` and `node:v8`. */

// What an old Node lacks must not be imported by name: it would fail to link all that imports this, in words of its own.
import * as crypto from 'node:crypto';
import { inspect, promisify } from 'node:util';
import { getHeapStatistics } from 'node:v8';
import * as zlib from 'node:zlib';
import { LoopWatch } from './loop-watch.ts';
import type { Platform } from './platform.ts';

// Looked at here, and by what is missing: undici would fail at it next. Of the lines 22 and 23 the first do without.
if ((zlib.createZstdDecompress as unknown) === undefined)
  throw new Error(`Sluice needs Node 22.19, 24 or newer; this is Node ${process.versions.node}.`);

type Limits = Pick<zlib.ZlibOptions, 'maxOutputLength' | 'chunkSize'>;

const { hash } = crypto;
const codings = {
  gzip: {
    stream: zlib.createGunzip,
    now: zlib.gunzipSync,
    later: promisify<Uint8Array, Limits, Uint8Array>(zlib.gunzip),
  },
  deflate: {
    stream: zlib.createInflate,
    now: zlib.inflateSync,
    later: promisify<Uint8Array, Limits, Uint8Array>(zlib.inflate),
  },
  br: {
    stream: zlib.createBrotliDecompress,
    now: zlib.brotliDecompressSync,
    later: promisify<Uint8Array, Limits, Uint8Array>(zlib.brotliDecompress),
  },
  zstd: {
    stream: zlib.createZstdDecompress,
    now: zlib.zstdDecompressSync,
    later: promisify<Uint8Array, Limits, Uint8Array>(zlib.zstdDecompress),
  },
};

/** Up to here the thread pool's round trip costs more than the work; a body that unfolds to more than `mostAtOnceBytes` goes there all the same. */
const smallBytes = 65_536;
/** A bomb of 64 KiB unfolds to 64 MiB, which would hold up everybody for a quarter of a second. */
const mostAtOnceBytes = 1_048_576;
/** What the thread pool undoes in one go. With Node's own 16 KiB a body of 20 MB takes 1,200 turns. */
const pieceBytes = 262_144;

const loop = new LoopWatch();

export const platform: Platform = {
  sha256: (data) => hash('sha256', data, 'hex'),

  inflater(encoding, sink) {
    if (!Object.hasOwn(codings, encoding)) return null;
    const stream = codings[encoding as keyof typeof codings].stream();
    stream.on('data', (chunk: Uint8Array) => sink.data(chunk));
    stream.on('error', (error) => sink.broken(error));
    return {
      get waitingBytes() {
        return stream.writableLength;
      },
      write: (chunk) => void stream.write(chunk),
      end: (done) => void stream.once('end', done).end(),
      stop: () => void stream.removeAllListeners('data').destroy(),
    };
  },

  inflate(encoding, body, maxBytes) {
    if (!Object.hasOwn(codings, encoding)) throw new Error(`this runtime cannot undo the content encoding ${encoding}`);
    const { now, later } = codings[encoding as keyof typeof codings];
    const inPool = (): Promise<Uint8Array> => later(body, { maxOutputLength: maxBytes, chunkSize: pieceBytes });
    if (body.length > smallBytes) return inPool();
    try {
      return now(body, { maxOutputLength: Math.min(maxBytes, mostAtOnceBytes) });
    } catch (error) {
      if (error instanceof RangeError && maxBytes > mostAtOnceBytes) return inPool();
      throw error;
    }
  },

  keepsTimers: true,

  // A host hears it by `process.on('warning')`; else Node prints it.
  warn: (text, error) => process.emitWarning(text, { type: 'SluiceWarning', detail: inspect(error) }),

  vitals() {
    const { used_heap_size, external_memory, heap_size_limit } = getHeapStatistics();
    return { ...loop.look(), heapShare: (used_heap_size + external_memory) / heap_size_limit };
  },
};
