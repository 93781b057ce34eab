/** A stored stream that breaks goes on as one stream: no event twice, none missing, no half event; and it gives up in time. */

import { afterEach, describe, expect, test } from 'vitest';
import type { AttemptEvent, RequestEndEvent, RetryEvent } from '../../src/events.ts';
import { recordingSink } from '../recording-sink.ts';
import type { Played, Stage } from '../resilience/in-memory.ts';
import { done, events, hearing, id, type Listener, listen, placeOf, restFor, tellOn, whole } from './a-hearing.ts';

const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
const rest = (place: number): string =>
  `/v1beta/interactions/${id}?stream=true&last_event_id=${encodeURIComponent(placeOf(place))}`;

/** Whatever breaks is tried again at once, and held against nobody. */
const untiring = { retry: { baseDelayMs: 0 }, breaker: { consecutiveFailures: 1e6, windowFailures: 1e6 } };

let stages: Stage[] = [];
afterEach(() => {
  const all = stages;
  stages = [];
  for (const stage of all) stage.expectNothingLeft();
});

function staged(...args: Parameters<typeof hearing>): Stage {
  const stage = hearing(...args);
  stages.push(stage);
  return stage;
}

/** Tells so many bytes of what is to be told, and breaks. */
function cutAt(bytes: number, isClean = false): (call: Played) => void {
  return (call) => {
    call.begin();
    const piece = Buffer.from(restFor(call)).subarray(0, bytes);
    if (piece.length > 0) call.say(piece);
    if (isClean) call.end();
    else call.break(reset);
  };
}

function oneEvent(call: Played): void {
  cutAt(Buffer.byteLength(`${restFor(call).split('\n\n')[0]}\n\n`))(call);
}

async function heard(stage: Stage, listener: Listener, ms = 2_000): Promise<string> {
  await stage.clock.advance(ms);
  await listener.over;
  return listener.text;
}

describe('the client sees one stream', () => {
  const bytes = Buffer.from(whole);
  /** From here on the first event can be read, and is shown. */
  const firstEnds = Buffer.byteLength(events[0] as string) - 2;
  const lastEnds = Buffer.byteLength(events.join(''));

  test.each([
    ['reset', false],
    ['ended as if it were whole', true],
  ])('wherever it is %s', async (_, isClean) => {
    let at = firstEnds;
    const stage = staged([(call) => (call.request.method === 'POST' ? cutAt(at, isClean) : tellOn)(call)], untiring);
    for (; at < lastEnds - 2; at++) {
      const before = stage.calls.length;
      const listener = listen(stage);
      await listener.over;
      expect(listener.text, `cut at ${at}`).toBe(whole);
      expect(listener.ending).toBe('end');
      expect(stage.calls).toHaveLength(before + 2);
      const place = events.findLastIndex((_, index) => Buffer.byteLength(events.slice(0, index + 1).join('')) <= at);
      const target = place < 0 ? `/v1beta/interactions/${id}?stream=true` : rest(place);
      expect(stage.calls.at(-1)?.request).toMatchObject({ method: 'GET', target, body: null });
    }
  });

  test('however often it breaks, as long as it moves', async () => {
    const stage = staged([oneEvent, oneEvent, oneEvent, oneEvent, tellOn]);
    const listener = listen(stage);
    expect(await heard(stage, listener)).toBe(whole);
    expect(stage.calls).toHaveLength(5);
  });

  test('and one head, the first', async () => {
    const stage = staged([cutAt(bytes.indexOf(' time')), tellOn]);
    const listener = listen(stage);
    await heard(stage, listener);
    expect(listener.sink.told.filter((told) => told.startsWith('head'))).toEqual(['head 200']);
    expect(listener.sink.headers['x-sluice-attempts']).toBe('1');
  });

  test('told again by its own path, from where it stands, and with what else was asked for', async () => {
    const target = `/v1beta/interactions/${id}?include_input=true&last_event_id=${encodeURIComponent(placeOf(1))}&stream=true`;
    const stage = staged([tellOn, cutAt(0), cutAt(40), cutAt(Buffer.byteLength(events[2] as string) + 9), tellOn]);
    await heard(stage, listen(stage));
    const listener = listen(stage, { target, body: null });
    expect(await heard(stage, listener)).toBe(events.slice(2).join('') + done);
    expect(stage.calls.slice(1).map(({ request }) => request.target)).toEqual([
      ...[target, target, target],
      `${rest(2)}&include_input=true`,
    ]);
  });

  test('where nothing but silence has come', async () => {
    const stage = staged(
      [
        (call) => {
          call.begin();
          call.say(events.slice(0, 3).join(''));
        },
        tellOn,
      ],
      { timeouts: { idleMs: 60_000 } },
    );
    const listener = listen(stage, { headers: {} });
    expect(await heard(stage, listener, 70_000)).toContain(' was');
    expect(listener.text.replaceAll(': ping\n\n', '')).toBe(whole);
    expect(stage.calls[0]?.isAborted).toBe(true);
  });

  test('comments and what tells nothing change no place', async () => {
    const stage = staged([
      (call) => {
        call.begin();
        call.say(`${events[0]}: still here\r\n\r\n${events[1]}\n\n: and here\n\n: and`);
        call.break(reset);
      },
      tellOn,
    ]);
    const listener = listen(stage);
    const text = await heard(stage, listener);
    expect(text).toBe(
      `${events[0]}: still here\r\n\r\n${events[1]}\n\n: and here\n\n${events.slice(2).join('')}${done}`,
    );
    expect(stage.calls[1]?.request.target).toBe(rest(1));
  });

  test('no call for the rest carries anything of the first but who asks', async () => {
    const stage = staged([cutAt(bytes.indexOf(' time')), tellOn]);
    await heard(stage, listen(stage, { headers: { 'api-revision': '2026-05-20', 'x-server-timeout': '90' } }));
    const [, second] = stage.calls;
    expect(second?.header('api-revision')).toBe('2026-05-20');
    expect(second?.header('x-goog-api-key')).toBe('canary-1');
    expect(second?.header('accept-encoding')).toBe('identity');
    expect(second?.header('content-type')).toBeUndefined();
    expect(Number(second?.header('x-server-timeout'))).toBeLessThanOrEqual(90);
  });
});

