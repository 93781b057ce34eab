/** The proxy's own routes. */

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { googleError, raw } from './raw-http.ts';
import { callerKey, type ProxyProcess, startProxy } from './running-proxy.ts';
import { geminiKey, post, prompt, streamOf, streamPath, unaryPath, upstream } from './upstream.ts';

const up = upstream();
let proxy: ProxyProcess;

beforeAll(async () => {
  proxy = await startProxy({ env: up.env });
});
afterAll(() => proxy?.stop());

const get = (path: string, init: RequestInit = {}) => fetch(`${proxy.url}${path}`, init);

describe('health', () => {
  test('/healthz says that the process is alive', async () => {
    const answer = await get('/healthz?at=all');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=UTF-8');
    expect(await answer.json()).toEqual({ status: 'ok' });
  });

  test('/readyz says yes while a key is usable, and why not when none is', async () => {
    expect((await get('/readyz')).status).toBe(200);
    const broken = await startProxy({ env: up.env });
    try {
      up.simulator.plan(geminiKey, ['400-key-invalid']);
      await raw(broken.port, post(unaryPath), prompt);
      const answer = await fetch(`${broken.url}/readyz`);
      expect(answer.status).toBe(503);
      expect(await answer.json()).toEqual({ status: 'unavailable', reason: 'no usable key' });
      expect((await fetch(`${broken.url}/healthz`)).status).toBe(200);
    } finally {
      await broken.stop();
    }
  });

  test('HEAD is answered where GET is, without a body', async () => {
    for (const path of ['/', '/healthz', '/readyz', '/metrics']) {
      const answer = await get(path, { method: 'HEAD' });
      expect(answer.status, path).toBe(200);
      expect(Number(answer.headers.get('content-length')), path).toBeGreaterThan(0);
      expect(await answer.text(), path).toBe('');
    }
  });

  test('other methods are 405 with the right ones named', async () => {
    for (const path of ['/', '/healthz', '/readyz', '/metrics']) {
      for (const method of ['POST', 'DELETE', 'OPTIONS']) {
        const answer = await get(path, { method });
        expect(answer.status, path).toBe(405);
        expect(answer.headers.get('allow')).toBe('GET, HEAD');
        expect(googleError(await answer.text())).toMatchObject({
          code: 405,
          status: 'UNIMPLEMENTED',
          reason: 'METHOD_NOT_ALLOWED',
        });
      }
    }
  });
});

