/** The log of the running proxy: one line per request, what is in it, and above all what is not. */

import { afterEach, expect, test } from 'vitest';
import { raw } from './raw-http.ts';
import { callerKey, type ProxyOptions, type ProxyProcess, startProxy } from './running-proxy.ts';
import { geminiKey, post, prompt, streamPath, unaryPath, upstream } from './upstream.ts';

const up = upstream();
let proxy: ProxyProcess | undefined;
afterEach(() => proxy?.stop());

async function started(options: ProxyOptions = {}): Promise<ProxyProcess> {
  proxy = await startProxy({ ...options, env: { ...up.env, ...options.env } });
  return proxy;
}

const isRequest = ({ msg }: Record<string, unknown>): boolean => msg === 'request';

test('a request is one line: who, what, how it went, how long, how much', async () => {
  const { port, line } = await started({ env: { SLUICE_API_KEYS: `alice=${callerKey}` } }).then((it) => ({
    port: it.port,
    line: it.line.bind(it),
  }));
  const beforeMs = Date.now();
  const answer = await raw(port, post(streamPath), prompt);
  const told = await line(isRequest);
  expect(told).toMatchObject({
    level: 'info',
    requestId: answer.headers['x-sluice-request-id'],
    remote: '127.0.0.1',
    caller: 'alice',
    surface: 'gemini',
    call: 'streamGenerateContent',
    model: 'gemini-2.5-flash',
    status: 200,
    outcome: 'complete',
    attempts: 1,
    durationMs: expect.any(Number),
    firstByteMs: expect.any(Number),
    requestBytes: prompt.length,
    responseBytes: expect.any(Number),
    tokens: { prompt: expect.any(Number), candidates: expect.any(Number) },
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  });
  const atMs = Date.parse(String(told.time));
  expect(atMs).toBeGreaterThanOrEqual(beforeMs);
  expect(atMs).toBeLessThanOrEqual(Date.now());
});

test('a request that was refused at the door is one line too', async () => {
  const it = await started();
  await raw(it.port, post(unaryPath, { key: '' }), prompt);
  expect(await it.line(isRequest)).toMatchObject({ level: 'info', status: 401, error: 'unauthorized', attempts: 0 });
});

test('what is nobody’s fault but the provider’s or ours is a warning, also when it broke in the middle', async () => {
  const it = await started({ config: { retry: { maxAttempts: 1 } } });
  up.simulator.plan(geminiKey, ['503']);
  await raw(it.port, post(unaryPath), prompt);
  await it.line(isRequest);
  up.simulator.plan(geminiKey, ['rst-mid-stream']);
  await raw(it.port, post(streamPath), prompt);
  await it.line((line) => isRequest(line) && line.call === 'streamGenerateContent');
  const lines = it.log.filter(isRequest).map(({ level, status, outcome }) => ({ level, status, outcome }));
  expect(lines).toEqual([
    { level: 'warn', status: 503, outcome: 'failed' },
    { level: 'warn', status: 200, outcome: 'failed' },
  ]);
});

test('the remote address is the one that trusted proxies have seen', async () => {
  const it = await started({ config: { server: { trustedProxies: ['127.0.0.1'] } } });
  await raw(it.port, post(unaryPath, { more: ['x-forwarded-for: 6.6.6.6, 203.0.113.7'] }), prompt);
  expect(await it.line(isRequest)).toMatchObject({ remote: '203.0.113.7' });
});

test('a key that goes out of use is a line of its own, at warn, by its id', async () => {
  const it = await started();
  up.simulator.plan(geminiKey, ['400-key-invalid']);
  await raw(it.port, post(unaryPath), prompt);
  const line = await it.line(({ msg }) => msg === 'key');
  expect(line).toMatchObject({
    level: 'warn',
    pool: 'gemini',
    project: 'main',
    state: 'disabled',
    reason: expect.any(String),
  });
});

test('log.requests: failed keeps quiet about what went well, none about all of it', async () => {
  const failed = await started({ config: { log: { requests: 'failed' } } });
  await raw(failed.port, post(unaryPath), prompt);
  await raw(failed.port, post(unaryPath, { key: '' }), prompt);
  await failed.line(isRequest);
  expect(failed.log.filter(isRequest).map(({ status }) => status)).toEqual([401]);
  await failed.stop();
  const none = await started({ config: { log: { requests: 'none' } } });
  await raw(none.port, post(unaryPath), prompt);
  await raw(none.port, post(unaryPath, { key: '' }), prompt);
  none.signal('SIGTERM');
  await none.exit;
  expect(none.log.map(({ msg }) => msg)).toEqual(['listening', 'going down', 'draining', 'stopped']);
});

