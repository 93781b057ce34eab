/** One client among several: its own pace, its own time, and an end that is nobody else's. */

import { fakeClock } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { Alarms } from '../../src/attempt/alarms.ts';
import { Playback } from '../../src/cache/playback.ts';
import { Recording } from '../../src/cache/recording.ts';
import { Cancellation } from '../../src/cancellation.ts';
import { SluiceError } from '../../src/errors.ts';
import { Meter } from '../../src/stream/meter.ts';
import { geminiSurfaces } from '../../src/surface/gemini.ts';
import { recordingSink } from '../recording-sink.ts';

const encoder = new TextEncoder();
const call = geminiSurfaces(new Map()).match({
  method: 'POST',
  target: '/v1beta/models/m:streamGenerateContent?alt=sse',
  headers: {},
});
const event = (text: string): string =>
  `data: ${JSON.stringify({ candidates: [{ content: { parts: [{ text }] } }] })}\n\n`;

function aClient(recording: Recording) {
  const clock = fakeClock();
  const sink = recordingSink();
  const cancellation = new Cancellation();
  const playback = new Playback(recording, {
    client: new Meter(sink, clock),
    call,
    cancellation,
    sign: (headers) => ({ ...headers, 'x-own': 'yes' }),
    hold: () => {},
    slowReaderMs: 1_000,
    alarms: new Alarms(clock),
    clock,
  });
  return { clock, sink, cancellation, playback };
}

function aRecording(): Recording {
  const recording = new Recording(1_000_000, null);
  recording.head(200, { 'content-type': 'text/event-stream' });
  return recording;
}

const say = (recording: Recording, ...texts: string[]): void => {
  for (const text of texts) recording.write(encoder.encode(text));
};

describe('a recording is played', () => {
  test('from its start to who comes late, and on to its end, in the pieces in which it came', async () => {
    const recording = aRecording();
    say(recording, 'a', 'b');
    const { playback, sink, clock } = aClient(recording);
    const played = playback.play();
    say(recording, 'c');
    recording.end();
    expect(await played).toBeNull();
    expect(sink.told).toEqual(['open', 'head 200', 'a', 'b', 'c', 'end']);
    expect(sink.headers['x-own']).toBe('yes');
    expect(clock.pending).toBe(0);
  });

  test('no faster than its client takes it', async () => {
    const recording = aRecording();
    const { playback, sink, clock } = aClient(recording);
    const played = playback.play();
    sink.hasRoom = false;
    say(recording, 'a', 'b', 'c');
    recording.end();
    expect(sink.told.slice(2)).toEqual(['a']);
    sink.flow?.resume();
    expect(sink.told.slice(2)).toEqual(['a', 'b']);
    sink.hasRoom = true;
    sink.flow?.resume();
    expect(sink.told.slice(2)).toEqual(['a', 'b', 'c', 'end']);
    expect(await played).toBeNull();
    expect(clock.pending).toBe(0);
  });

  test('to each in pieces of its own: what one does to them is nothing to the other', async () => {
    const recording = aRecording();
    const [one, other] = [aClient(recording), aClient(recording)];
    const write = one.sink.write.bind(one.sink);
    one.sink.write = (chunk) => {
      chunk.fill(0x78);
      return write(chunk);
    };
    const played = Promise.all([one.playback.play(), other.playback.play()]);
    say(recording, 'abc');
    recording.end();
    await played;
    expect([one.sink.told[2], other.sink.told[2]]).toEqual(['xxx', 'abc']);
  });

  test('to nobody who takes nothing for too long', async () => {
    const recording = aRecording();
    const { playback, sink, clock } = aClient(recording);
    const played = playback.play();
    sink.hasRoom = false;
    say(recording, 'a', 'b', 'c');
    await clock.advance(999);
    sink.flow?.resume();
    await clock.advance(999);
    expect(sink.told.slice(2)).toEqual(['a', 'b']);
    await clock.advance(1);
    expect(await played).toMatchObject({ kind: 'slow_reader' });
    expect(sink.told.at(-1)).toMatch(/^fail The client read nothing .*slowReaderMs\.$/);
    expect(clock.pending).toBe(0);
  });

  test('and breaks for each where it broke: behind all that came before', async () => {
    const recording = aRecording();
    const { playback, sink } = aClient(recording);
    const played = playback.play();
    sink.hasRoom = false;
    say(recording, 'a', 'b');
    recording.fail(new Error('broken'), encoder.encode('words'));
    expect(sink.told.slice(2)).toEqual(['a']);
    sink.hasRoom = true;
    sink.flow?.resume();
    expect(sink.told.slice(2)).toEqual(['a', 'b', 'fail broken: words']);
    expect(await played).toBeNull();
  });

  test('and at once where nobody is told why', async () => {
    const recording = aRecording();
    const { playback, sink } = aClient(recording);
    const played = playback.play();
    sink.hasRoom = false;
    say(recording, 'a', 'b');
    recording.fail(new Error('broken'));
    expect(sink.told.slice(2)).toEqual(['a', 'fail broken']);
    expect(await played).toBeNull();
  });
});

describe('a client that leaves', () => {
  test('before it was told anything is told nothing', async () => {
    const recording = new Recording(1, null);
    const { playback, sink, cancellation, clock } = aClient(recording);
    const played = playback.play();
    const reason = new Error('gone');
    cancellation.cancel(reason);
    await expect(played).rejects.toBe(reason);
    recording.head(200, {});
    recording.end();
    expect(sink.told).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('because its time is over hears so in its own dialect, fit for where it stands', async () => {
    const recording = aRecording();
    const { playback, sink, cancellation } = aClient(recording);
    const played = playback.play();
    say(recording, event('a'), event('b').slice(0, 20));
    cancellation.cancel(new SluiceError('deadline_exceeded', 'Too long.'));
    expect(await played).toMatchObject({ kind: 'deadline_exceeded' });
    const words = sink.told.at(-1) ?? '';
    expect(words).toMatch(/^fail Too long\.: /);
    expect(words).toContain('DEADLINE_EXCEEDED');
    say(recording, 'more');
    expect(sink.told.at(-1)).toBe(words);
  });

  test('before it plays costs nothing', () => {
    const recording = aRecording();
    const { playback, cancellation } = aClient(recording);
    cancellation.cancel(new Error('gone'));
    return expect(playback.play()).rejects.toThrow('gone');
  });

  test('because its own sink has failed is let go of', async () => {
    const recording = aRecording();
    const { playback, sink } = aClient(recording);
    const played = playback.play();
    sink.write = () => {
      throw new Error('broken pipe');
    };
    say(recording, 'a', 'b');
    expect(await played).not.toBeNull();
    expect(sink.told.filter((line) => line.startsWith('fail'))).toHaveLength(1);
  });
});
