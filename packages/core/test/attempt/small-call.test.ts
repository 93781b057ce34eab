import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Workshop } from '../../src/attempt/errand.ts';
import { probe } from '../../src/attempt/probe.ts';
import { smallCall } from '../../src/attempt/small-call.ts';
import { systemClock } from '../../src/clock.ts';
import { geminiProvider } from '../../src/provider/gemini/provider.ts';
import type { Sink, UpstreamRequest } from '../../src/wire.ts';

const encoder = new TextEncoder();
const question = { method: 'GET', target: '/v1beta/models?pageSize=1', body: null };

let sent: UpstreamRequest[] = [];
let aborted: string[] = [];

/** The parts of a workshop that a call of the gateway's own needs. */
function shop(answer: (sink: Sink) => void): Workshop {
  const upstream = {
    send(request: UpstreamRequest, sink: Sink) {
      sent.push(request);
      sink.open({ pause() {}, resume() {}, abort: (reason) => aborted.push(reason.message) });
      answer(sink);
    },
    close: async () => {},
  };
  const limits = { maxEventBytes: 0, maxAnswerBytes: 0, maxErrorBytes: 1_000 };
  return {
    upstream,
    provider: geminiProvider,
    origin: 'https://g.test',
    limits,
    clock: systemClock,
  } as unknown as Workshop;
}

beforeEach(() => {
  sent = [];
  aborted = [];
});

describe('a call of the gateway’s own', () => {
  test('carries one key and nothing of anybody', async () => {
    const workshop = shop((sink) => {
      sink.head(200, {});
      sink.write(encoder.encode('{}'));
      sink.end();
    });
    const { status, body } = await smallCall(workshop, 'canary', question);
    expect([status, Buffer.from(body).toString()]).toEqual([200, '{}']);
    expect(sent).toEqual([{ ...question, origin: 'https://g.test', headers: ['x-goog-api-key', 'canary'] }]);
    expect(aborted).toEqual([]);
  });

  test('reads no more than it needs', async () => {
    const workshop = shop((sink) => {
      sink.head(200, {});
      for (let piece = 0; piece < 50; piece++) sink.write(new Uint8Array(100));
      sink.end();
    });
    const { body, isWhole } = await smallCall(workshop, 'canary', question);
    expect(body.length).toBeLessThanOrEqual(1_100);
    expect(isWhole).toBe(false);
    expect(aborted).toHaveLength(1);
  });

  test.each([
    [10_000, true, 5_000],
    [0, true, 5_000],
    [2_000, false, 2_100],
  ])('reads more where it is told to: of %i bytes', async (maxBytes, isAll, bytes) => {
    const workshop = shop((sink) => {
      sink.head(200, {});
      for (let piece = 0; piece < 50; piece++) sink.write(new Uint8Array(100));
      sink.end();
    });
    const headers = ['user-agent', 'sdk/1'];
    const { body, isWhole } = await smallCall(workshop, 'canary', { ...question, maxBytes, headers });
    expect([isWhole, body.length]).toEqual([isAll, bytes]);
    expect(sent[0]?.headers).toEqual(['user-agent', 'sdk/1', 'x-goog-api-key', 'canary']);
  });

  test.each([
    ['before its answer', (sink: Sink) => sink.fail(new Error('reset'))],
    [
      'in the middle of it',
      (sink: Sink) => {
        sink.head(200, {});
        sink.write(encoder.encode('{'));
        sink.fail(new Error('reset'));
      },
    ],
  ])('that breaks %s tells nothing', async (_, answer) => {
    await expect(probe(shop(answer), 'canary', 'key_invalid')).rejects.toThrow('reset');
  });

  test('that nobody waits for any more lets go of its connection at once', async () => {
    const gone = new AbortController();
    const outcome = smallCall(
      shop(() => {}),
      'canary',
      question,
      gone.signal,
    ).catch((error: unknown) => error);
    expect([sent.length, aborted.length]).toEqual([1, 0]);
    gone.abort(new Error('found elsewhere'));
    expect(aborted).toHaveLength(1);
    expect(await outcome).toBeInstanceOf(Error);
  });

  test('that nobody waits for is not made', async () => {
    const workshop = shop(() => {});
    await expect(smallCall(workshop, 'canary', question, AbortSignal.abort())).rejects.toThrow();
    expect(sent).toEqual([]);
  });

  describe('that is never answered', () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
    afterEach(() => void vi.useRealTimers());

    test('is given up after 15 s, and its connection with it', async () => {
      const outcome = probe(
        shop(() => {}),
        'canary',
        'key_invalid',
      ).catch((error: unknown) => error);
      await vi.advanceTimersByTimeAsync(14_999);
      expect(aborted).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      expect(await outcome).toBeInstanceOf(Error);
      expect(aborted).toHaveLength(1);
      expect(vi.getTimerCount()).toBe(0);
    });
  });
});
