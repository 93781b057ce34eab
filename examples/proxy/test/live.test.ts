/** The Live API at the proxy: sessions, and whoever is not let in. */

import { join } from 'node:path';
import { GoogleGenAI, type LiveServerMessage } from '@google/genai';
import { systemClock } from '@sluice/core';
import { sqliteStore } from '@sluice/store-sqlite';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { handshake, LiveClient, livePath, rawSession, setup, textFrame } from './live-client.ts';
import { answerIn, googleError, RawConnection, raw } from './raw-http.ts';
import { callerKey, type ProxyOptions, type ProxyProcess, rewriteConfig, startProxy } from './running-proxy.ts';
import { post, prompt, streamPath, unaryPath, upstream } from './upstream.ts';

// The SDK warns that tokens may change.
vi.spyOn(console, 'warn').mockImplementation(() => {});

const up = upstream();
/** Others may have the machine at the moment. */
const patient = { timeout: 10_000 };
const running: ProxyProcess[] = [];
const connections: { close(): void }[] = [];

afterEach(async () => {
  for (const connection of connections.splice(0)) connection.close();
  for (const proxy of running.splice(0)) await proxy.stop();
});

async function started(config: object = {}, more: ProxyOptions = {}): Promise<ProxyProcess> {
  const proxy = await startProxy({ ...more, env: { ...up.env, ...more.env }, config });
  running.push(proxy);
  return proxy;
}

function client({ port }: ProxyProcess, target?: string): LiveClient {
  const one = new LiveClient(port, target);
  connections.push(one);
  return one;
}

/** A session that has begun. */
async function session(proxy: ProxyProcess, target?: string): Promise<LiveClient> {
  const one = client(proxy, target);
  await one.heard('setupComplete');
  return one;
}

async function metricsOf({ url }: ProxyProcess): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

const lineOfLive = ({ msg, surface }: Record<string, unknown>): boolean => msg === 'request' && surface === 'live';

describe('a session', { timeout: 60_000 }, () => {
  test('is held by Google’s SDK, by base URL alone, without any Gemini key: in demo mode', async () => {
    const proxy = await startProxy({ env: { SLUICE_API_KEYS: callerKey } });
    running.push(proxy);
    const ai = new GoogleGenAI({ apiKey: callerKey, httpOptions: { baseUrl: proxy.url } });
    const messages: LiveServerMessage[] = [];
    const isOver = new Promise((resolve) => {
      const onmessage = (message: LiveServerMessage): void => {
        messages.push(message);
        if (message.serverContent?.turnComplete) resolve(null);
      };
      void ai.live.connect({ model: 'gemini-3.8-live', callbacks: { onmessage } }).then((talk) => {
        connections.push(talk);
        talk.sendClientContent({ turns: 'Why is the sky blue?', turnComplete: true });
      });
    });
    await isOver;
    expect(messages.map(({ text }) => text ?? '').join('')).toContain('Why is the sky blue?');
    connections.splice(0).forEach((talk) => void talk.close());
    const line = await proxy.line(lineOfLive);
    expect(line).toMatchObject({ caller: 'caller-1', model: 'gemini-3.8-live', outcome: 'complete' });
  });

  test('counts as a stream while it lasts, and is told in one line and in metrics when it is over', async () => {
    const proxy = await started();
    const talk = await session(proxy);
    expect(await metricsOf(proxy)).toMatch(/^sluice_streams_open 1$/m);
    talk.say('Hello there');
    await talk.heard('turnComplete');
    expect(proxy.log.some(lineOfLive)).toBe(false);
    talk.close();
    const line = await proxy.line(lineOfLive);
    expect(line).toMatchObject({
      level: 'info',
      surface: 'live',
      call: 'BidiGenerateContent',
      model: 'gemini-3.8-live',
      remote: '127.0.0.1',
      status: 101,
      outcome: 'complete',
      attempts: 1,
      tokens: expect.objectContaining({ prompt: expect.any(Number), candidates: expect.any(Number) }),
    });
    const metrics = await metricsOf(proxy);
    expect(metrics).toMatch(/^sluice_streams_open 0$/m);
    expect(metrics).toMatch(/^sluice_requests_total\{surface="live",status="101"\} 1$/m);
    expect(metrics).toMatch(/^sluice_streams_ended_total\{outcome="complete"\} 1$/m);
    expect(metrics).toMatch(/^sluice_request_duration_seconds_count\{surface="live"\} 1$/m);
    expect(metrics).toMatch(/^sluice_tokens_total\{kind="candidates"\} [1-9]/m);
  });

  test('is of whoever trusted proxies say, and of the model that a route names now', async () => {
    const routes = (model: string): object => ({ routes: { talk: { model } } });
    const server = { server: { trustedProxies: ['127.0.0.1'] } };
    const proxy = await started({ ...server, ...routes('gemini-2.5-flash') });
    rewriteConfig(proxy, { ...server, ...routes('gemini-3.8-live') });
    await proxy.line(({ msg }) => msg === 'configuration reloaded');
    const lines = handshake(undefined, ['x-forwarded-for: 203.0.113.7']);
    const aliased = textFrame(setup.replace('gemini-3.8-live', 'talk'));
    const connection = new RawConnection(proxy.port).send(`${lines.join('\r\n')}\r\n\r\n${aliased}`);
    connections.push(connection);
    await connection.until((text) => text.includes('setupComplete'));
    const [conversation] = up.simulator.journal.conversations;
    expect(Buffer.from(conversation?.frames[0]?.data ?? []).toString()).toBe(setup);
    connection.close();
    expect(await proxy.line(lineOfLive)).toMatchObject({ remote: '203.0.113.7', model: 'gemini-3.8-live' });
  });

  test('whose talker breaks the rules is no warning for whoever runs the proxy', async () => {
    const proxy = await started({ live: { setupInMs: 100 } });
    const silent = new RawConnection(proxy.port).send(`${handshake().join('\r\n')}\r\n\r\n`);
    await silent.closed;
    // 1008, as the first two bytes of a close frame.
    expect(silent.text).toContain('\x03\xf0No setup has come within live.setupInMs (100 ms)');
    const line = await proxy.line(lineOfLive);
    expect(line).toMatchObject({ level: 'info', outcome: 'failed', error: 'request_timeout', attempts: 0 });
  });

  test('whose client hangs up, or only half, has ended for the provider at once', async () => {
    const proxy = await started();
    const half = await rawSession(proxy.port);
    half.socket.end();
    await half.closed;
    const whole = await rawSession(proxy.port);
    whole.close();
    await expect
      .poll(() => up.simulator.journal.conversations.map(({ close }) => close?.code), patient)
      .toEqual([1001, 1001]);
    expect(await metricsOf(proxy)).toMatch(/^sluice_streams_ended_total\{outcome="aborted"\} 2$/m);
  });
});

