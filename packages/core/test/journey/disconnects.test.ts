import { connect } from 'node:net';
import type { StepName } from '@sluice/simulator';
import { describeDrivers, eventually } from '@sluice/testkit';
import { expect, test } from 'vitest';

const withinMs = 100;

describeDrivers('a client that leaves is gone upstream within 100 ms', (driver, mount) => {
  const phases: readonly (readonly [phase: string, step: StepName])[] = [
    ['while the provider thinks', 'no-answer'],
    ['before the first event', 'stall-before-first'],
    ['in mid-stream', 'slow-stream'],
    ['in a flood', 'endless-stream'],
  ];
  test.each(phases)('%s', async (_phase, step) => {
    const { ask, simulator, gateway } = await mount();
    simulator.plan('*', [step]);
    const leave = new AbortController();
    const answered = ask('streamGenerateContent?alt=sse', { signal: leave.signal });
    const body = answered.then((response) => response.body?.getReader()).catch(() => undefined);
    await eventually('the call is under way', () => simulator.journal.requests.length === 1);
    if (step.endsWith('stream')) await (await body)?.read();
    const ended = new Promise<string>((resolve) => gateway.on('request', ({ outcome }) => resolve(outcome)));
    const leftAtMs = performance.now();
    leave.abort();
    if (driver.client === 'web') await (await body)?.cancel().catch(() => {});
    await eventually('the upstream call is abandoned', () => simulator.journal.running === 0);
    expect(performance.now() - leftAtMs).toBeLessThan(withinMs);
    expect(await ended).toBe('aborted');
    await answered.catch(() => {});
  });

  test('while the gateway pauses before another try', async () => {
    const { ask, simulator, gateway } = await mount({ gateway: { retry: { baseDelayMs: 20_000 } } });
    simulator.plan('*', ['503']);
    const leave = new AbortController();
    const ended = new Promise<string>((resolve) => gateway.on('request', ({ outcome }) => resolve(outcome)));
    const pausing = new Promise((resolve) => gateway.on('retry', resolve));
    const answered = ask('generateContent', { signal: leave.signal }).catch(() => null);
    await pausing;
    const leftAtMs = performance.now();
    leave.abort();
    expect(await ended).toBe('aborted');
    expect(performance.now() - leftAtMs).toBeLessThan(withinMs);
    expect(simulator.journal.requests).toHaveLength(1);
    await answered;
  });

  if (driver.client === 'node')
    test('by half-closing the connection: nobody reads what would come', async () => {
      const { simulator, origin } = await mount();
      simulator.plan('*', ['no-answer']);
      const body = '{"contents":[{"parts":[{"text":"hi"}]}]}';
      const socket = connect(Number(new URL(origin ?? '').port), '127.0.0.1');
      socket.on('error', () => {});
      socket.write(
        `POST /v1beta/models/gemini-2.5-flash:generateContent HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      await eventually('the call is under way', () => simulator.journal.running === 1);
      const leftAtMs = performance.now();
      socket.end();
      await eventually('the upstream call is abandoned', () => simulator.journal.running === 0);
      expect(performance.now() - leftAtMs).toBeLessThan(withinMs);
      socket.destroy();
    });

  test('no key and no breaker is blamed for it', async () => {
    const { ask, simulator, gateway } = await mount();
    simulator.plan('*', ['no-answer']);
    for (let time = 0; time < 6; time++) {
      const leave = new AbortController();
      const answered = ask('generateContent', { signal: leave.signal }).catch(() => null);
      await eventually('the call is under way', () => simulator.journal.running === 1);
      leave.abort();
      await answered;
      await eventually('the call is abandoned', () => simulator.journal.running === 0);
    }
    const { pools, breakers } = gateway.snapshot();
    expect(breakers).toEqual([]);
    expect(pools[0]?.projects[0]).toMatchObject({ state: 'ready', keys: [{ state: 'ready' }], cooling: [] });
  });
});

describeDrivers('a reader that stops reading stops the provider', (_driver, mount) => {
  test('a flood is held back, and goes on when the reader does', async () => {
    const { ask, simulator } = await mount();
    simulator.plan('*', ['endless-stream']);
    const leave = new AbortController();
    const response = await ask('streamGenerateContent?alt=sse', { signal: leave.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    const call = simulator.journal.requests[0];
    let before = -1;
    // The sockets in between hold some megabytes; after these, nothing moves any more.
    await eventually('the provider is held', () => {
      const isHeld = before === call?.bytesSent;
      before = call?.bytesSent ?? 0;
      return isHeld;
    });
    const heldAt = call?.bytesSent ?? 0;
    expect(heldAt).toBeLessThan(32 * 1024 * 1024);
    let read = 0;
    while (read < heldAt + 1024 * 1024) read += (await reader?.read())?.value?.length ?? 0;
    expect(call?.bytesSent).toBeGreaterThan(heldAt);
    leave.abort();
    await reader?.cancel().catch(() => {});
  });

  test('a client that reads nothing for too long is dropped', async () => {
    const { ask, simulator, gateway } = await mount({ gateway: { timeouts: { slowReaderMs: 50 } } });
    simulator.plan('*', ['endless-stream']);
    const ended = new Promise<{ error: string | null }>((resolve) => gateway.on('request', resolve));
    const response = await ask('streamGenerateContent?alt=sse');
    expect((await ended).error).toBe('slow_reader');
    await response.body?.cancel().catch(() => {});
  });
});