test('log.level and log.format are kept', async () => {
  const it = await started({ config: { log: { level: 'info', format: 'pretty' } } });
  await raw(it.port, post(unaryPath), prompt);
  await it.until(() => it.stdout.includes('request'));
  expect(it.stdout).toMatch(/^\[[\d:.]+\] INFO: listening/m);
  expect(it.stdout).not.toContain('\x1b');
  await it.stop();
  const silent = await started({ config: { log: { level: 'silent' } } });
  await raw(silent.port, post(unaryPath), prompt);
  silent.signal('SIGTERM');
  expect(await silent.exit).toBe(0);
  expect(silent.stdout).toBe('');
});

test('a reader that stalls holds up neither requests nor the way out', async () => {
  const it = await started();
  it.child.stdout?.pause();
  const refused = () => fetch(`${it.url}/v1beta/models`);
  for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 40 }, refused)); // 200 KB of lines
  expect((await fetch(`${it.url}/healthz`)).status).toBe(200);
  it.signal('SIGTERM');
  await new Promise((resolve) => it.child.once('exit', resolve));
  expect(it.child.exitCode).toBe(0);
  it.child.stdout?.resume();
});

test('a reader that goes away does not take the proxy with it', async () => {
  const it = await started();
  it.child.stdout?.destroy();
  for (let round = 0; round < 3; round++) {
    expect((await raw(it.port, post(unaryPath), prompt)).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 50)); // longer than lines are gathered
  }
  it.signal('SIGTERM');
  await new Promise((resolve) => it.child.once('exit', resolve));
  expect(it.child.exitCode).toBe(0);
});

test('a bug is a fatal line and exit 1', async () => {
  const bug = "process.on('SIGUSR2',()=>{throw new Error('a-bug')})";
  const it = await started({ env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(bug)}` } });
  it.signal('SIGUSR2');
  expect(await it.exit).toBe(1);
  expect(it.log.at(-2)).toMatchObject({ level: 'fatal', msg: 'bug', err: { message: 'a-bug' } });
});

test('no secret is in any output: keys, prompts, answers, headers, query strings', async () => {
  const it = await started();
  const canaries = {
    geminiKey,
    callerKey,
    prompt: 'canary-of-the-prompt',
    header: 'canary-of-a-header',
    query: 'canary-of-a-query',
    wrongKey: 'canary-of-a-wrong-key',
  };
  const more = [`x-goog-api-client: ${canaries.header}`, `user-agent: ${canaries.header}`];
  const bodies: string[] = [];
  const steps = [
    'ok',
    '400-key-invalid',
    '403-suspended',
    '429',
    '503',
    'error-mid-stream',
    'rst-mid-stream',
    '500',
  ] as const;
  for (const step of steps) {
    up.simulator.plan(geminiKey, [step]);
    for (const path of [unaryPath, streamPath]) {
      const mark = path.includes('?') ? '&' : '?';
      bodies.push((await raw(it.port, post(`${path}${mark}trace=${canaries.query}`, { more }), prompt)).text);
    }
  }
  bodies.push(
    (await raw(it.port, post(`${unaryPath}?trace=${canaries.query}`, { key: canaries.wrongKey, more }), prompt)).text,
  );
  bodies.push((await raw(it.port, [`GET /${canaries.query} HTTP/9.9`, ...more])).text);
  for (const path of ['/metrics', '/', '/readyz', '/healthz'])
    bodies.push(await (await fetch(`${it.url}${path}`)).text());
  it.signal('SIGTERM');
  expect(await it.exit).toBe(0);
  const output = { stdout: it.stdout, stderr: it.stderr, bodies: bodies.join('\n') };
  expect(it.stdout, 'an answer').not.toContain('comes from a simulator');
  expect(it.log.filter(isRequest).length).toBe(steps.length * 2 + 1);
  for (const [where, text] of Object.entries(output)) {
    for (const [name, canary] of Object.entries(canaries)) expect(text, `${name} in ${where}`).not.toContain(canary);
  }
});
