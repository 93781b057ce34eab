/** A client joins what it finds when it comes to read, and finds an error only in a piece of its own (@google/genai does). */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Cancellation } from '../../src/cancellation.ts';
import { ResponseSink as NodeSink } from '../../src/client/node-answer.ts';
import { ResponseSink as WebSink } from '../../src/client/web-answer.ts';
import type { Sink } from '../../src/wire.ts';

/** A moment in which a client that is not busy has read what it was sent. */
const momentMs = 20;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe.each<[name: string, open: () => Promise<Answer>]>([
  ['node:http', onNode],
  ['web standards', onTheWeb],
])('over %s the last words', (_name, open) => {
  test('come a moment after what was said before, and a moment before the end', async () => {
    const { sink, seen } = await open();
    sink.write(Buffer.from('before'));
    sink.fail(new Error('broken'), Buffer.from('words'));
    for (let ms = 0; ms < 1_000; ms++) await vi.advanceTimersByTimeAsync(1);
    expect(seen.map(({ piece }) => piece)).toEqual(['before', 'words', 'the end']);
    const [before, words, end] = seen.map(({ atMs }) => atMs) as [number, number, number];
    expect(Math.min(words - before, end - words)).toBeGreaterThan(momentMs);
  });
});

interface Piece {
  readonly atMs: number;
  readonly piece: string;
}

interface Answer {
  readonly sink: Sink;
  /** What has come to the client. */
  readonly seen: readonly Piece[];
}

function eyes(): { readonly seen: Piece[]; see(piece: string | Uint8Array | undefined): void } {
  const seen: Piece[] = [];
  return { seen, see: (piece = '') => void seen.push({ atMs: Date.now(), piece: Buffer.from(piece).toString() }) };
}

async function onNode(): Promise<Answer> {
  const { seen, see } = eyes();
  const res = {
    destroyed: false,
    write(chunk: Uint8Array, done?: () => void) {
      see(chunk);
      done?.();
      return true;
    },
    destroy() {
      res.destroyed = true;
      see('the end');
    },
  };
  return { sink: new NodeSink({} as IncomingMessage, res as unknown as ServerResponse, 0), seen };
}

async function onTheWeb(): Promise<Answer> {
  const { seen, see } = eyes();
  const sink = new WebSink(new Cancellation());
  sink.open({ pause() {}, resume() {}, abort() {} });
  sink.head(200, {});
  const reader = ((await sink.response).body as ReadableStream<Uint8Array>).getReader();
  void (async () => {
    for (;;) see((await reader.read()).value);
  })().catch(() => see('the end'));
  return { sink, seen };
}
