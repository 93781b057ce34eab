import { eventually, rawRequest } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { aStage, callerKey, constrained, lastEnd, path } from './a-talk.ts';

const handshake = {
  Host: 'localhost',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};
const keyed = `${path}?key=${callerKey}`;

function request(target: string, fields: Record<string, string | undefined> = {}, method = 'GET'): string {
  const lines = Object.entries({ ...handshake, ...fields }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
  return [`${method} ${target} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

/** The word of the gRPC status, and the code of our own error. */
function said(body: string): string {
  const { error } = JSON.parse(body) as { error: { code: number; status: string; details: { reason: string }[] } };
  return `${error.code} ${error.status} ${error.details[0]?.reason}`;
}

describe('who is not let in is answered in plain HTTP, with an error as Google writes it', () => {
  test.each([
    ['without a key', request(path), '401 UNAUTHENTICATED UNAUTHORIZED'],
    ['with a wrong key', request(`${path}?key=wrong-wrong-wrong-wrong`), '401 UNAUTHENTICATED UNAUTHORIZED'],
    [
      'with two that differ',
      request(keyed, { 'x-goog-api-key': 'another-another-another' }),
      '400 INVALID_ARGUMENT INVALID_REQUEST',
    ],
    [
      'with a key and a token',
      request(`${constrained}?key=${callerKey}&access_token=auth_tokens/abc`),
      '400 INVALID_ARGUMENT INVALID_REQUEST',
    ],
    [
      'with a token that nobody minted here',
      request(`${constrained}?access_token=auth_tokens/abc`),
      '401 UNAUTHENTICATED UNAUTHORIZED',
    ],
    [
      'with a token where a key belongs',
      request(`${path}?access_token=auth_tokens/abc`),
      '400 INVALID_ARGUMENT INVALID_REQUEST',
    ],
    [
      'by an unknown method',
      request(`${keyed.replace('BidiGenerateContent', 'BidiDance')}`),
      '404 NOT_FOUND NOT_FOUND',
    ],
    ['by a path behind it', request(keyed.replace('?', '/more?')), '404 NOT_FOUND NOT_FOUND'],
    [
      'in another version of WebSocket',
      request(keyed, { 'Sec-WebSocket-Version': '8' }),
      '426 FAILED_PRECONDITION UPGRADE_REQUIRED',
    ],
    [
      'without a version',
      request(keyed, { 'Sec-WebSocket-Version': undefined }),
      '426 FAILED_PRECONDITION UPGRADE_REQUIRED',
    ],
    ['to another protocol', request(keyed, { Upgrade: 'h2c' }), '426 FAILED_PRECONDITION UPGRADE_REQUIRED'],
    ['without a nonce', request(keyed, { 'Sec-WebSocket-Key': 'short' }), '400 INVALID_ARGUMENT INVALID_REQUEST'],
    [
      'with the same subprotocol twice',
      request(keyed, { 'Sec-WebSocket-Protocol': 'a, a' }),
      '400 INVALID_ARGUMENT INVALID_REQUEST',
    ],
    ['with another method', request(keyed, {}, 'POST'), '405 UNIMPLEMENTED METHOD_NOT_ALLOWED'],
    [
      'with another’s method',
      request(keyed, { 'X-Http-Method-Override': 'DELETE' }),
      '400 INVALID_ARGUMENT INVALID_REQUEST',
    ],
  ])('%s', async (_how, bytes, expected) => {
    const stage = await aStage();
    const answer = await rawRequest(stage.port, bytes);
    expect(said(answer.body)).toBe(expected);
    expect(answer.text).toMatch(/^content-type: application\/json/im);
    expect(answer.text).toMatch(/^x-sluice-request-id: \S+/im);
    expect(answer.text).not.toContain(callerKey);
    expect(stage.talks).toHaveLength(0);
    expect(await lastEnd(stage)).toMatchObject({
      surface: 'live',
      status: answer.status,
      outcome: 'failed',
      attempts: 0,
    });
  });

  test('a 426 says what to upgrade to', async () => {
    const stage = await aStage();
    const { text } = await rawRequest(stage.port, request(keyed, { 'Sec-WebSocket-Version': '12' }));
    expect(text).toMatch(/^sec-websocket-version: 13\r$/im);
    expect(text).toMatch(/^upgrade: websocket\r$/im);
    expect(text).toMatch(/^connection: upgrade, close\r$/im);
  });

  test('and a request for it without any upgrade is told to make one', async () => {
    const stage = await aStage();
    const answer = await rawRequest(
      stage.port,
      request(keyed, { Connection: 'close', Upgrade: undefined, 'Sec-WebSocket-Version': undefined }),
    );
    expect(said(answer.body)).toBe('426 FAILED_PRECONDITION UPGRADE_REQUIRED');
    expect(answer.text).toMatch(/^upgrade: websocket\r$/im);
  });

  test('while the gateway goes down, with 503 and when to come again', async () => {
    const stage = await aStage();
    await stage.gateway.drain({ withinMs: 1_000 });
    const answer = await rawRequest(stage.port, request(keyed));
    expect(said(answer.body)).toBe('503 UNAVAILABLE DRAINING');
    expect(answer.text).toMatch(/^retry-after: 1\r$/im);
  });

  test('while there are as many sessions as may be', async () => {
    const stage = await aStage({ options: { live: { maxSessions: 1 } } });
    const { client } = await stage.begin();
    const answer = await rawRequest(stage.port, request(keyed));
    expect(said(answer.body)).toBe('503 UNAVAILABLE OVERLOADED');
    client.ws.close();
    await eventually('the first one is not over', () => stage.ends.length === 2);
    await stage.begin();
  });
});

describe('a page of another origin', () => {
  const anyone = { callers: 'anyone' as const };

  test('does not talk by what the browser brings along by itself', async () => {
    const stage = await aStage({ options: anyone });
    const answer = await rawRequest(stage.port, request(path, { Origin: 'https://elsewhere.example' }));
    expect(said(answer.body)).toBe('403 PERMISSION_DENIED FORBIDDEN');
  });

  test.each([
    ['but one of the gateway’s own does', 'http://localhost', anyone],
    ['but one that may call does', 'https://app.example', { ...anyone, server: { cors: ['https://app.example'] } }],
  ])('%s', async (_which, origin, options) => {
    const stage = await aStage({ options });
    const answer = await rawRequest(stage.port, request(path, { Origin: origin }), /\r\n\r\n/);
    expect(answer.status).toBe(101);
  });

  test('and so does one that has a key', async () => {
    const stage = await aStage();
    const answer = await rawRequest(stage.port, request(keyed, { Origin: 'https://elsewhere.example' }), /\r\n\r\n/);
    expect(answer.status).toBe(101);
  });
});
