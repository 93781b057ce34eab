/** What never becomes a request is answered too, in Google's shape, by the running proxy. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { answerIn, googleError, RawConnection, raw } from './raw-http.ts';
import { callerKey, type ProxyProcess, startProxy } from './running-proxy.ts';
import { post, prompt, streamOf, streamPath, unaryPath, upstream } from './upstream.ts';

const headersInMs = 300;
const up = upstream();
let proxy: ProxyProcess;

beforeAll(async () => {
  proxy = await startProxy({ env: up.env, config: { server: { headersInMs, maxBodyBytes: 4096 } } });
});
afterAll(() => proxy?.stop());

const long = (bytes: number): string => 'a'.repeat(bytes);

test('bytes that are no HTTP are 400 and the connection is closed', async () => {
  for (const text of ['hello\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00', 'GET / HTTP/9.9\r\n\r\n']) {
    const connection = new RawConnection(proxy.port).send(text);
    await connection.closed;
    const answer = answerIn(connection.text);
    expect(answer.status, JSON.stringify(text)).toBe(400);
    expect(answer.headers).toMatchObject({ connection: 'close', 'content-type': 'application/json; charset=UTF-8' });
    expect(googleError(answer.body)).toMatchObject({
      code: 400,
      status: 'INVALID_ARGUMENT',
      reason: 'INVALID_REQUEST',
    });
  }
});

test('headers over 16 KiB are 431', async () => {
  const answer = await raw(proxy.port, post(unaryPath, { more: [`x-long: ${long(20_000)}`] }), prompt);
  expect(answer.status).toBe(431);
  expect(googleError(answer.body)).toMatchObject({
    code: 431,
    status: 'INVALID_ARGUMENT',
    reason: 'HEADERS_TOO_LARGE',
  });
});

test('who goes on sending after a refusal can still read it', async () => {
  const connection = new RawConnection(proxy.port, { allowHalfOpen: true });
  connection.send(`GET / HTTP/1.1\r\nx-long: ${long(20_000)}`);
  await connection.until((text) => text.startsWith('HTTP/1.1 431 ') && text.endsWith('}\n'));
  for (let piece = 0; piece < 10; piece++) {
    connection.send(long(50_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
  connection.socket.end();
  await connection.closed;
  expect(connection.errorCode).toBeNull();
});

test('more than a hundred header fields are 431, instead of some of them being dropped', async () => {
  const fields = Array.from({ length: 200 }, (_, index) => `x-${index}: 1`);
  const answer = await raw(proxy.port, post(unaryPath, { more: fields }), prompt);
  expect(answer.status).toBe(431);
  expect(googleError(answer.body).reason).toBe('HEADERS_TOO_LARGE');
});

test('HTTP/1.0 needs no host, as simple health checks have none', async () => {
  expect((await raw(proxy.port, ['GET /healthz HTTP/1.0'])).status).toBe(200);
});

test('a target over 16 KiB is 414', async () => {
  const answer = await raw(proxy.port, post(`${unaryPath}?x=${long(20_000)}`), prompt);
  expect(answer.status).toBe(414);
  expect(googleError(answer.body)).toMatchObject({ code: 414, status: 'INVALID_ARGUMENT', reason: 'URI_TOO_LONG' });
});

test('headers that come too slowly are 408, within about a second of the limit', async () => {
  const startedAtMs = performance.now();
  const connection = new RawConnection(proxy.port).send('GET / HTTP/1.1\r\nhost: ');
  await connection.closed;
  const tookMs = performance.now() - startedAtMs;
  expect(tookMs).toBeGreaterThan(headersInMs - 50);
  expect(tookMs).toBeLessThan(headersInMs + 1200);
  const answer = answerIn(connection.text);
  expect(answer.status).toBe(408);
  expect(googleError(answer.body)).toMatchObject({ code: 408, status: 'DEADLINE_EXCEEDED', reason: 'REQUEST_TIMEOUT' });
});

test('a tunnel is refused', async () => {
  const connection = new RawConnection(proxy.port).send(
    'CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n',
  );
  await connection.closed;
  const answer = answerIn(connection.text);
  expect(answer.status).toBe(405);
  expect(answer.headers.allow).toBeDefined();
  expect(googleError(answer.body)).toMatchObject({ code: 405, reason: 'METHOD_NOT_ALLOWED' });
});

test('an upgrade is not taken up: the request is answered as it stands', async () => {
  const h2c = [...post(unaryPath), 'upgrade: h2c', 'http2-settings: AAMAAABkAAQAAP__'];
  expect((await raw(proxy.port, h2c, prompt)).status).toBe(200);
  const socket = [
    `GET /ws/chat?key=${callerKey} HTTP/1.1`,
    'host: a',
    'connection: upgrade, close',
    'upgrade: websocket',
  ];
  const refusal = await raw(proxy.port, [
    ...socket,
    'sec-websocket-version: 13',
    'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
  ]);
  expect(refusal.status).toBe(404);
  expect(googleError(refusal.body).reason).toBe('NOT_FOUND');
});

test('another expectation than 100-continue is 417', async () => {
  const answer = await raw(proxy.port, post(unaryPath, { more: ['expect: 200-maybe'] }), prompt);
  expect(answer.status).toBe(417);
  expect(googleError(answer.body)).toMatchObject({
    code: 417,
    status: 'INVALID_ARGUMENT',
    reason: 'EXPECTATION_FAILED',
  });
});

test('100-continue comes only when the body is wanted: 401 and 413 come before it', async () => {
  const expecting = async (lines: string[]): Promise<string> => {
    const connection = new RawConnection(proxy.port).send(`${[...lines, 'expect: 100-continue'].join('\r\n')}\r\n\r\n`);
    const text = await connection.until((so) => so.includes('\r\n\r\n'));
    connection.close();
    return text.slice(0, 12);
  };
  expect(await expecting(post(unaryPath, { key: 'wrong-key-wrong-key' }))).toBe('HTTP/1.1 401');
  expect(await expecting(post(unaryPath, { length: 4097 }))).toBe('HTTP/1.1 413');
  expect(await expecting(post(unaryPath))).toBe('HTTP/1.1 100');
  const whole = new RawConnection(proxy.port).send(
    `${[...post(unaryPath), 'expect: 100-continue'].join('\r\n')}\r\n\r\n`,
  );
  await whole.until((so) => so.startsWith('HTTP/1.1 100 Continue\r\n\r\n'));
  whole.send(prompt);
  await whole.closed;
  expect(whole.text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
});

test('bytes that are no HTTP, behind a request whose answer is under way, never get into that answer', async () => {
  up.simulator.plan('*', [streamOf(500)]);
  const lines = post(streamPath).filter((line) => line !== 'connection: close');
  const connection = new RawConnection(proxy.port).send(`${lines.join('\r\n')}\r\n\r\n${prompt}`);
  await connection.until((so) => so.includes('data: '));
  connection.send('hello\r\n\r\n');
  await connection.closed;
  expect(connection.text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
});

test('nonsense behind a request that waits for its answer ends that request, upstream as well', async () => {
  up.simulator.plan('*', ['no-answer']);
  const connection = new RawConnection(proxy.port, { allowHalfOpen: true });
  const lines = post(unaryPath).filter((line) => line !== 'connection: close');
  connection.send(`${lines.join('\r\n')}\r\n\r\n${prompt}`);
  await expect.poll(() => up.simulator.journal.running).toBe(1);
  const atMs = performance.now();
  connection.send('hello\r\n\r\n');
  await expect.poll(() => up.simulator.journal.running).toBe(0);
  expect(performance.now() - atMs).toBeLessThan(500);
  expect(answerIn(connection.text).status).toBe(400);
  connection.close();
});

test('a chunked body that breaks off in nonsense is 400', async () => {
  const lines = post(unaryPath, { more: ['transfer-encoding: chunked'] });
  const answer = await raw(proxy.port, lines, '5\r\n{"con\r\nzz\r\n');
  expect(answer.status).toBe(400);
  expect(googleError(answer.body).reason).toBe('INVALID_REQUEST');
});

test('refusals are counted, and logged without a word of what was sent', async () => {
  const refusals = (): number => proxy.log.filter(({ msg }) => msg === 'refused').length;
  const before = refusals();
  await raw(proxy.port, ['GET /canary HTTP/9.9', 'canary: of-a-header']);
  await proxy.until(() => proxy.stdout.endsWith('\n') && refusals() > before);
  expect(proxy.log.findLast(({ msg }) => msg === 'refused')).toMatchObject({
    level: 'info',
    remote: '127.0.0.1',
    status: 400,
    error: 'invalid_request',
  });
  expect(proxy.stdout).not.toContain('canary');
  const metrics = await raw(proxy.port, ['GET /metrics HTTP/1.1', 'host: a', 'connection: close']);
  expect(metrics.body).toMatch(/^sluice_requests_total\{surface="none",status="400"\} [1-9]/m);
});
