/** Request bodies under the share that all requests have together, and when the gateway goes down. */

import type { GatewayOptions } from '@sluice/core';
import { describeDrivers, eventually, type Mounted, rawRequest, read } from '@sluice/testkit';
import { expect, test } from 'vitest';

const path = '/v1beta/models/gemini-2.5-flash:generateContent';
const share: Partial<GatewayOptions> = { server: { maxBufferedBytes: 400_000 } };

describeDrivers('when the share is used up', (driver, mount) => {
  test('a large body is refused while it comes, what it held is free again, and small requests pass', async () => {
    const mounted = await mount({ gateway: share });
    const leave = await occupied(mounted, 350_000);
    const { gateway, ask, simulator } = mounted;
    const before = gateway.snapshot().bufferedBytes;
    const pieces = Array.from({ length: 40 }, () => 'x'.repeat(10_000));
    const refused = await read(await ask('generateContent', { body: streamOf(pieces), duplex: 'half' } as RequestInit));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(refused.text).toContain('maxBufferedBytes');
    expect(gateway.snapshot().bufferedBytes).toBe(before);
    simulator.plan('*', ['ok']);
    expect((await read(await ask('countTokens'))).status).toBe(200);
    const small = streamOf([JSON.stringify({ contents: [{ parts: [{ text: 'x'.repeat(50_000) }] }] })]);
    expect((await read(await ask('countTokens', { body: small, duplex: 'half' } as RequestInit))).status).toBe(200);
    await leave();
  });

  test('a body that says how long it is is refused before any of it is read', async () => {
    const mounted = await mount({ gateway: share });
    if (driver.client === 'web') return void (await readNothing(mounted));
    const leave = await occupied(mounted, 350_000);
    const head = ['content-type: application/json', 'content-length: 100000'];
    const lines = [`POST ${path} HTTP/1.1`, 'host: a', ...head, '', ''].join('\r\n');
    const { text, status } = await rawRequest(portOf(mounted), lines, /OVERLOADED/);
    expect(status).toBe(503);
    expect(text.toLowerCase()).toContain('retry-after: 1\r\n');
    await leave();
  });

  test('what is announced and does not come keeps nobody out', async () => {
    const { gateway, ask, simulator } = await mount({ gateway: share });
    const stalled = new AbortController();
    const announced = ask('generateContent', { body: neverEnding(stalled.signal), duplex: 'half' } as RequestInit);
    await eventually('it is inside', () => gateway.snapshot().open === 1);
    simulator.plan('*', ['ok']);
    expect((await read(await ask('countTokens', { body: `{"x":"${'y'.repeat(200_000)}"}` }))).status).toBe(200);
    stalled.abort();
    await announced.then(read).catch(() => null);
  });
});

describeDrivers('a gateway that goes down', (_driver, mount) => {
  test('ends what is still sending its body, in its own dialect', async () => {
    const { gateway, ask } = await mount();
    const stalled = new AbortController();
    const sending = ask('generateContent', { body: neverEnding(stalled.signal), duplex: 'half' } as RequestInit);
    await eventually('it is inside', () => gateway.snapshot().open === 1);
    await gateway.drain({ withinMs: 20 });
    const answer = await sending.then(read);
    expect([answer.status, answer.text.includes('DRAINING')]).toEqual([503, true]);
    stalled.abort();
  });

  test('ends what backs off between two attempts', async () => {
    const { gateway, ask, simulator } = await mount({
      gateway: { retry: { throttleDelayMs: 60_000, baseDelayMs: 60_000 } },
    });
    simulator.plan('*', ['503']);
    const random = Math.random;
    Math.random = () => 0.999;
    const waiting = ask('generateContent').then(read);
    await eventually('it backs off', () => simulator.journal.requests.length === 1 && simulator.journal.running === 0);
    await eventually('the lease is back', () => gateway.snapshot().pools[0]?.projects[0]?.inFlight === 0);
    Math.random = random;
    await gateway.drain({ withinMs: 0 });
    const answer = await waiting;
    expect([answer.status, answer.text.includes('DRAINING')]).toEqual([503, true]);
    expect(simulator.journal.requests).toHaveLength(1);
  });

  test('ends what waits for a key', async () => {
    const { gateway, ask, simulator } = await mount({ gateway: { queue: { maxWaitMs: 60_000 } } });
    simulator.plan('*', ['429']);
    expect((await read(await ask('generateContent'))).status).toBe(429);
    const waiting = ask('generateContent').then(read);
    await eventually('it waits', () => gateway.snapshot().waiting === 1);
    await gateway.drain({ withinMs: 0 });
    const answer = await waiting;
    expect([answer.status, answer.text.includes('DRAINING')]).toEqual([503, true]);
    expect(simulator.journal.requests).toHaveLength(1);
  });

  test('ends what waits for the host to say who asks', async () => {
    const { gateway, ask, simulator } = await mount({ gateway: { callers: () => new Promise(() => {}) } });
    const waiting = ask('generateContent').then(read);
    await eventually('it is inside', () => gateway.snapshot().open === 1);
    await gateway.drain({ withinMs: 0 });
    expect((await waiting).text).toContain('DRAINING');
    expect(simulator.journal.requests).toHaveLength(0);
  });
});

/** Fills the share with a request whose answer does not come. @returns lets it go */
async function occupied({ ask, simulator, gateway }: Mounted, bytes: number): Promise<() => Promise<void>> {
  simulator.plan('*', ['no-answer']);
  const leave = new AbortController();
  const held = ask('generateContent', { body: `{"x":"${'y'.repeat(bytes)}"}`, signal: leave.signal }).catch(() => null);
  await eventually('it holds its body', () => gateway.snapshot().bufferedBytes > bytes);
  return async () => {
    leave.abort();
    await held;
  };
}

/** In process a body is a stream that somebody pulls: one that is refused is never pulled. */
async function readNothing(mounted: Mounted): Promise<void> {
  const leave = await occupied(mounted, 350_000);
  let pulls = 0;
  const body = new ReadableStream({ pull: () => void pulls++ }, { highWaterMark: 0 });
  const headers = { 'content-length': '100000' };
  const answer = await read(await mounted.ask('generateContent', { body, headers, duplex: 'half' } as RequestInit));
  expect([answer.status, pulls]).toEqual([503, 0]);
  await leave();
}

function portOf({ origin }: Mounted): number {
  return Number(new URL(origin ?? '').port);
}

function streamOf(pieces: readonly string[]): ReadableStream<Uint8Array> {
  const left = pieces.map((piece) => Buffer.from(piece));
  return new ReadableStream({
    pull(controller) {
      const piece = left.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    },
  });
}

function neverEnding(signal: AbortSignal): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from('{'));
      signal.addEventListener('abort', () => {
        try {
          controller.error(new Error('the test is over'));
        } catch {
          // Cancelled already.
        }
      });
    },
  });
}
