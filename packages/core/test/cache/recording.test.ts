import { describe, expect, test } from 'vitest';
import { type Listener, Recording } from '../../src/cache/recording.ts';
import type { Flow } from '../../src/wire.ts';

const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7);

/** Takes what it is told to take. */
class Slow implements Listener {
  isFull = true;
  taken = 0;
  takenBytes = 0;
  readonly remarks: Uint8Array[] = [];
  readonly #recording: Recording;

  constructor(recording: Recording) {
    this.#recording = recording;
    recording.join(this);
  }

  moved(): void {
    while (!this.isFull && this.taken < this.#recording.length) this.take();
  }

  remark(words: Uint8Array): void {
    this.remarks.push(words);
  }

  take(): void {
    this.takenBytes += this.#recording.piece(this.taken++).length;
  }

  open(): void {
    this.isFull = false;
    this.moved();
    this.#recording.look();
  }
}

function aRecording(longestBytes = 1_000_000, mostHeld = Number.POSITIVE_INFINITY) {
  const seen = { held: 0, most: 0, cuts: 0, resumed: 0 };
  const recording = new Recording(longestBytes, {
    keep(delta) {
      seen.held += delta;
      seen.most = Math.max(seen.most, seen.held);
      return seen.held <= mostHeld;
    },
    cut: () => void seen.cuts++,
  });
  const flow: Flow = { pause() {}, resume: () => void seen.resumed++, abort() {} };
  recording.open(flow);
  recording.head(200, {});
  return { recording, seen };
}

describe('a recording', () => {
  test('holds its source while nobody takes what comes, and lets it go on for the first who does', () => {
    const { recording, seen } = aRecording();
    const [one, other] = [new Slow(recording), new Slow(recording)];
    expect(recording.write(bytes(10))).toBe(false);
    one.open();
    expect(seen.resumed).toBe(1);
    expect(recording.write(bytes(10))).toBe(true);
    expect([one.taken, other.taken]).toEqual([2, 0]);
    one.isFull = true;
    expect(recording.write(bytes(10))).toBe(false);
    recording.leave(one);
    expect(seen.resumed).toBe(1);
    other.open();
    expect([other.taken, seen.resumed]).toEqual([3, 2]);
  });

  test('that is longer than it may be is cut: what all have taken is forgotten, and the slowest holds the source', () => {
    const { recording, seen } = aRecording(300_000);
    const [one, other] = [new Slow(recording), new Slow(recording)];
    one.open();
    for (let piece = 0; piece < 30; piece++) expect(recording.write(bytes(10_000))).toBe(true);
    expect([seen.cuts, seen.held]).toEqual([0, 300_000]);
    expect(recording.write(bytes(10_000))).toBe(false);
    expect([seen.cuts, recording.isCut]).toEqual([1, true]);
    // It is held by the slower one until that lags behind by 64 KiB at most.
    for (let piece = 0; piece < 24; piece++) other.take();
    recording.look();
    expect(seen.resumed).toBe(0);
    other.take();
    recording.look();
    expect(seen.resumed).toBe(1);
    recording.write(bytes(10_000));
    expect(seen.held).toBe(70_000);
    recording.leave(other);
    expect(seen.held).toBe(0);
    expect([recording.length, recording.bytes]).toEqual([32, 320_000]);
  });

  test('for which there is no room is cut as well', () => {
    const { recording, seen } = aRecording(1_000_000, 15);
    new Slow(recording).open();
    expect(recording.write(bytes(10))).toBe(true);
    expect(recording.write(bytes(10))).toBe(true);
    expect(seen).toMatchObject({ cuts: 1, held: 0 });
  });

  test('says what is none of it to those alone who have heard all so far', () => {
    const { recording } = aRecording();
    const [one, other] = [new Slow(recording), new Slow(recording)];
    one.open();
    recording.write(bytes(1));
    recording.remark(bytes(2));
    expect([one.remarks.length, other.remarks.length, recording.length]).toEqual([1, 0, 1]);
  });

  test('is packed into memory of its own, in the same pieces', () => {
    const { recording } = aRecording();
    const socket = new Uint8Array(65_536).fill(9);
    for (const [from, to] of [
      [100, 103],
      [200, 201],
    ])
      recording.write(socket.subarray(from, to));
    recording.end();
    const packed = recording.packed({ 'content-type': 'x' });
    socket.fill(0);
    expect([packed.piece(0), packed.piece(1)]).toEqual([Uint8Array.of(9, 9, 9), Uint8Array.of(9)]);
    expect(packed.piece(0).buffer.byteLength).toBe(4);
    expect(packed).toMatchObject({ status: 200, headers: { 'content-type': 'x' }, ended: { error: null }, bytes: 4 });
  });
});
