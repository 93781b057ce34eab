/** What a flight holds, and for how long; what it has used, and who is told. */

import { fakeClock } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { Alarms } from '../../src/attempt/alarms.ts';
import { Flight } from '../../src/cache/flight.ts';
import { Playback } from '../../src/cache/playback.ts';
import { Cancellation } from '../../src/cancellation.ts';
import { Room } from '../../src/door/room.ts';
import { Emitter } from '../../src/events.ts';
import { Meter } from '../../src/stream/meter.ts';
import { geminiSurfaces } from '../../src/surface/gemini.ts';
import { recordingSink } from '../recording-sink.ts';

const call = geminiSurfaces(new Map()).match({
  method: 'POST',
  target: '/v1beta/models/m:generateContent',
  headers: {},
});

function aFlight() {
  const clock = fakeClock();
  const room = new Room(100_000);
  const closed: Flight[] = [];
  const plan = {
    key: 'k',
    isShared: true,
    requestId: 'r',
    longestBytes: 1_000_000,
    onClosed: (flight: Flight) => void closed.push(flight),
  };
  const flight = new Flight(plan, { room, clock, emitter: new Emitter() });
  const member = () => {
    flight.join();
    const sink = recordingSink();
    const client = new Meter(sink, clock);
    const cancellation = new Cancellation();
    const alarms = new Alarms(clock);
    const more = { sign: (headers: object) => ({ ...headers }), hold: () => {}, slowReaderMs: 0 };
    const playback = new Playback(flight.recording, { client, call, cancellation, alarms, clock, ...more });
    return { sink, playback, played: playback.play() };
  };
  return { clock, room, closed, flight, member };
}

describe('a flight', () => {
  test('holds the request of who began it until it lands, and the answer as long as anybody listens', async () => {
    const { room, flight, member } = aFlight();
    const story = { heldBytes: 0 };
    room.takeBody(story, 30_000);
    flight.takeBody(story);
    expect([story.heldBytes, flight.heldBytes, room.heldBytes]).toEqual([0, 30_000, 30_000]);
    const [brisk, idle] = [member(), member()];
    idle.sink.hasRoom = false;
    flight.client.head(200, {});
    flight.client.write(new Uint8Array(500));
    flight.client.write(new Uint8Array(500));
    flight.client.end();
    expect(room.heldBytes).toBe(31_000);
    flight.delivered(() => null);
    flight.land();
    expect(room.heldBytes).toBe(1_000);
    await brisk.played;
    await flight.leave(brisk.playback);
    expect(room.heldBytes).toBe(1_000);
    idle.sink.flow?.resume();
    await idle.played;
    await flight.leave(idle.playback);
    expect(room.heldBytes).toBe(0);
  });

  test('lets go of its beginning rather than of the half of the room that others need', () => {
    const { room, closed, flight, member } = aFlight();
    const other = { heldBytes: 0 };
    room.takeBody(other, 45_000);
    member();
    flight.client.head(200, {});
    flight.client.write(new Uint8Array(4_000));
    expect([flight.recording.isCut, room.heldBytes, closed]).toEqual([false, 49_000, []]);
    flight.client.write(new Uint8Array(4_000));
    expect([flight.recording.isCut, room.heldBytes, closed]).toEqual([true, 45_000, [flight]]);
    flight.client.end();
    expect(flight.isWhole).toBe(false);
  });

  test('ends when its last member has left, and not before; who leaves last waits until nothing runs', async () => {
    const { flight, closed, member } = aFlight();
    const [one, other] = [member(), member()];
    for (const { played } of [one, other]) played.catch(() => {});
    await flight.leave(one.playback);
    expect([flight.cancellation.isCancelled, closed]).toEqual([false, []]);
    let hasLeft = false;
    const leaving = flight.leave(other.playback).then(() => {
      hasLeft = true;
    });
    expect([flight.cancellation.isCancelled, closed]).toEqual([true, [flight]]);
    await Promise.resolve();
    expect(hasLeft).toBe(false);
    flight.land();
    await leaving;
  });

  test('tells what it has used when it has landed, and once', () => {
    const { flight, member } = aFlight();
    member();
    const usage = { prompt: 1, candidates: 2, thoughts: 0, cached: 0, tools: 0 };
    flight.delivered(() => usage);
    expect(flight.usage()).toBeNull();
    flight.land();
    expect([flight.usage(), flight.usage()]).toEqual([usage, null]);
  });

  test('settles what was admitted for it by what it has used, whoever has left', () => {
    const { flight, member } = aFlight();
    member();
    const settled: unknown[] = [];
    flight.admitted({ tokens: 100, reservation: null, settle: (spent) => void settled.push(spent) });
    flight.sent();
    flight.delivered(() => ({ prompt: 1, candidates: 2, thoughts: 3, cached: 1, tools: 0 }));
    flight.land();
    expect(settled).toEqual([{ requests: 1, tokens: 6 }]);
  });
});
