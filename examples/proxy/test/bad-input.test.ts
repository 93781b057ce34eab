/** Every promise about bad input, kept by the running proxy; raw sockets, because proper clients would not send most of it. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { googleError, RawConnection, raw } from './raw-http.ts';
import { callerKey, type ProxyProcess, startProxy } from './running-proxy.ts';
import { post, prompt, unaryPath, upstream } from './upstream.ts';

const maxBodyBytes = 2048;
const up = upstream();
let proxy: ProxyProcess;

beforeAll(async () => {
  proxy = await startProxy({ env: up.env, config: { server: { maxBodyBytes, bodyInMs: 400 } } });
});
afterAll(() => proxy?.stop());

/** All but what may differ between two answers to the same question. */
function comparable(text: string): string {
  return text.replace(/^(x-sluice-request-id|date): .*$/gim, '$1');
}

describe('who asks', () => {
  test('a missing key and a wrong key are answered with the same bytes', async () => {
    const none = await raw(proxy.port, post(unaryPath, { key: '' }), prompt);
    const answers = [
      await raw(proxy.port, post(unaryPath, { key: 'wrong-key-wrong-key-wrong-key' }), prompt),
      await raw(proxy.port, post(unaryPath, { key: '', more: ['authorization: Bearer wrong-key'] }), prompt),
      await raw(proxy.port, post(`${unaryPath}?key=wrong-key`, { key: '' }), prompt),
      await raw(proxy.port, post(unaryPath, { key: `${callerKey}x` }), prompt),
    ];
    expect(none.status).toBe(401);
    expect(googleError(none.body)).toMatchObject({ code: 401, status: 'UNAUTHENTICATED', reason: 'UNAUTHORIZED' });
    for (const answer of answers) expect(comparable(answer.text)).toBe(comparable(none.text));
    expect(up.simulator.journal.requests).toHaveLength(0);
  });

  test('two different credentials are 400 and go nowhere; the same one twice is one', async () => {
    const two = await raw(proxy.port, post(`${unaryPath}?key=another-key-another-key`), prompt);
    expect(two.status).toBe(400);
    expect(googleError(two.body)).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT', reason: 'INVALID_REQUEST' });
    expect(up.simulator.journal.requests).toHaveLength(0);
    const twice = await raw(proxy.port, post(`${unaryPath}?key=${callerKey}`), prompt);
    expect(twice.status).toBe(200);
  });
});

describe('where it goes', () => {
  const refused = async (lines: string[], body = '') => {
    const answer = await raw(proxy.port, lines, body);
    expect(up.simulator.journal.requests).toHaveLength(0);
    return { headers: answer.headers, ...googleError(answer.body) };
  };

  test('an unknown path is 404', async () => {
    for (const path of ['/nothing', '/v1beta-and-more/models', '/healthz/', '/index.html']) {
      expect(await refused(post(path), prompt), path).toMatchObject({
        code: 404,
        status: 'NOT_FOUND',
        reason: 'NOT_FOUND',
      });
    }
  });

  test('a wrong method is 405 and told which are right', async () => {
    const answer = await refused(get(unaryPath));
    expect(answer).toMatchObject({ code: 405, status: 'UNIMPLEMENTED', reason: 'METHOD_NOT_ALLOWED' });
    expect(answer.headers.allow).toBe('POST');
    expect(await refused(post('/healthz'), prompt)).toMatchObject({ code: 405, headers: { allow: 'GET, HEAD' } });
  });

  test('dots never climb, encoded or not', async () => {
    const paths = [
      '/v1beta/../secret',
      '/v1beta/models/../../secret',
      '/v1beta/models/..%2f..%2fsecret',
      '/v1beta/%2e%2e/secret',
      '/v1beta/models/%2e%2e:generateContent',
      '/v1beta/models/.:generateContent',
      '/v1beta/models/%252e%252e:generateContent',
      '/v1beta/models/a%5c..%5cb:generateContent',
      '/v1beta//models/gemini-2.5-flash:generateContent',
      '/v1beta/models/gemini%00:generateContent',
    ];
    for (const path of paths) expect([400, 404], path).toContain((await refused(post(path), prompt)).code);
  });

  test('a request target with a host, two hosts, no host and an empty host are 400', async () => {
    const [first = '', , ...rest] = post(unaryPath);
    const withHosts = (...hosts: string[]): string[] => [first, ...hosts.map((host) => `host: ${host}`), ...rest];
    const absolute = ['POST http://elsewhere.example/v1beta/models HTTP/1.1', 'host: 127.0.0.1', ...rest];
    for (const lines of [withHosts('a', 'b'), withHosts(), withHosts(''), absolute]) {
      expect(await refused(lines, prompt), lines.join(' | ')).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT' });
    }
  });
});

