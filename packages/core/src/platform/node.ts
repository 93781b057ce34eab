/** {@link Platform} on Node: `node:crypto` (a digest in 0.3 µs where `crypto.subtle` takes 41) and `node:zlib`. */

import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import {
  brotliDecompress,
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
  gunzip,
  gunzipSync,
  inflate,
  inflateSync,
  type ZlibOptions,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib';
import type { Platform } from './platform.ts';

type Limits = Pick<ZlibOptions, 'maxOutputLength'>;

const codings = {
  gzip: { stream: createGunzip, now: gunzipSync, later: promisify<Uint8Array, Limits, Uint8Array>(gunzip) },
  deflate: { stream: createInflate, now: inflateSync, later: promisify<Uint8Array, Limits, Uint8Array>(inflate) },
  br: {
    stream: createBrotliDecompress,
    now: brotliDecompressSync,
    later: promisify<Uint8Array, Limits, Uint8Array>(brotliDecompress),
  },
  zstd: {
    stream: createZstdDecompress,
    now: zstdDecompressSync,
    later: promisify<Uint8Array, Limits, Uint8Array>(zstdDecompress),
  },
};

/** Up to here the thread pool's round trip costs more than the work. */
const smallBytes = 65_536;

export const platform: Platform = {
  sha256: (text) => hash('sha256', text, 'hex'),

  inflater(encoding, sink) {
    if (!Object.hasOwn(codings, encoding)) return null;
    const stream = codings[encoding as keyof typeof codings].stream();
    stream.on('data', (chunk: Uint8Array) => sink.data(chunk));
    stream.on('error', (error) => sink.broken(error));
    return {
      write: (chunk) => void stream.write(chunk),
      end: (done) => void stream.once('end', done).end(),
      stop: () => void stream.removeAllListeners('data').destroy(),
    };
  },

  inflate(encoding, body, maxBytes) {
    if (!Object.hasOwn(codings, encoding)) throw new Error(`this runtime cannot undo the content encoding ${encoding}`);
    const { now, later } = codings[encoding as keyof typeof codings];
    const limits = { maxOutputLength: maxBytes };
    return body.length <= smallBytes ? now(body, limits) : later(body, limits);
  },
};
