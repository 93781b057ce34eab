/** A client's deadline over real sockets, for each pair of drivers. */

import { describeDrivers, eventually, read } from '@sluice/testkit';
import { expect, test } from 'vitest';

describeDrivers('a client’s own deadline', (_driver, mount) => {
  test('is met while the provider thinks: 504, and the provider’s call is ended', async () => {
    const { ask, simulator } = await mount();
    simulator.plan('*', ['no-answer']);
    const answer = await read(await ask('generateContent', { headers: { 'x-request-timeout-ms': '800' } }));
    expect([answer.status, answer.text.includes('DEADLINE_EXCEEDED')]).toEqual([504, true]);
    expect(answer.text).toContain('x-request-timeout-ms');
    await eventually('the call to the provider runs on', () => simulator.journal.running === 0);
  });

  test('breaks a stream that has begun, with last words', async () => {
    const { ask, simulator } = await mount();
    simulator.plan('*', ['stall-mid-stream']);
    const answer = await read(await ask('streamGenerateContent?alt=sse', { headers: { 'x-server-timeout': '0.8' } }));
    expect(answer.status).toBe(200);
    expect(answer.brokenBy).not.toBeNull();
    expect(answer.text).toContain('DEADLINE_EXCEEDED');
    await eventually('the call to the provider runs on', () => simulator.journal.running === 0);
  });
});