describe('what it brings', () => {
  const tooLarge = { code: 413, status: 'INVALID_ARGUMENT', reason: 'PAYLOAD_TOO_LARGE' };
  const big = 'x'.repeat(maxBodyBytes + 1);

  test('a declared length over the limit is 413 before the body', async () => {
    const connection = new RawConnection(proxy.port).send(
      `${post(unaryPath, { length: 10 ** 9 }).join('\r\n')}\r\n\r\n`,
    );
    const text = await connection.until((so) => so.includes('\r\n\r\n'));
    connection.close();
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('a body without a declared length is counted as it comes', async () => {
    const chunked = post(unaryPath, { more: ['transfer-encoding: chunked'] });
    const answer = await raw(proxy.port, chunked, `${big.length.toString(16)}\r\n${big}\r\n0\r\n\r\n`);
    expect(answer.status).toBe(413);
    expect(googleError(answer.body)).toMatchObject(tooLarge);
  });

  test('a length that lies high is 408 when the rest does not come', async () => {
    const answer = await raw(proxy.port, post(unaryPath, { length: prompt.length + 1 }), prompt);
    expect(answer.status).toBe(408);
    expect(googleError(answer.body)).toMatchObject({
      code: 408,
      status: 'DEADLINE_EXCEEDED',
      reason: 'REQUEST_TIMEOUT',
    });
    expect(up.simulator.journal.requests).toHaveLength(0);
  });

  test('two lengths, and a length beside chunks, are refused', async () => {
    const twoLengths = await raw(proxy.port, post(unaryPath, { more: ['content-length: 3'] }), prompt);
    expect(twoLengths.status).toBe(400);
    const lines = [...post(unaryPath), 'transfer-encoding: chunked'];
    const both = await raw(proxy.port, lines, '0\r\n\r\n');
    expect(both.status).toBe(400);
    expect(googleError(both.body)).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT' });
    expect(up.simulator.journal.requests).toHaveLength(0);
  });

  test('another content type is 415, and a charset of utf-8 is none', async () => {
    const typed = (type: string): string[] =>
      post(unaryPath).map((line) => (line.startsWith('content-type') ? `content-type: ${type}` : line));
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', '']) {
      const answer = await raw(proxy.port, typed(type), prompt);
      expect(answer.status, type).toBe(415);
      expect(googleError(answer.body)).toMatchObject({ code: 415, reason: 'UNSUPPORTED_MEDIA_TYPE' });
    }
    expect(up.simulator.journal.requests).toHaveLength(0);
    expect((await raw(proxy.port, typed('Application/JSON; charset=UTF-8'), prompt)).status).toBe(200);
  });

  test('a malformed body goes up as it is, and Google refuses it', async () => {
    const body = '{"contents": [,]}';
    const answer = await raw(proxy.port, post(unaryPath, { length: body.length }), body);
    expect(answer.status).toBe(400);
    expect(googleError(answer.body)).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT', reason: undefined });
    expect(up.simulator.journal.requests.map((request) => Buffer.from(request.body).toString())).toEqual([body]);
  });
});

describe('what is reflected', () => {
  test('CR, LF and NUL of a path never reach a head or the log as such', async () => {
    for (const bad of ['%0d%0aset-cookie:%20a=b', '%00', '%0a', '%E2%80%A8']) {
      const answer = await raw(proxy.port, post(`/v1beta/models/x${bad}:generateContent`), prompt);
      expect([400, 404], bad).toContain(answer.status);
      expect(answer.headers['set-cookie']).toBeUndefined();
      expect(answer.text).not.toMatch(/\0|\r(?!\n)/);
      googleError(answer.body);
    }
    for (const line of proxy.stdout.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
  });

  test('control characters in a header are refused by the parser, in Google’s shape', async () => {
    for (const bad of ['x-goog-api-client: a\rb', 'x-goog-api-client: a\0b', 'x-bad\0name: a']) {
      const answer = await raw(proxy.port, post(unaryPath, { more: [bad] }), prompt);
      expect(answer.status, JSON.stringify(bad)).toBe(400);
      expect(googleError(answer.body)).toMatchObject({
        code: 400,
        status: 'INVALID_ARGUMENT',
        reason: 'INVALID_REQUEST',
      });
    }
  });
});

// The last one: it may reach the fake Gemini after its own connection is gone, which must not be the next test's request.
test('a length that lies low hides nothing: what is past it is no part of the request and no request of its own', async () => {
  const lines = post(unaryPath, { length: prompt.length }).filter((line) => line !== 'connection: close');
  const connection = new RawConnection(proxy.port).send(`${lines.join('\r\n')}\r\n\r\n${prompt}${'x'.repeat(10_000)}`);
  await connection.closed;
  expect(connection.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
  expect(up.simulator.journal.requests.map(({ body }) => Buffer.from(body).toString())).toEqual(
    up.simulator.journal.requests.map(() => prompt),
  );
});

function get(path: string): string[] {
  return [`GET ${path} HTTP/1.1`, 'host: 127.0.0.1', 'connection: close', `x-goog-api-key: ${callerKey}`];
}
