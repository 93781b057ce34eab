import type { Channel, ChannelListener, Clock, Dial, DialRequest, Frame, Opening } from '@sluice/core';
import { Cancellation, converse, createGateway } from '@sluice/core';
import { eventually, fakeClock } from '@sluice/testkit';
import { expect, test, vi } from 'vitest';
import { callerKey, path, setup, setupComplete } from './a-talk.ts';

/** A channel in memory: what a runtime has to bring that knows no `ws`. */
class MemoryChannel implements Channel {
  readonly protocol = '';
  /** It is told a good-bye and never answers. */
  isDeaf = false;
  bytesRead = 0;
  readonly sent: Frame[] = [];
  closing: { code: number; reason: string } | null = null;
  listener: ChannelListener | null = null;

  listen(listener: ChannelListener): void {
    this.listener = listener;
  }
  send(frame: Frame): boolean {
    this.sent.push(frame);
    return true;
  }
  says(text: string): void {
    this.bytesRead += text.length;
    this.listener?.frame({ data: new TextEncoder().encode(text), isText: true });
  }
  close(code: number, reason: string): void {
    if (this.closing !== null) return;
    this.closing = { code, reason };
    if (!this.isDeaf) this.#isGone(code, reason);
  }
  abort(): void {
    this.#isGone(1006, '');
  }
  #isGone(code: number, reason: string): void {
    queueMicrotask(() => this.listener?.closed({ code, reason, isBroken: false }));
  }
  ping(): void {}
  pause(): void {}
  resume(): void {}
}

/** An opening that is granted, and what comes of it. */
async function aSession(clock?: Clock, hold: typeof converse = converse) {
  const gateway = createGateway({ keys: 'canary-provider-key', callers: [{ id: 'alice', key: callerKey }], clock });
  const client = new MemoryChannel();
  const provider = new MemoryChannel();
  const dialed: DialRequest[] = [];
  const dial: Dial = async (request) => {
    dialed.push(request);
    return { is: 'open', channel: provider };
  };
  const opening: Opening = {
    id: 'memory-1',
    method: 'GET',
    target: `${path}?key=${callerKey}`,
    headers: {
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    },
    remote: null,
    cancellation: new Cancellation(),
    refusal: { open() {}, head: (status) => expect(status).toBe(101), write: () => true, end() {}, fail() {} },
    accept: () => client,
  };
  const over = hold(gateway, opening, dial);
  await eventually('nobody listens', () => client.listener !== null);
  client.says(setup);
  await eventually('the setup did not come', () => provider.sent.length === 1);
  provider.says(setupComplete);
  await eventually('no answer', () => client.sent.length === 1);
  return { gateway, client, provider, dialed, over };
}

test('a runtime that brings its own channels holds sessions as well', async () => {
  const { gateway, client, provider, dialed, over } = await aSession();
  expect(dialed).toMatchObject([
    {
      url: `wss://generativelanguage.googleapis.com${path}`,
      headers: { 'x-goog-api-key': 'canary-provider-key' },
      protocols: [],
      maxFrameBytes: 16_777_216,
    },
  ]);
  provider.close(1000, 'done');
  await over;
  expect(client.closing).toEqual({ code: 1000, reason: 'done' });
  expect(gateway.snapshot()).toMatchObject({ open: 0, bufferedBytes: 0 });
  await gateway.close();
});

test('a gateway that another copy of core has made holds sessions as well', async () => {
  vi.resetModules();
  const copy = await import('@sluice/core');
  expect(copy.converse).not.toBe(converse);
  const { gateway, provider, client, over } = await aSession(undefined, copy.converse);
  expect(gateway.snapshot().open).toBe(1);
  provider.close(1000, 'done');
  await over;
  expect(client.closing).toEqual({ code: 1000, reason: 'done' });
  expect(gateway.snapshot().open).toBe(0);
  await gateway.close();
});

test.each([
  ['a provider', 'provider', 1_000],
  ['a client', 'client', 60_000],
] as const)('%s that does not answer a good-bye is cut off', async (_who, deaf, withinMs) => {
  const clock = fakeClock();
  const session = await aSession(clock);
  session[deaf].isDeaf = true;
  session[deaf === 'client' ? 'provider' : 'client'].close(1000, 'done');
  let isOver = false;
  void session.over.then(() => {
    isOver = true;
  });
  await clock.advance(withinMs - 1);
  expect([isOver, session[deaf].closing]).toEqual([false, { code: 1000, reason: 'done' }]);
  await clock.advance(1);
  expect(isOver).toBe(true);
  expect(clock.pending).toBe(0);
  await session.gateway.close();
});