describe('/metrics', () => {
  test('has every series of the contract, and those of the process', async () => {
    const metered = await startProxy({ env: up.env });
    try {
      up.simulator.plan(geminiKey, ['503', 'ok', '500', 'ok']);
      await raw(metered.port, post(streamPath), prompt);
      await raw(metered.port, post(unaryPath), prompt);
      await raw(metered.port, post(unaryPath, { key: '' }), prompt);
      const answer = await fetch(`${metered.url}/metrics`);
      expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
      const text = await answer.text();
      const series = [
        /^sluice_requests_total\{surface="gemini",status="200"\} 2$/m,
        /^sluice_requests_total\{surface="\w+",status="401"\} 1$/m,
        /^sluice_request_duration_seconds_count\{surface="gemini"\} [23]$/m,
        /^sluice_first_byte_seconds_count\{surface="gemini"\} [23]$/m,
        /^sluice_streams_open 0$/m,
        /^sluice_streams_ended_total\{outcome="complete"\} 1$/m,
        /^sluice_upstream_calls_total\{provider="gemini",outcome="ok"\} 2$/m,
        /^sluice_upstream_calls_total\{provider="gemini",outcome="\w+"\} 1$/m,
        /^sluice_retries_total\{reason="\w+"\} 1$/m,
        /^sluice_keys\{pool="gemini",state="ready"\} 1$/m,
        /^sluice_keys\{pool="gemini",state="cooling"\} 0$/m,
        /^sluice_keys\{pool="gemini",state="disabled"\} 0$/m,
        /^sluice_tokens_total\{kind="prompt"\} [1-9]\d*$/m,
        /^sluice_tokens_total\{kind="candidates"\} [1-9]\d*$/m,
        /^sluice_queue_waiting 0$/m,
        /^sluice_store_degraded 0$/m,
        /^# TYPE sluice_key_failovers_total counter$/m,
        /^# TYPE sluice_breaker_state gauge$/m,
        /^process_cpu_seconds_total /m,
        /^nodejs_eventloop_lag_seconds /m,
      ];
      for (const pattern of series) expect(text).toMatch(pattern);
    } finally {
      await metered.stop();
    }
  });

  test('what is answered by a kept answer is counted, and costs no call', async () => {
    const pools = { gemini: { baseUrl: up.simulator.url, projects: [{ id: 'main', keys: [geminiKey] }] } };
    const env = { SLUICE_API_KEYS: callerKey };
    const keeping = await startProxy({ env, config: { pools, cache: { ttlMs: 60_000 } } });
    try {
      for (let time = 0; time < 3; time++) await raw(keeping.port, post(unaryPath), prompt);
      const text = await (await fetch(`${keeping.url}/metrics`)).text();
      expect(text).toMatch(/^sluice_cache_total\{result="miss"\} 1$/m);
      expect(text).toMatch(/^sluice_cache_total\{result="hit"\} 2$/m);
      expect(text).toMatch(/^sluice_upstream_calls_total\{provider="gemini",outcome="ok"\} 1$/m);
    } finally {
      await keeping.stop();
    }
  });

  test('what waits for a key is counted while it waits', async () => {
    const projects = [{ id: 'main', keys: [geminiKey], limits: { maxInFlight: 1 } }];
    const pools = { gemini: { baseUrl: up.simulator.url, projects } };
    const env = { SLUICE_API_KEYS: callerKey };
    const narrow = await startProxy({ env, config: { pools, queue: { maxWaitMs: 5_000 } } });
    const waiting = async (): Promise<string | undefined> =>
      /^sluice_queue_waiting (\d+)$/m.exec(await (await fetch(`${narrow.url}/metrics`)).text())?.[1];
    try {
      up.simulator.plan(geminiKey, [streamOf(400), 'ok']);
      const first = raw(narrow.port, post(streamPath), prompt);
      await expect.poll(() => up.simulator.journal.running).toBe(1);
      const second = raw(narrow.port, post(unaryPath), prompt);
      await expect.poll(waiting).toBe('1');
      expect((await Promise.all([first, second])).map(({ status }) => status)).toEqual([200, 200]);
      expect(await waiting()).toBe('0');
    } finally {
      await narrow.stop();
    }
  });

  test('a breaker that opens is a series and a line of the log, and stays as 0 when it has closed', async () => {
    const breaker = { consecutiveFailures: 1, consecutiveSpanMs: 0, openMs: 20 };
    const broken = await startProxy({ env: up.env, config: { breaker, retry: { maxAttempts: 1 } } });
    const state = async (): Promise<string | undefined> => {
      const text = await (await fetch(`${broken.url}/metrics`)).text();
      return /^sluice_breaker_state\{target="[^"]*gemini-2\.5-flash"\} (\d)$/m.exec(text)?.[1];
    };
    try {
      expect(await state()).toBeUndefined();
      up.simulator.plan(geminiKey, ['503', 'ok']);
      await raw(broken.port, post(unaryPath), prompt);
      expect(await state()).toBe('2');
      expect(await broken.line(({ msg }) => msg === 'breaker')).toMatchObject({ level: 'warn', state: 'open' });
      await expect.poll(async () => (await raw(broken.port, post(unaryPath), prompt)).status).toBe(200);
      expect(await state()).toBe('0');
    } finally {
      await broken.stop();
    }
  });

  test('a client cannot make new series: models and paths are no labels', async () => {
    const seriesNow = async () => (await (await get('/metrics')).text()).match(/^sluice_\w+(\{[^}]*\})?(?= )/gm) ?? [];
    const ask = (name: string) => raw(proxy.port, post(`/v1beta/models/${name}:generateContent`), prompt);
    await ask('canary-model-0');
    const before = await seriesNow();
    await Promise.all([1, 2, 3, 4, 5].map((number) => ask(`canary-model-${number}`)));
    expect(await seriesNow()).toEqual(before);
    expect(before.join()).not.toContain('canary');
  });
});

describe('the page', () => {
  test('tells how to point clients at the address under which it was asked for', async () => {
    const answer = await raw(proxy.port, ['GET / HTTP/1.1', 'host: gateway.example:8443', 'connection: close']);
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('export GOOGLE_GEMINI_BASE_URL=http://gateway.example:8443\n');
    for (const client of [
      'curl',
      '@google/genai',
      'The Live API',
      'openai',
      '@ai-sdk/google',
      '@langchain/google-genai',
    ]) {
      expect(answer.body).toContain(`<h2>${client}</h2>`);
    }
    expect(answer.body).not.toContain('Demo mode');
    expect(answer.body).not.toMatch(/\{\{|<!-- /);
  });

  test('a host that is no host is not repeated', async () => {
    const answer = await raw(proxy.port, ['GET / HTTP/1.1', 'host: "><script>canary()</script>', 'connection: close']);
    expect(answer.text).not.toContain('canary');
    expect(answer.body).toContain(`export GOOGLE_GEMINI_BASE_URL=${proxy.url}\n`);
  });

  test('loads nothing from anywhere, and its policy allows exactly its own style and script', async () => {
    const answer = await get('/');
    const html = await answer.text();
    expect(html).not.toMatch(/(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?\/\//);
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    for (const tag of ['style', 'script']) {
      const [, content = ''] = new RegExp(`<${tag}>([^]*)</${tag}>`).exec(html) ?? [];
      expect(policy).toContain(`${tag}-src 'sha256-${createHash('sha256').update(content).digest('base64')}'`);
    }
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('says so in demo mode, and never holds the caller key', async () => {
    const demo = await startProxy({ config: { server: { publicOrigin: 'https://public.example' } } });
    try {
      const html = await (await fetch(demo.url)).text();
      expect(html).toContain('<strong>Demo mode.</strong>');
      expect(html).toContain('GOOGLE_GEMINI_BASE_URL=https://public.example\n');
      const [, key = 'none'] = /export GEMINI_API_KEY=(\S+)/.exec(demo.stderr) ?? [];
      expect(key).toMatch(/^sluice-/);
      expect(html).not.toContain(key);
    } finally {
      await demo.stop();
    }
  });

  test('a key of the environment is nowhere on it', async () => {
    expect(await (await get('/')).text()).not.toContain(callerKey);
  });
});
