/** A silent stream is kept alive by comments that mean nothing: where its language allows them, and nowhere else. */

import { afterEach, describe, expect, test } from 'vitest';
import { recordingSink } from '../recording-sink.ts';
import { lastWord, type Played, type Stage, word } from '../resilience/in-memory.ts';
import { type Ask, done, events, hearing, type Listener, listen, tellOn, whole } from '../resume/a-hearing.ts';

const ping = ': ping\n\n';
const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const chat: Ask = { target: '/v1beta/openai/chat/completions' };
const gemini: Ask = { target: '/v1beta/models/m:streamGenerateContent?alt=sse', body: { contents: [] } };
const unkept: Ask = { body: { model: 'm', input: 'x', stream: true, store: false } };

let stages: Stage[] = [];
afterEach(() => {
  const all = stages;
  stages = [];
  for (const stage of all) stage.expectNothingLeft();
});

async function begun(
  ask: Ask,
  first: string,
  options: Parameters<typeof hearing>[1] = {},
): Promise<[Stage, Played, Listener]> {
  const stage = hearing([() => {}], options);
  stages.push(stage);
  const listener = listen(stage, ask);
  await stage.clock.advance(0);
  const call = stage.calls[0] as Played;
  call.begin();
  if (first !== '') call.say(first);
  // What names something is written down before it is shown.
  await stage.clock.advance(0);
  return [stage, call, listener];
}

async function finish(call: Played, listener: Listener, last: string): Promise<void> {
  call.say(last);
  call.end();
  await listener.over;
}

const kinds: [name: string, ask: Ask, first: string, last: string][] = [
  ['an interaction that is kept', {}, events.slice(0, 3).join(''), events.slice(3).join('') + done],
  ['one that is kept nowhere', unkept, events.slice(0, 3).join(''), events.slice(3).join('') + done],
  ['chat completions', chat, chunk({ content: 'a' }), `${chunk({ content: 'b' })}${chunk({}, 'stop')}data: [DONE]\n\n`],
];

describe.each(kinds)('a silent stream of %s', (_, ask, first, last) => {
  test('says so every 15 s, between two events', async () => {
    const [stage, call, listener] = await begun(ask, first);
    await stage.clock.advance(14_999);
    expect(listener.text).toBe(first);
    await stage.clock.advance(1);
    expect(listener.sink.told.at(-1)).toBe(ping);
    await stage.clock.advance(15_000);
    expect(listener.text).toBe(first + ping + ping);
    await finish(call, listener, last);
    expect(listener.text).toBe(first + ping + ping + last);
    await stage.clock.advance(60_000);
    expect(listener.ending).toBe('end');
  });

  test('begins to count anew with whatever goes out', async () => {
    const [stage, call, listener] = await begun(ask, first);
    await stage.clock.advance(10_000);
    call.say(': from the provider\n\n');
    await stage.clock.advance(14_999);
    expect(listener.text).not.toContain(ping);
    await stage.clock.advance(1);
    expect(listener.text.endsWith(ping)).toBe(true);
    await finish(call, listener, last);
  });

  test('is over when it is silent for too long, whatever was said in between', async () => {
    const [stage, call, listener] = await begun(ask, first, {
      timeouts: { idleMs: 40_000 },
      retry: { maxUpstreamCalls: 1 },
    });
    await stage.clock.advance(39_999);
    expect(listener.text).toBe(first + ping + ping);
    // A reader that takes a comment asks for more, and that is no sign of the provider's.
    listener.sink.flow?.resume();
    await stage.clock.advance(1);
    expect(listener.ending).toMatch(/upstream_timeout/i);
    expect(call.isAborted).toBe(true);
    await listener.over;
  });

  test('says nothing to a client that is full', async () => {
    const sink = recordingSink();
    sink.hasRoom = false;
    const [stage, call, listener] = await begun({ ...ask, sink }, first);
    await stage.clock.advance(59_000);
    expect(listener.text).toBe(first);
    sink.hasRoom = true;
    sink.flow?.resume();
    await stage.clock.advance(15_000);
    expect(listener.text).toBe(first + ping);
    await finish(call, listener, last);
  });

  test('says nothing where it is turned off', async () => {
    const [stage, call, listener] = await begun(ask, first, { timeouts: { heartbeatMs: 0 } });
    await stage.clock.advance(50_000);
    await finish(call, listener, last);
    expect(listener.text).toBe(first + last);
  });

  test('does not count what it says as bytes of the answer', async () => {
    const [stage, call, listener] = await begun(ask, first);
    const bytes: number[] = [];
    stage.gateway.on('request', ({ responseBytes }) => bytes.push(responseBytes));
    await stage.clock.advance(40_000);
    await finish(call, listener, last);
    expect(bytes).toEqual([Buffer.byteLength(first + last)]);
  });

  test('ends with the client', async () => {
    const [stage, , listener] = await begun(ask, first);
    listener.cancellation.cancel(new Error('the client hung up'));
    await listener.over;
    await stage.clock.advance(60_000);
    expect(listener.text).toBe(first);
  });
});