describe('who is not let in hears why in plain HTTP, in Google’s words', { timeout: 60_000 }, () => {
  const bare = livePath.replace('v1beta.', '');
  test.each([
    ['without a key', handshake(livePath), 401, 'UNAUTHORIZED'],
    ['with a wrong one', handshake(`${livePath}?key=wrong-wrong-wrong-wrong`), 401, 'UNAUTHORIZED'],
    ['in another version of WebSocket', handshake(undefined, ['sec-websocket-version: 7']), 426, 'UPGRADE_REQUIRED'],
    ['in another protocol', handshake(undefined, ['upgrade: h2c']), 426, 'UPGRADE_REQUIRED'],
    ['without a nonce', handshake(undefined, ['sec-websocket-key: a']), 400, 'INVALID_REQUEST'],
    [
      'by another method',
      post(`${livePath}?key=${callerKey}`, { more: handshake().slice(2) }),
      405,
      'METHOD_NOT_ALLOWED',
    ],
    ['at a path without a version', handshake(`${bare}?key=${callerKey}`), 404, 'NOT_FOUND'],
    ['at another path', handshake(`/chat?key=${callerKey}`, ['connection: Upgrade, close']), 404, 'NOT_FOUND'],
    ['with two hosts', handshake(undefined, ['host: a', 'host: b']), 400, 'INVALID_REQUEST'],
    ['with too many fields', handshake(undefined, Array(101).fill('x-more: 1')), 431, 'HEADERS_TOO_LARGE'],
  ])('%s', async (_how, lines, status, reason) => {
    const proxy = await started();
    const answer = await raw(proxy.port, [...lines.filter((line) => line !== 'connection: close')], '');
    expect([answer.status, googleError(answer.body).reason]).toEqual([status, reason]);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.headers.connection).toContain('close');
    expect(answer.text).not.toContain(callerKey);
    expect(up.simulator.journal.requests).toHaveLength(0);
    const told = await proxy.line(({ msg }) => msg === 'request' || msg === 'refused');
    expect(told.status).toBe(status);
  });

  test('an ordinary request that offers an upgrade is answered as if it had not', async () => {
    const proxy = await started();
    for (const upgrade of ['h2c', 'websocket']) {
      const more = ['connection: upgrade, http2-settings', `upgrade: ${upgrade}`, 'http2-settings: AAMAAABk'];
      const lines = post(unaryPath, { more }).filter((line) => line !== 'connection: close');
      const connection = new RawConnection(proxy.port).send(`${lines.join('\r\n')}\r\n\r\n${prompt}`);
      connections.push(connection);
      await connection.until((text) => text.includes('"STOP"'));
      expect(answerIn(connection.text).status).toBe(200);
    }
  });

  test('a handshake that comes too slowly is answered 408', async () => {
    const proxy = await started({ server: { headersInMs: 300 } });
    const slow = new RawConnection(proxy.port).send(`${handshake().join('\r\n')}\r\n`);
    await slow.closed;
    expect(answerIn(slow.text).status).toBe(408);
  });

  test('an upgrade behind a request that is still being answered ends the connection', async () => {
    const proxy = await started();
    up.simulator.plan('*', ['stall-mid-stream']);
    const lines = post(streamPath).filter((line) => line !== 'connection: close');
    const connection = new RawConnection(proxy.port).send(`${lines.join('\r\n')}\r\n\r\n${prompt}`);
    connections.push(connection);
    await connection.until((text) => text.includes('data: '));
    connection.send(`${handshake().join('\r\n')}\r\n\r\n`);
    await connection.closed;
    expect(connection.text).not.toContain('101 Switching');
    await expect.poll(() => up.simulator.journal.running, patient).toBe(0);
  });

  test('while the proxy cannot keep up, or holds as many sessions as it may, 503', async () => {
    const live = { setupInMs: 100 };
    const proxy = await started({ live: { ...live, maxSessions: 1 } });
    const talk = await session(proxy);
    const full = await raw(proxy.port, handshake());
    expect([full.status, full.headers['retry-after'], googleError(full.body).reason]).toEqual([503, '1', 'OVERLOADED']);
    const off = { queueDelayMs: 0, refuseDelayMs: 0, queueHeapShare: 0, endHeapShare: 0 };
    rewriteConfig(proxy, { live, overload: { ...off, refuseHeapShare: 0.000_001 } });
    await proxy.line(({ msg }) => msg === 'configuration reloaded');
    await expect.poll(async () => (await raw(proxy.port, handshake())).status, patient).toBe(503);
    // Who is in stays.
    talk.say('Still there?');
    await talk.heard('turnComplete');
  });
});