describe('it is told what was done', () => {
  test('as one request of several attempts, with the usage of its end', async () => {
    const stage = staged([cutAt(whole.indexOf(' time')), (call) => call.refuse(503), tellOn]);
    const told: { attempts: AttemptEvent[]; retries: RetryEvent[]; requests: RequestEndEvent[] } = {
      attempts: [],
      retries: [],
      requests: [],
    };
    stage.gateway.on('attempt', (one) => told.attempts.push(one));
    stage.gateway.on('retry', (one) => told.retries.push(one));
    stage.gateway.on('request', (one) => told.requests.push(one));
    await heard(stage, listen(stage), 20_000);
    expect(told.attempts.map(({ outcome, status }) => [outcome, status])).toEqual([
      ['truncated', 200],
      ['overloaded', 503],
      ['ok', 200],
    ]);
    expect(told.retries.map(({ reason, isFailover }) => [reason, isFailover])).toEqual([
      ['truncated', false],
      ['overloaded', false],
    ]);
    expect(told.requests).toHaveLength(1);
    expect(told.requests[0]).toMatchObject({
      outcome: 'complete',
      status: 200,
      attempts: 3,
      call: 'interactions.create',
    });
    expect(told.requests[0]?.usage).toMatchObject({ prompt: 7, candidates: 26 });
    expect(told.requests[0]?.responseBytes).toBe(Buffer.byteLength(whole));
  });
});

