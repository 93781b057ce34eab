/** Answers that are large, and clients that take them slowly or not at all. */

import { gzipSync } from 'node:zlib';
import type { Gateway } from '@sluice/core';
import type { Step } from '@sluice/simulator';
import { describeDrivers, eventually, read } from '@sluice/testkit';
import { expect, test } from 'vitest';

const megabyte = 1_000_000;
const sse = ['content-type', 'text/event-stream'] as const;
const json = ['content-type', 'application/json'] as const;

/** Large when it is compressed, too. */
const noise = bodyOf(
  8 * megabyte,
  Array.from({ length: 200_000 }, (_, at) => ((at * 2_654_435_761) % 4_294_967_296).toString(36)).join(''),
);
/** A thousand to one: 39 KB and 78 KB as they come. */
const smallBomb = gzipped(bodyOf(40 * megabyte));
const largeBomb = gzipped(bodyOf(80 * megabyte));

describeDrivers('a large answer that is held until it is whole', (driver, mount) => {
  test('waits here until the client takes it, counted, and neither key nor provider wait with it', async () => {
    const { gateway, ask, simulator } = await mount();
    simulator.plan('*', [whole(20 * megabyte)]);
    const answer = await ask('generateContent');
    await eventually('the provider is done', () => simulator.journal.running === 0);
    await eventually('the key is back', () => inFlight(gateway) === 0);
    const { open, bufferedBytes } = gateway.snapshot();
    expect(open).toBe(1);
    expect(bufferedBytes).toBeGreaterThan(megabyte);
    expect(bufferedBytes).toBeLessThan(21 * megabyte);
    const { text, brokenBy } = await read(answer);
    expect(brokenBy).toBeNull();
    expect(text).toBe(bodyOf(20 * megabyte));
    await eventually('nobody is inside', () => gateway.snapshot().open === 0);
    expect(gateway.snapshot().bufferedBytes).toBe(0);
  });

  test('is let go of with a client that takes nothing, and ends as broken', async () => {
    const { gateway, ask, simulator } = await mount({ gateway: { timeouts: { slowReaderMs: 60 } } });
    simulator.plan('*', [whole(20 * megabyte)]);
    const told: (string | null)[] = [];
    gateway.on('request', ({ outcome, error }) => told.push(outcome, error));
    const answer = await ask('generateContent');
    await eventually('it is dropped', () => gateway.snapshot().open === 0, 10_000);
    expect(gateway.snapshot().bufferedBytes).toBe(0);
    expect(told).toEqual(['failed', 'slow_reader']);
    // In process the client still has what it was given before.
    if (driver.client === 'node') expect((await read(answer)).brokenBy).not.toBeNull();
    else await answer.body?.cancel();
  });

  test('is broken off when the gateway goes down and the client still takes nothing', async () => {
    const { gateway, ask, simulator } = await mount();
    simulator.plan('*', [whole(20 * megabyte)]);
    const answer = await ask('generateContent');
    await eventually('the provider is done', () => simulator.journal.running === 0 && inFlight(gateway) === 0);
    await gateway.drain({ withinMs: 0 });
    expect((await read(answer)).brokenBy).not.toBeNull();
  });

  test('finds no room where the share is used up: then this call fails, and small ones go on', async () => {
    const { gateway, ask, simulator } = await mount({ gateway: { server: { maxBufferedBytes: megabyte } } });
    simulator.plan('*', [whole(2 * megabyte)]);
    const refused = await read(await ask('generateContent'));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(refused.text).toContain('OVERLOADED');
    expect(simulator.journal.requests).toHaveLength(1);
    expect(gateway.snapshot()).toMatchObject({ bufferedBytes: 0, breakers: [] });
    simulator.plan('*', ['ok']);
    expect((await read(await ask('generateContent'))).status).toBe(200);
  });
});

describeDrivers('a compressed answer', (_driver, mount) => {
  test('of eight megabytes comes whole', async () => {
    const { ask, simulator } = await mount();
    simulator.plan('*', [gzipped(noise)]);
    const { status, text, brokenBy } = await read(await ask('generateContent'));
    expect([status, text === noise, brokenBy]).toEqual([200, true, null]);
  });

  test.each([
    ['that is small as it comes', smallBomb],
    ['that is large as it comes', largeBomb],
  ])('%s and unfolds beyond limits.maxAnswerBytes fails this call only', async (_what, bomb) => {
    const { ask, simulator, gateway } = await mount({ gateway: { limits: { maxAnswerBytes: 10 * megabyte } } });
    simulator.plan('*', [bomb]);
    const answer = await read(await ask('generateContent'));
    expect(answer.status).toBe(502);
    expect(answer.text).toContain('maxAnswerBytes');
    expect(gateway.snapshot()).toMatchObject({ bufferedBytes: 0, breakers: [] });
  });
});

describeDrivers('an event that is too large', (_driver, mount) => {
  test('breaks its own stream, and the one beside it goes on to its end', async () => {
    const { ask, simulator } = await mount({
      gateway: { limits: { maxEventBytes: megabyte } },
      simulator: { chunkMs: 5 },
    });
    const beside = ask('streamGenerateContent?alt=sse').then(read);
    await eventually('it is there', () => simulator.journal.requests.length === 1);
    simulator.plan('*', ['big-event']);
    const broken = await read(await ask('streamGenerateContent?alt=sse'));
    expect(broken.brokenBy ?? broken.text).toBeTruthy();
    expect(broken.text).toContain('maxEventBytes');
    expect((await beside).text).toContain('"STOP"');
  });

  test('as an error object is read no further than limits.maxErrorBytes', async () => {
    const { ask, simulator, gateway } = await mount({ gateway: { retry: { maxAttempts: 1 } } });
    const text = JSON.stringify({ error: { code: 503, message: 'x'.repeat(20 * megabyte), status: 'UNAVAILABLE' } });
    const held: number[] = [];
    const look = setInterval(() => held.push(gateway.snapshot().bufferedBytes), 1);
    simulator.plan('*', [
      { status: 200, headers: [sse], chunks: [Buffer.from(`data: ${text}\r\n\r\n`)], streamed: true },
    ]);
    const answer = await read(await ask('streamGenerateContent?alt=sse'));
    clearInterval(look);
    expect(answer.status).toBe(502);
    expect(answer.text).toContain('maxErrorBytes');
    expect(Math.max(0, ...held)).toBeLessThan(megabyte);
  });
});

function bodyOf(bytes: number, pattern = 'abcdefghi '): string {
  const text = pattern.repeat(Math.ceil(bytes / pattern.length)).slice(0, bytes);
  return JSON.stringify({ candidates: [{ content: { parts: [{ text }] }, finishReason: 'STOP' }] });
}

function whole(bytes: number): Step {
  return { status: 200, headers: [json], chunks: [Buffer.from(bodyOf(bytes))] };
}

function gzipped(body: string): Step {
  return { status: 200, headers: [json, ['content-encoding', 'gzip']], chunks: [gzipSync(body)] };
}

function inFlight(gateway: Gateway): number {
  return gateway.snapshot().pools[0]?.projects[0]?.inFlight ?? -1;
}
