import { gzipSync } from 'node:zlib';
import { eventually } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { ErrorReader, type ErrorText } from '../../src/attempt/error-reader.ts';

describe('an error answer is read', () => {
  test('to its end', async () => {
    const { reader, read } = reading();
    reader.write(Buffer.from('{"error":'));
    expect(reader.write(Buffer.from('{}}'))).toBe(true);
    reader.end();
    expect((await read()).text).toBe('{"error":{}}');
  });

  test('as far as it may be read, and then told without waiting for the rest', async () => {
    const { reader, read, times } = reading({ maxBytes: 10 });
    reader.write(Buffer.from('a'.repeat(10)));
    expect(times()).toBe(0);
    reader.write(Buffer.from('b'));
    const { text } = await read();
    expect(text.startsWith('a'.repeat(10))).toBe(true);
    reader.write(Buffer.from('c'));
    reader.end();
    expect(times()).toBe(1);
  });

  test('as far as it came when the connection breaks', async () => {
    const { reader, read } = reading();
    reader.write(Buffer.from('{"err'));
    reader.fail(new Error('reset'));
    expect((await read()).text).toBe('{"err');
  });

  test('without a body', async () => {
    const { reader, read } = reading();
    reader.end();
    expect(await read()).toMatchObject({ text: '', raw: [] });
  });

  test('with characters that were cut between two chunks', async () => {
    const { reader, read } = reading();
    for (const byte of Buffer.from('é😀')) reader.write(Uint8Array.of(byte));
    reader.end();
    expect((await read()).text).toBe('é😀');
  });
});

describe('a compressed one', () => {
  test('is undone; the bytes stay as they came', async () => {
    const bytes = gzipSync('{"error":{}}');
    const { reader, read } = reading({ encoding: 'gzip' });
    reader.write(bytes);
    reader.end();
    const { text, raw } = await read();
    expect(text).toBe('{"error":{}}');
    expect(Buffer.concat(raw)).toEqual(bytes);
  });

  test.each([
    ['broken', gzipSync('{"error":{}}').subarray(0, 12)],
    ['larger than it may be once it is undone', gzipSync('a'.repeat(100_000))],
    ['something else', Buffer.from('{"error":{}}')],
  ])('that is %s says nothing, and does no harm', async (_, bytes) => {
    const { reader, read } = reading({ encoding: 'gzip' });
    reader.write(bytes);
    reader.end();
    expect((await read()).text).toBe('');
  });
});

function reading({ maxBytes = 65_536, encoding = null }: { maxBytes?: number; encoding?: string | null } = {}) {
  const seen: ErrorText[] = [];
  const reader = new ErrorReader(maxBytes, encoding, (one) => seen.push(one));
  const read = async (): Promise<ErrorText> => {
    await eventually('a text', () => seen.length > 0);
    return seen[0] as ErrorText;
  };
  return { reader, read, times: () => seen.length };
}
