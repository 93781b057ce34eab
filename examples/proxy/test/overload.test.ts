/** A proxy that cannot keep up. Limits that every process is over make it believe so. */

import { afterEach, expect, test } from 'vitest';
import { googleError, type RawAnswer, RawConnection, raw } from './raw-http.ts';
import { type ProxyProcess, rewriteConfig, startProxy } from './running-proxy.ts';
import { post, prompt, streamPath, unaryPath, upstream } from './upstream.ts';

const off = { queueDelayMs: 0, refuseDelayMs: 0, queueHeapShare: 0, refuseHeapShare: 0, endHeapShare: 0 };

const up = upstream();
let proxy: ProxyProcess | undefined;

afterEach(() => proxy?.stop());

async function started(overload: object): Promise<ProxyProcess> {
  proxy = await startProxy({ env: up.env, config: { overload: { ...off, ...overload } } });
  return proxy;
}

test('refuses new requests, says so in log and metrics, answers health checks, and recovers', async () => {
  const it = await started({ refuseHeapShare: 0.000_001 });
  const answers: RawAnswer[] = [];
  const ask = async (): Promise<number> => {
    answers.push(await raw(it.port, post(unaryPath), prompt));
    return answers.at(-1)?.status ?? 0;
  };
  await expect.poll(ask, { timeout: 10_000, interval: 100 }).toBe(503);
  // It is let in before the second look.
  expect(answers[0]?.status).toBe(200);
  const refused = answers.at(-1) as RawAnswer;
  expect(refused.headers['retry-after']).toBe('1');
  expect(googleError(refused.body)).toMatchObject({ status: 'UNAVAILABLE', reason: 'OVERLOADED' });
  expect(await it.line(({ msg }) => msg === 'overload')).toMatchObject({ level: 'warn', shed: 'refuse' });
  expect((await fetch(`${it.url}/healthz`)).status).toBe(200);
  const metrics = await (await fetch(`${it.url}/metrics`)).text();
  expect(metrics).toMatch(/sluice_requests_total\{surface="none",status="503"\} [1-9]/);
  rewriteConfig(it, { overload: off });
  await it.line(({ msg, shed }) => msg === 'overload' && shed === 'none');
  expect((await raw(it.port, post(unaryPath), prompt)).status).toBe(200);
});

test('has no more streams open than it may', async () => {
  const it = await started({ maxStreams: 1 });
  up.simulator.plan('*', ['stall-mid-stream', 'ok']);
  const stream = new RawConnection(it.port).send(`${post(streamPath).join('\r\n')}\r\n\r\n${prompt}`);
  await stream.until((text) => text.includes('data: '));
  const refused = await raw(it.port, post(unaryPath), prompt);
  expect([refused.status, googleError(refused.body).reason]).toEqual([503, 'OVERLOADED']);
  expect(refused.body).toContain('maxStreams');
  stream.close();
  await expect.poll(async () => (await raw(it.port, post(unaryPath), prompt)).status).toBe(200);
});