describe('it gives up', () => {
  const middle = Buffer.byteLength(events.slice(0, 4).join(''));
  const shown = events.slice(0, 4).join('');
  const lastWords = (listener: Listener): string => listener.ending.slice(listener.ending.indexOf('data: '));

  test.each<[why: string, play: (call: Played) => void]>([
    ['the provider is busy', (call) => call.refuse(503)],
    ['no event comes', cutAt(0)],
    ['half an event comes', cutAt(20)],
    ['an empty stream comes', cutAt(0, true)],
    ['it is no stream', (call) => call.answer()],
    ['it is compressed', (call) => call.begin(200, { 'content-encoding': 'gzip' })],
  ])('after three tries in a row that bring nothing: %s', async (_, play) => {
    const stage = staged([cutAt(middle), play]);
    const listener = listen(stage);
    expect(await heard(stage, listener, 60_000)).toBe(shown);
    expect(stage.calls).toHaveLength(4);
    expect(listener.ending).toMatch(/^fail The provider's answer stopped before its end: the connection broke/);
    expect(JSON.parse(lastWords(listener).slice('data: '.length))).toMatchObject({
      event_type: 'error',
      error: { code: 'service_unavailable', details: [{ reason: 'UPSTREAM_TRUNCATED' }] },
    });
  });

  test('after as many silences, each as long as one in mid-stream may be', async () => {
    const stage = staged([cutAt(middle), (call) => call.begin()], { timeouts: { idleMs: 5_000, heartbeatMs: 0 } });
    const listener = listen(stage);
    expect(await heard(stage, listener, 16_000)).toBe(shown);
    expect(stage.calls.map(({ isAborted }) => isAborted)).toEqual([false, true, true, true]);
    expect(listener.ending).toContain('UPSTREAM_TRUNCATED');
  });

  test('when the provider says in the middle of the remainder that it is over', async () => {
    const error = '{"code":"service_unavailable","message":"busy"}';
    const stage = staged([
      cutAt(middle),
      (call) => {
        call.begin();
        call.say(`${events[4]}event: error\ndata: {"event_type":"error","error":${error}}\n\n`);
        call.end();
      },
    ]);
    const listener = listen(stage);
    expect(await heard(stage, listener, 60_000)).toBe(shown + events[4]);
    expect(stage.calls).toHaveLength(2);
    expect(listener.ending).toContain('"message":"busy"');
    expect(listener.sink.told.filter((told) => told.startsWith('fail'))).toHaveLength(1);
  });

  test('and asks no other project, although its own key is refused: none but that one knows of it', async () => {
    const projects = ['one', 'two', 'three'].map((name) => ({ id: name, keys: [`key-of-${name}`] }));
    const pools = { gemini: { projects } };
    const stage = staged([cutAt(middle), (call) => call.refuse(401), tellOn], { keys: undefined, pools });
    const listener = listen(stage);
    expect(await heard(stage, listener, 60_000)).toBe(shown);
    expect(stage.calls).toHaveLength(2);
    expect(new Set(stage.calls.map((call) => call.header('x-goog-api-key'))).size).toBe(1);
    expect(listener.ending).toContain('UPSTREAM_TRUNCATED');
  });

  test('when a request has made all the calls that it may', async () => {
    const stage = staged([oneEvent]);
    const listener = listen(stage);
    expect(await heard(stage, listener, 60_000)).toBe(events.slice(0, 6).join(''));
    expect(stage.calls).toHaveLength(6);
    expect(listener.ending).toContain('UPSTREAM_TRUNCATED');
  });

  test.each<[why: string, play: (call: Played) => void]>([
    ['it is gone', (call) => call.refuse(404)],
    ['the project has no quota', (call) => call.refuse(429)],
  ])('at once when asking again cannot help: %s', async (_, play) => {
    const stage = staged([cutAt(middle), play]);
    const requests: RequestEndEvent[] = [];
    stage.gateway.on('request', (one) => requests.push(one));
    const listener = listen(stage);
    expect(await heard(stage, listener, 60_000)).toBe(shown);
    expect(stage.calls).toHaveLength(2);
    expect(listener.ending).toContain('UPSTREAM_TRUNCATED');
    expect(requests[0]).toMatchObject({ outcome: 'failed', error: 'truncated' });
    expect(requests[0]?.message).toContain('Its remainder could not be had');
  });

  test('when its time is over, and says so', async () => {
    const stage = staged([cutAt(middle), () => {}]);
    const listener = listen(stage, { headers: { 'x-request-timeout-ms': '1000' } });
    await stage.clock.advance(960);
    expect(listener.ending).toContain('DEADLINE_EXCEEDED');
    expect(listener.text).toBe(shown);
    expect(stage.calls[1]?.isAborted).toBe(true);
  });

  test('at once, without a word, when the client has gone: in the pause, and in the call', async () => {
    for (const ms of [0, 500]) {
      const stage = staged([cutAt(middle), () => {}], { retry: { baseDelayMs: 1_000 } });
      const listener = listen(stage);
      await stage.clock.advance(ms === 0 ? 0 : 1_000 + ms);
      listener.cancellation.cancel(new Error('the client hung up'));
      await listener.over;
      expect(listener.ending).not.toContain('event: error');
      expect(stage.calls.slice(1).every(({ isAborted }) => isAborted)).toBe(true);
    }
  });

  test('with words of its own when the gateway shuts down', async () => {
    const stage = staged([cutAt(middle), () => {}]);
    const listener = listen(stage);
    await stage.clock.advance(500);
    const drained = stage.gateway.drain({ withinMs: 100 });
    await stage.clock.advance(1_000);
    await drained;
    expect(listener.ending).toContain('DRAINING');
  });

  test('before it begins, where an event does not say where it stands: it would come twice', async () => {
    const placeless = `${events[0]}${(events[2] as string).replace(/,"event_id":"[^"]+"/, '')}`;
    const stage = staged([
      (call) => {
        call.begin();
        call.say(placeless);
        call.break(reset);
      },
    ]);
    const listener = listen(stage);
    expect(await heard(stage, listener)).toBe(placeless);
    expect(stage.calls).toHaveLength(1);
    expect(listener.ending).toContain('UPSTREAM_TRUNCATED');
  });

  test.each([['is kept nowhere', { model: 'm', input: 'x', stream: true, store: false }]])(
    'before it begins, where the answer %s',
    async (_, body) => {
      const stage = staged([cutAt(middle)]);
      const listener = listen(stage, { body });
      expect(await heard(stage, listener)).toBe(shown);
      expect(stage.calls).toHaveLength(1);
    },
  );

  test.each(['{"code":"service_unavailable","message":"busy"}', '{"strange":true}'])(
    "before it begins, where the provider's own error has ended the stream: %s",
    async (error) => {
      const stage = staged([
        (call) => {
          call.begin();
          call.say(`${shown}event: error\ndata: {"event_type":"error","error":${error}}\n\n`);
          call.end();
        },
      ]);
      const listener = listen(stage);
      expect(await heard(stage, listener)).toBe(shown);
      expect(stage.calls).toHaveLength(1);
      expect(listener.ending.match(/event: error/g)).toHaveLength(1);
    },
  );
});

describe('a client that is full', () => {
  test('is waited for before anything is asked for, and is given up in time', async () => {
    const sink = recordingSink();
    sink.hasRoom = false;
    const stage = staged([cutAt(400), tellOn], { timeouts: { slowReaderMs: 5_000 } });
    const listener = listen(stage, { sink });
    await stage.clock.advance(4_000);
    expect(stage.calls).toHaveLength(1);
    sink.hasRoom = true;
    sink.flow?.resume();
    expect(await heard(stage, listener)).toBe(whole);
    expect(stage.calls).toHaveLength(2);

    const stuck = recordingSink();
    stuck.hasRoom = false;
    const other = staged([cutAt(400), tellOn], { timeouts: { slowReaderMs: 5_000 } });
    const slow = listen(other, { sink: stuck });
    await other.clock.advance(6_000);
    await slow.over;
    expect(other.calls).toHaveLength(1);
    expect(slow.ending).toMatch(/^fail The client read nothing/);
  });

  test('holds the source of the rest as it held that of the beginning', async () => {
    const sink = recordingSink();
    const stage = staged([
      cutAt(400),
      (call) => {
        call.begin();
        sink.hasRoom = false;
        call.say(events.slice(2, 4).join(''));
      },
    ]);
    const listener = listen(stage, { sink });
    await stage.clock.advance(1_000);
    expect(stage.calls[1]?.isHeld).toBe(true);
    sink.hasRoom = true;
    sink.flow?.resume();
    expect(stage.calls[1]?.isHeld).toBe(false);
    stage.calls[1]?.say(events.slice(4).join(''));
    stage.calls[1]?.end();
    expect(await heard(stage, listener)).toBe(events.join(''));
  });
});
