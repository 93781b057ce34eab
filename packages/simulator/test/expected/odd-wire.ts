import { brotliDecompressSync, constants, gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { StepName } from '@sluice/simulator';
import { expect } from 'vitest';
import { headerOf, type RawAnswer } from '../raw-client.ts';
import type { Expected } from './expected.ts';

const lengthsOf = ({ headers }: RawAnswer) => headers.filter(([name]) => name === 'Content-Length');

/** The answer whole, and these bytes in front of its body. */
const withHead = (head: RegExp, more: Partial<Expected> = {}): Expected => ({
  end: 'whole',
  events: 4,
  check: (_, text) => expect(text.slice(0, text.indexOf('\r\n\r\n') + 40)).toMatch(head),
  ...more,
});

const encoded = (coding: string, unpack: (body: Buffer) => Buffer): Expected => ({
  end: 'whole',
  check(answer) {
    expect(headerOf(answer.headers, 'Content-Encoding')).toBe(coding);
    expect(answer.chunks).toHaveLength(5);
    expect(
      unpack(answer.body)
        .toString()
        .match(/^data: /gm),
    ).toHaveLength(4);
    // Each chunk can be read before the next has come.
    const [first = Buffer.alloc(0)] = answer.chunks;
    expect(unpack(first).toString()).toMatch(/^data: .*"one".*\r\n\r\n$/);
  },
});

const brokenChunk = (size: string): Expected => ({
  end: 'fin',
  check(answer, text) {
    expect(answer.chunks).toHaveLength(2);
    expect(text).toContain(`\r\n${size}\r\ndata: {`);
  },
});

/** Heads, framing and encodings that are not as they should be. */
export const oddWire = {
  'rst-when-reused': { end: 'whole', events: 4 },
  'fin-mid-headers': { end: 'fin', status: 0, check: (_, text) => expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\nC.*n$/) },
  'headers-over-16k': {
    end: 'whole',
    events: 4,
    check: (_, text) => expect(text.indexOf('\r\n\r\n')).toBeGreaterThan(20_000),
  },
  'length-and-chunks': {
    end: 'whole',
    events: 4,
    check(answer) {
      expect(headerOf(answer.headers, 'Transfer-Encoding')).toBe('chunked');
      expect(lengthsOf(answer)).toEqual([['Content-Length', String(answer.body.length)]]);
    },
  },
  'two-lengths': {
    end: 'whole',
    events: 4,
    check(answer) {
      const { length } = answer.body;
      expect(lengthsOf(answer).map(([, value]) => Number(value))).toEqual([length, length + 9]);
    },
  },
  'folded-header': withHead(/\r\nX-Folded: one\r\n two\r\n\r\n/),
  'nul-in-header': withHead(/\r\nX-Nul: one\0two\r\n\r\n/),
  'lf-only': {
    end: 'beyond',
    status: 0,
    check(_, text) {
      expect(text).toMatch(/^HTTP\/1\.1 200 OK\n[^\r]*\n\ndata: /);
      expect(text.match(/^data: /gm)).toHaveLength(4);
    },
  },
  'status-099': withHead(/^HTTP\/1\.1 099 \r\n/, { status: 99 }),
  'early-hints': withHead(/^HTTP\/1\.1 103 Early Hints\r\nLink: <\/early>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK\r\n/),
  'unasked-100': withHead(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/),
  'unasked-101': {
    end: 'hangs',
    status: 101,
    check: (_, text) => expect(text).toMatch(/^HTTP\/1\.1 101 [\s\S]*\r\nUpgrade: websocket\r\n\r\n$/),
  },
  'early-413': {
    end: 'fin',
    status: 413,
    check: (answer) => expect(headerOf(answer.headers, 'Connection')).toBe('close'),
  },

  'length-too-short': {
    end: 'beyond',
    check(answer, text) {
      const promised = Number(headerOf(answer.headers, 'Content-Length'));
      expect(promised).toBe(Math.floor(answer.body.length / 2));
      expect(text).toContain('STOP');
    },
  },
  'extra-bytes': {
    end: 'beyond',
    events: 4,
    check: (_, text) => expect(text).toMatch(/\r\n0\r\n\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n\{"unasked": true\}$/),
  },
  'no-content-type': {
    end: 'whole',
    events: 4,
    check: (answer) => expect(headerOf(answer.headers, 'Content-Type')).toBeNull(),
  },
  'wrong-content-type': {
    end: 'whole',
    events: 4,
    check: (answer) => expect(headerOf(answer.headers, 'Content-Type')).toBe('text/plain; charset=utf-8'),
  },
  'bad-chunk-size': brokenChunk('size'),
  'huge-chunk-size': brokenChunk('ffffffffffffffff1'),
  'error-trailer': {
    end: 'beyond',
    events: 4,
    check(answer, text) {
      expect(headerOf(answer.headers, 'Trailer')).toBe('grpc-status, grpc-message, x-err');
      expect(text).toMatch(/\r\n0\r\ngrpc-status: 14\r\n[\s\S]*\r\nx-err: 503 UNAVAILABLE\r\n\r\n$/);
    },
  },
  'ignores-fin': { end: 'hangs', events: 2, check: (_, text) => expect(text).toContain(': still thinking\n\n') },

  'gzip-claimed': {
    end: 'whole',
    events: 4,
    check: (answer) => expect(headerOf(answer.headers, 'Content-Encoding')).toBe('gzip'),
  },
  'gzip-bomb': {
    end: 'hangs',
    check(answer) {
      const body = gunzipSync(answer.body, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 2 ** 30 });
      expect(body.length / answer.body.length).toBeGreaterThan(900);
      expect(body.toString('utf8', 0, 90)).toContain(
        'data: {"candidates": [{"content": {"parts": [{"text": "on and on ',
      );
      expect(body.includes('\n')).toBe(false);
    },
  },
  'gzip-six-times': {
    end: 'whole',
    check(answer) {
      expect(headerOf(answer.headers, 'Content-Encoding')?.split(', ')).toEqual(Array(6).fill('gzip'));
      let body = answer.body;
      for (let layer = 0; layer < 6; layer += 1) body = gunzipSync(body);
      expect(body.toString().match(/^data: /gm)).toHaveLength(4);
    },
  },
  'br-stream': encoded('br', (body) => brotliDecompressSync(body, { finishFlush: constants.BROTLI_OPERATION_FLUSH })),
  'zstd-stream': encoded('zstd', (body) => zstdDecompressSync(body, { finishFlush: constants.ZSTD_e_flush })),
} as const satisfies Partial<Readonly<Record<StepName, Expected>>>;
