import { describe, expect, test } from 'vitest';
import { MessageReader } from '../src/http1.ts';

const first = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
const second = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n';
const third = 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n';
const all = Buffer.from(first + second + third);

describe('messages are read as they were framed', () => {
  test('for any cut', () => {
    for (let cut = 0; cut <= all.length; cut++) {
      expect(read([all.subarray(0, cut), all.subarray(cut)]), `cut at ${cut}`).toEqual(['hello', 'abc0123456789', '']);
    }
  });

  test('byte by byte', () => {
    expect(read([...all].map((byte) => Buffer.of(byte)))).toEqual(['hello', 'abc0123456789', '']);
  });

  test('one that breaks off has no end', () => {
    expect(read([all.subarray(0, first.length - 1)])).toEqual([]);
    expect(read([Buffer.from(second.slice(0, -2))])).toEqual([]);
  });

  test('a chunk that is not as long as it says is an error', () => {
    expect(() => read([Buffer.from(second.replace('abc', 'abcd'))])).toThrow('longer or shorter');
    expect(() => read([Buffer.from(second.replace('3\r\n', 'x\r\n'))])).toThrow('no size');
  });
});

/** The bodies that came to their end. */
function read(pieces: readonly Buffer[]): string[] {
  const bodies: string[] = [];
  let body = '';
  const reader = new MessageReader({
    onHead: () => {
      body = '';
    },
    onBody: (chunk) => {
      body += chunk.toString();
    },
    onEnd: () => bodies.push(body),
  });
  for (const piece of pieces) if (piece.length > 0) reader.read(piece);
  return bodies;
}