describe('nothing is said', () => {
  test('before the answer is shown', async () => {
    const [stage, call, listener] = await begun(chat, '');
    call.say(chunk({}));
    await stage.clock.advance(100_000);
    expect(listener.sink.told).toEqual([]);
    await finish(call, listener, chunk({ content: 'a' }, 'stop'));
  });

  test.each(kinds)('in the middle of an event: %s', async (_, ask, first, last) => {
    const at = last.indexOf('}');
    const [stage, call, listener] = await begun(ask, first);
    for (const piece of [last.slice(0, at), last.slice(at, last.indexOf('\n\n') + 1)]) {
      call.say(piece);
      await stage.clock.advance(20_000);
      // What is kept goes out event by event, so between them there is always room for a word.
      expect(listener.text.replaceAll(ping, '')).toBe(
        first + (ask === kinds[0]?.[1] ? '' : last.slice(0, listener.text.replaceAll(ping, '').length - first.length)),
      );
    }
    await finish(call, listener, last.slice(last.indexOf('\n\n') + 1));
    expect(listener.text.replaceAll(ping, '')).toBe(first + last);
    for (const block of listener.text.split('\n\n')) expect(block).toMatch(/^(?:: ping|(?:event: \S+\n)?data: .*|)$/);
  });

  test("in a stream of Gemini's, however long it is silent", async () => {
    const [stage, call, listener] = await begun(gemini, word('once'));
    await stage.clock.advance(50_000);
    await finish(call, listener, lastWord);
    expect(listener.text).toBe(word('once') + lastWord);
  });

  test('in an answer that is no stream, or is compressed', async () => {
    const stage = hearing([() => {}]);
    stages.push(stage);
    const plain = listen(stage, { body: { model: 'm', input: 'x' } });
    await stage.clock.advance(0);
    stage.calls[0]?.begin(200, { 'content-type': 'application/json' });
    stage.calls[0]?.say('{"id":"v1_x",');
    await stage.clock.advance(30_000);
    expect(plain.sink.told).toEqual([]);
    plain.cancellation.cancel(new Error('the client hung up'));
    await plain.over;
  });
});

test('it goes on while the rest of a stream that broke is asked for', async () => {
  const stage = hearing([
    (call) => {
      call.begin();
      call.say(events.slice(0, 3).join(''));
      call.break(reset);
    },
    () => {},
  ]);
  stages.push(stage);
  const listener = listen(stage);
  await stage.clock.advance(31_000);
  expect(stage.calls).toHaveLength(2);
  expect(listener.text).toBe(events.slice(0, 3).join('') + ping + ping);
  const [, rest] = stage.calls;
  if (rest !== undefined) tellOn(rest);
  await listener.over;
  expect(listener.text.replaceAll(ping, '')).toBe(whole);
});
