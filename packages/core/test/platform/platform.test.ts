import { createHash } from 'node:crypto';
import { deflateSync, gzipSync } from 'node:zlib';
import { eventually } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { platform as node } from '../../src/platform/node.ts';
import { platform as web } from '../../src/platform/web.ts';

const text = 'Some text, äöü 😀. '.repeat(10_000);

describe.each([
  ['node', node],
  ['web', web],
])('the platform %s', (_, platform) => {
  test('digests', async () => {
    expect(await platform.sha256('käy')).toBe(createHash('sha256').update('käy').digest('hex'));
  });

  test.each([
    ['gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
  ])('undoes %s, whole and piece by piece', async (encoding, bytes) => {
    expect(Buffer.from(await platform.inflate(encoding, bytes, 1_000_000)).toString()).toBe(text);
    const pieces: Uint8Array[] = [];
    let isDone = false;
    const inflater = platform.inflater(encoding, {
      data: (chunk) => pieces.push(chunk),
      broken: (error) => expect.unreachable(String(error)),
    });
    for (let at = 0; at < bytes.length; at += 100) inflater?.write(bytes.subarray(at, at + 100));
    inflater?.end(() => {
      isDone = true;
    });
    await eventually('the end', () => isDone);
    expect(Buffer.concat(pieces).toString()).toBe(text);
  });

  test('tells what is too large from what is broken', async () => {
    const whole = gzipSync(text);
    const inflate = async (bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> =>
      platform.inflate('gzip', bytes, maxBytes);
    await expect(inflate(whole, text.length - 1)).rejects.toBeInstanceOf(RangeError);
    await expect(inflate(whole.subarray(0, 50), 1_000_000)).rejects.not.toBeInstanceOf(RangeError);
    await expect(inflate(Buffer.from('plain'), 1_000_000)).rejects.not.toBeInstanceOf(RangeError);
  });

  test('tells once that a piece is broken, and never an end', async () => {
    const told: string[] = [];
    const inflater = platform.inflater('gzip', { data: () => told.push('data'), broken: () => told.push('broken') });
    inflater?.write(Buffer.from('this is no gzip'));
    inflater?.end(() => told.push('end'));
    await eventually('it is told', () => told.length > 0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual(['broken']);
  });

  test('says nothing any more once it is stopped', async () => {
    const told: string[] = [];
    const inflater = platform.inflater('gzip', { data: () => told.push('data'), broken: () => told.push('broken') });
    inflater?.write(gzipSync(text));
    inflater?.stop();
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([]);
  });

  test.each(['compress', 'constructor', '__proto__', ''])('does not know the encoding %j', async (encoding) => {
    expect(platform.inflater(encoding, { data() {}, broken() {} })).toBeNull();
    await expect((async () => platform.inflate(encoding, new Uint8Array(), 10))()).rejects.toThrow('cannot undo');
  });
});
