import { type FakeClock, fakeClock } from '@sluice/testkit';
import { describe, expect, test, vi } from 'vitest';
import { Gate, type Inside } from '../../src/door/gate.ts';
import { Overload, type OverloadSettings } from '../../src/door/overload.ts';
import { SluiceError } from '../../src/errors.ts';
import { Emitter, type OverloadEvent } from '../../src/events.ts';
import type { Vitals } from '../../src/platform/platform.ts';

describe('who is inside is counted', () => {
  test('and which of them stream', () => {
    const { gate } = aGate();
    const [one, other] = [guest(true), guest(false)];
    gate.enter(one);
    gate.enter(other);
    expect([gate.open, gate.streams]).toEqual([2, 1]);
    gate.leave(one);
    gate.leave(one);
    expect([gate.open, gate.streams]).toEqual([1, 0]);
  });

  test('and what they hold is forgotten when they leave', () => {
    const { gate } = aGate();
    const one = guest();
    gate.enter(one);
    gate.room.takeBody(one, 500);
    expect(gate.room.heldBytes).toBe(500);
    gate.leave(one);
    expect(gate.room.heldBytes).toBe(0);
  });
});

describe('a gate that is shut', () => {
  test('lets nobody in, and says when to come again', () => {
    const { gate } = aGate();
    gate.shut();
    expect(gate.isShut).toBe(true);
    expect(() => gate.enter(guest())).toThrow(expect.objectContaining({ code: 'draining', retryAfterMs: 1_000 }));
    expect(gate.open).toBe(0);
  });

  test('waits for the last one inside', async () => {
    const { gate } = aGate();
    const [one, other] = [guest(), guest()];
    gate.enter(one);
    gate.enter(other);
    gate.shut();
    const isEmpty = vi.fn();
    const empty = Promise.all([gate.empty(), gate.empty()]).then(isEmpty);
    gate.leave(one);
    await Promise.resolve();
    expect(isEmpty).not.toHaveBeenCalled();
    gate.leave(other);
    await empty;
    expect(isEmpty).toHaveBeenCalledOnce();
  });

  test('waits for nobody when nobody is inside', async () => {
    await expect(aGate().gate.empty()).resolves.toBeUndefined();
  });

  test('puts everybody out, each with the reason', () => {
    const { gate } = aGate();
    const [one, other] = [guest(), guest()];
    gate.enter(one);
    gate.enter(other);
    const reason = new SluiceError('draining', 'late');
    gate.expelAll(reason);
    expect(one.expel).toHaveBeenCalledWith(reason);
    expect(other.expel).toHaveBeenCalledWith(reason);
  });
});