describe('going down', { timeout: 60_000 }, () => {
  test('tells each session how long it has, lets nobody in, and ends those that do not go', async () => {
    const proxy = await started({ server: { drainMs: 700 } });
    const [polite, stubborn] = [await session(proxy), await session(proxy)];
    const deaf = await rawSession(proxy.port);
    connections.push(deaf);
    deaf.socket.pause();
    proxy.signal('SIGTERM');
    expect(JSON.parse(await polite.heard('goAway'))).toEqual({ goAway: { timeLeft: '0.7s' } });
    expect(await proxy.line(({ msg }) => msg === 'draining')).toMatchObject({ open: 3 });
    const refused = await raw(proxy.port, handshake());
    expect([refused.status, googleError(refused.body).reason]).toEqual([503, 'DRAINING']);
    polite.close();
    stubborn.say('I stay');
    await stubborn.heard('turnComplete');
    expect(await stubborn.closed).toMatchObject({ code: 1001, reason: expect.stringContaining('shutting down') });
    expect(await proxy.exit).toBe(0);
    const ends = proxy.log.filter(lineOfLive).map(({ outcome, error }) => [outcome, error]);
    expect(ends).toEqual(
      expect.arrayContaining([
        ['complete', undefined],
        ['failed', 'draining'],
      ]),
    );
    expect(ends.filter(([, error]) => error === 'draining').length).toBeGreaterThanOrEqual(2);
    await expect
      .poll(() => up.simulator.journal.conversations.every(({ close }) => close !== null), patient)
      .toBe(true);
  });

  test('with nobody talking any more it leaves at once', async () => {
    const proxy = await started({ server: { drainMs: 60_000 } });
    const talk = await session(proxy);
    proxy.signal('SIGTERM');
    await talk.heard('goAway');
    talk.close();
    expect(await proxy.exit).toBe(0);
  });

  test('by kill -9 the client sees a broken connection, and tokens are good when it is back', async () => {
    const first = await started();
    const { folder, port } = first;
    const minted = await fetch(`${first.url}/v1alpha/auth_tokens`, {
      method: 'POST',
      headers: { 'x-goog-api-key': callerKey, 'content-type': 'application/json' },
      body: '{"uses":3}',
    });
    const { name } = (await minted.json()) as { name: string };
    const constrained = `${livePath.replace('v1beta', 'v1alpha')}Constrained?access_token=${name}`;
    const talk = await session(first, constrained);
    await first.stop();
    expect(await talk.closed).toMatchObject({ code: 1006 });
    await expect.poll(() => up.simulator.journal.running, patient).toBe(0);
    const second = await started({}, { folder, env: { PORT: String(port) } });
    await session(second, constrained);
    // So they are at another process on the same file.
    const third = await started({}, { folder });
    await session(third, constrained);
  });

  test('by kill -9 its place is free three minutes later', async () => {
    const callers = [{ id: 'alice', key: callerKey, limits: { maxInFlight: 1 } }];
    const first = await started({ callers }, { env: { SLUICE_API_KEYS: '' } });
    await session(first);
    await first.stop();
    const isFree = async (laterMs: number): Promise<boolean> => {
      const clock = { ...systemClock, wallNow: () => systemClock.wallNow() + laterMs };
      const store = sqliteStore({ path: join(first.folder, '.sluice', 'state.db'), clock });
      const limits = { requestsPerMinute: 0, tokensPerMinute: 0, requestsPerDay: 0, maxInFlight: 1 };
      const meters = [{ name: 'caller', limits }];
      const { reservation } = await store.reserve({
        scope: 'caller/alice',
        meters,
        subjects: [],
        tokens: 0,
        leaseMs: 1_000,
      });
      await store.close();
      return reservation !== null;
    };
    expect(await isFree(60_000)).toBe(false);
    expect(await isFree(180_000)).toBe(true);
  });
});
