import { createHash } from 'node:crypto';
import { getHeapStatistics } from 'node:v8';
import { deflateSync, gzipSync } from 'node:zlib';
import { eventually } from '@sluice/testkit';
import { describe, expect, test, vi } from 'vitest';
import { LoopWatch } from '../../src/platform/loop-watch.ts';
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

  test('undoes a small body that unfolds to a large one, and says when that is too large', async () => {
    const large = 'abcdefghi '.repeat(3_000_000);
    const bomb = gzipSync(large);
    expect(bomb.length).toBeLessThan(65_536);
    expect((await platform.inflate('gzip', bomb, 40_000_000)).length).toBe(large.length);
    await expect((async () => platform.inflate('gzip', bomb, 20_000_000))()).rejects.toBeInstanceOf(RangeError);
  });

  test('tells how much it has still to undo', async () => {
    const inflater = platform.inflater('gzip', { data() {}, broken: (error) => expect.unreachable(String(error)) });
    const bytes = gzipSync(text);
    inflater?.write(bytes);
    expect(inflater?.waitingBytes).toBe(bytes.length);
    await eventually('all of it is undone', () => inflater?.waitingBytes === 0);
    inflater?.stop();
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

describe('how the process is', () => {
  test('nobody knows on the web', () => {
    expect(web.vitals()).toBeNull();
  });

  test('is known on Node: how full the heap is, buffers included', () => {
    const before = node.vitals()?.heapShare ?? 0;
    expect(before).toBeGreaterThan(0);
    const held = new Uint8Array(64_000_000);
    expect(node.vitals()?.heapShare).toBeGreaterThan(before + 32_000_000 / getHeapStatistics().heap_size_limit);
    expect(held.length).toBe(64_000_000);
  });

  test('and how late the loop is all the time, and how busy', async () => {
    const loop = new LoopWatch();
    expect(loop.look().delayMs).toBe(0);
    for (let turn = 0; turn < 3; turn++) {
      work(60);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const late = loop.look();
    expect(late.delayMs).toBeGreaterThan(30);
    expect(late.busyShare).toBeGreaterThan(0.8);
    await expect
      .poll(() => loop.look(), { interval: 120 })
      .toMatchObject({ delayMs: expect.toSatisfy((ms) => ms < 30) });
  });

  test('by the turns that one meets: a long one between many short ones counts for as long as it lasts', async () => {
    const loop = new LoopWatch();
    loop.look();
    for (let turn = 0; turn < 3; turn++) {
      work(100);
      for (let short = 0; short < 20; short++) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(loop.look().delayMs).toBeGreaterThan(60);
  });

  test('how busy is told where nobody has watched for a while, too: what requests cost is learnt from it', () => {
    const loop = new LoopWatch();
    work(60);
    expect(loop.look().busyShare).toBeGreaterThan(0.5);
  });

  test('in the middle of a turn that takes long it is told, and once', async () => {
    const loop = new LoopWatch();
    loop.look();
    work(90);
    expect(loop.look().delayMs).toBeGreaterThan(50);
    // The same again is not told twice, neither by the next look nor by the timer.
    expect(loop.look().delayMs).toBeLessThan(40);
  });

  test('nobody is kept alive by it, and it stops when nobody asks any more', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    const loop = new LoopWatch();
    loop.look();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1_500);
    loop.look();
    vi.advanceTimersByTime(1_900);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(200);
    expect(vi.getTimerCount()).toBe(0);
    expect(loop.look().delayMs).toBe(0);
    vi.useRealTimers();
  });
});

function work(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}