describe('a gate of a process that cannot keep up', () => {
  test('is looked at as requests come in, no more often than ten times a second', async () => {
    const { gate, clock, looks } = aGate();
    for (let time = 0; time < 20; time++) passThrough(gate);
    expect(looks()).toBe(1);
    await clock.advance(99);
    passThrough(gate);
    expect(looks()).toBe(1);
    await clock.advance(1);
    passThrough(gate);
    expect(looks()).toBe(2);
  });

  test('turns new ones away over what it can serve once it was late five times in a row, and not for one long pause', async () => {
    const { gate, clock, vitals, told } = aGate();
    vitals.delayMs = 5_000;
    passThrough(gate);
    vitals.delayMs = 0;
    await clock.advance(100);
    passThrough(gate);
    expect(told).toEqual([]);
    vitals.delayMs = 60;
    const inside = Array.from({ length: 8 }, () => guest());
    for (const one of inside) gate.enter(one);
    await clock.advance(500);
    expect(() => gate.enter(guest())).toThrow(expect.objectContaining({ code: 'overloaded', retryAfterMs: 1_000 }));
    const state = { delayMs: 60, heapShare: 0 };
    expect(told).toEqual([
      { level: 'queue', ...state },
      { level: 'refuse', ...state },
    ]);
    for (const one of inside.slice(0, 5)) gate.leave(one);
    expect(() => passThrough(gate)).not.toThrow();
    expect(gate.open).toBe(3);
  });

  test('learns from those who leave what a request takes, and nothing from those who talk as long as they like', async () => {
    const { gate, clock, vitals, overload } = aGate();
    vitals.busyShare = 0.5;
    passThrough(gate);
    const [short, long] = [{ ...guest(), startedAtMs: clock.now() }, guest()];
    gate.enter(short);
    gate.enter(long);
    await clock.advance(50);
    gate.leave(short);
    gate.leave(long);
    await clock.advance(50);
    passThrough(gate);
    Object.assign(vitals, { delayMs: 60, busyShare: 1 });
    gate.enter(guest());
    await clock.advance(500);
    // 50 ms and 4 ms of slack, for 50 ms of the loop's time.
    expect(overload.concurrency.most).toBe(2);
  });

  test('goes on looking while only long requests are inside, and sets no timer when nobody is', async () => {
    const { gate, clock, vitals, told, looks } = aGate();
    const long = guest(true);
    gate.enter(long);
    vitals.delayMs = 40;
    await clock.advance(300);
    expect(looks()).toBe(4);
    expect(told.map(({ level }) => level)).toEqual(['queue']);
    expect(gate.isCrowded).toBe(true);
    gate.leave(long);
    expect(clock.pending).toBe(0);
  });

  test('holds back who is turned away once refusals take a fifth of the time, and lets go of all when it is shut', async () => {
    const { gate, clock, vitals } = aGate();
    vitals.heapShare = 0.9;
    for (let look = 0; look < 4; look++) {
      gate.turnsAway();
      await clock.advance(100);
    }
    for (let look = 0; look < 5; look++) {
      expect(gate.holdBack).toBeNull();
      for (let time = 0; time < 500; time++) gate.turnsAway();
      await clock.advance(100);
    }
    gate.turnsAway();
    const connection = { pause: vi.fn(), resume: vi.fn() };
    gate.holdBack?.(connection);
    expect(connection.pause).toHaveBeenCalledOnce();
    expect(connection.resume).not.toHaveBeenCalled();
    gate.shut();
    expect(connection.resume).toHaveBeenCalledOnce();
    expect([gate.holdBack, clock.pending]).toEqual([null, 0]);
  });

  test('forgets what it saw when nobody has come for a while', async () => {
    const { gate, clock, vitals, told } = aGate();
    vitals.heapShare = 0.9;
    for (let look = 0; look < 2; look++) {
      passThrough(gate);
      await clock.advance(100);
    }
    expect(() => gate.enter(guest())).toThrow('cannot keep up');
    vitals.heapShare = 0;
    await clock.advance(5_000);
    passThrough(gate);
    expect(told.map(({ level }) => level)).toEqual(['refuse', 'none']);
  });

  test('ends those who hold most when the heap bursts, a few at a look, and nobody who holds little', async () => {
    const { gate, clock, vitals } = aGate();
    const guests = [10_000, 900_000, 300_000, 200_000].map((bytes) => {
      const one = guest(true);
      gate.enter(one);
      gate.room.takeBody(one, bytes);
      one.expel.mockImplementation(() => gate.leave(one));
      return one;
    });
    const expelled = (): number[] => guests.map(({ expel }) => expel.mock.calls.length);
    vitals.heapShare = 0.95;
    await clock.advance(200);
    expect(expelled()).toEqual([0, 0, 0, 0]);
    await clock.advance(100);
    expect(expelled()).toEqual([0, 1, 0, 0]);
    expect(guests[1]?.expel.mock.calls[0]?.[0]).toMatchObject({ code: 'overloaded', retryAfterMs: 1_000 });
    await clock.advance(100);
    expect(expelled()).toEqual([0, 1, 1, 0]);
    await clock.advance(5_000);
    expect(expelled()).toEqual([0, 1, 1, 1]);
    expect(gate.open).toBe(1);
    for (const one of guests) gate.leave(one);
    expect(clock.pending).toBe(0);
  });

  test('lets as many streams in as it may, and anybody else beside them until then', () => {
    const { gate } = aGate({ maxStreams: 2 });
    const streams = [guest(true), guest(false), guest(true)];
    for (const one of streams) gate.enter(one);
    expect(() => gate.enter(guest())).toThrow(expect.objectContaining({ code: 'overloaded' }));
    gate.leave(streams[0] as Inside);
    expect(() => gate.enter(guest())).not.toThrow();
  });

  test('looks at nothing and sets no timer when everything is off', () => {
    const { gate, clock, vitals, looks } = aGate(off);
    vitals.delayMs = 1e6;
    gate.enter(guest());
    expect([looks(), clock.pending, gate.level]).toEqual([0, 0, 'none']);
  });

  test('sheds nothing where nobody can tell how the process is', async () => {
    const { gate, clock } = aGate({}, true);
    passThrough(gate);
    await clock.advance(100);
    passThrough(gate);
    expect(gate.level).toBe('none');
  });
});

const defaults: OverloadSettings = {
  queueDelayMs: 25,
  refuseDelayMs: 50,
  queueHeapShare: 0.8,
  refuseHeapShare: 0.88,
  endHeapShare: 0.94,
  maxStreams: 0,
};
const off = { queueDelayMs: 0, refuseDelayMs: 0, queueHeapShare: 0, refuseHeapShare: 0, endHeapShare: 0 };

interface Watched {
  readonly gate: Gate;
  readonly overload: Overload;
  readonly clock: FakeClock;
  readonly vitals: { -readonly [Name in keyof Vitals]: Vitals[Name] };
  readonly told: OverloadEvent[];
  looks(): number;
}

function aGate(settings: Partial<OverloadSettings> = {}, isBlind = false): Watched {
  const clock = fakeClock();
  const emitter = new Emitter();
  const told: OverloadEvent[] = [];
  emitter.on('overload', (event) => told.push(event));
  const vitals = { delayMs: 0, busyShare: 1, heapShare: 0 };
  const look = vi.fn(() => (isBlind ? null : { ...vitals }));
  const overload = new Overload({ ...defaults, ...settings });
  const gate = new Gate({ clock, emitter, overload, vitals: look, maxBufferedBytes: 0 });
  return { gate, overload, clock, vitals, told, looks: () => look.mock.calls.length };
}

function guest(isStream = false): Inside & { expel: ReturnType<typeof vi.fn<(reason: SluiceError) => void>> } {
  return { place: -1, heldBytes: 0, startedAtMs: null, isStream, expel: vi.fn<(reason: SluiceError) => void>() };
}

function passThrough(gate: Gate): void {
  const one = guest();
  gate.enter(one);
  gate.leave(one);
}
