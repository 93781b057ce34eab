/** Whatever a client sends in the place of an upload, it is answered, and the provider sees nothing of it. */

import { connect } from 'node:net';
import { eventually, rawRequest } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { MadeFile } from './a-file.ts';
import { describeWay } from './a-provider.ts';

describeWay({ client: 'node', upstream: 'undici' }, 'what is no upload', (_way, stage) => {
  const head = (target: string, ...fields: string[]): string =>
    [`POST ${target} HTTP/1.1`, 'host: a', ...fields, '', ''].join('\r\n');

  test.each([
    ['/upload/v1beta/../files', 404],
    ['/upload/v1beta/%2e%2e/files', 404],
    ['/upload/v1beta/files%2f..%2fx', 404],
    ['/upload/v1beta/files%00', 400],
    ['/upload/v1beta/environments/e/files/a%2fb', 404],
    ['/upload//v1beta/files', 404],
    ['/upload/v1beta/files#x', 400],
    ['http://evil.example/upload/v1beta/files', 400],
    ['/upload/v1beta/files?$httpMethod=DELETE', 400],
    ['/upload/v1beta/files?upload_id=%00%ff%zz', 404],
    ['/upload/v1beta/files?upload_id=a&upload_id=b', 400],
  ])('%s is answered at once, however much is announced', async (target, status) => {
    const { provider, origin } = await stage();
    const port = Number(new URL(origin as string).port);
    const lines = head(target, 'content-length: 1000000000000', 'expect: 100-continue');
    const answer = await rawRequest(port, lines, /\r\n\r\n[\s\S]*"status"[\s\S]*\}\s*$/);
    expect([answer.status, answer.text.includes('100 Continue')]).toEqual([status, false]);
    expect(provider.arrivals).toHaveLength(0);
  });

  test('a session whose name is absurdly long is unknown like any other', async () => {
    const { call, provider } = await stage();
    const answer = await call(
      `/upload/v1beta/files?upload_id=${'a'.repeat(9_000)}`,
      new MadeFile({ bytes: 9 }).request(),
    );
    expect(answer.status).toBe(404);
    expect(provider.arrivals).toHaveLength(0);
  });

  test.each([
    ['a length that is none', ['content-length: ten']],
    ['two lengths', ['content-length: 10', 'content-length: 11']],
    ['a length and chunks', ['content-length: 10', 'transfer-encoding: chunked']],
  ])('%s', async (_, fields) => {
    const { provider, origin, session } = await stage();
    const answer = await rawRequest(Number(new URL(origin as string).port), `${head(session, ...fields)}0123456789`);
    expect(answer.status).toBe(400);
    expect(provider.arrivals.filter(({ sha256 }) => sha256 !== null)).toHaveLength(0);
  });

  test('a half-closed connection in the middle of a chunk is a client that has gone', async () => {
    const { provider, origin, session, gateway } = await stage();
    const socket = connect(Number(new URL(origin as string).port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`${head(session, 'content-length: 100')}only this`);
    await eventually('a part of it has arrived', () => provider.arrivals[0]?.bytes === 9);
    socket.end();
    await eventually('the call is cut', () => (provider.arrivals[0]?.cutAtMs ?? null) !== null);
    await eventually('nobody is inside', () => gateway.snapshot().open === 0);
    expect(provider.arrivals[0]?.sha256).toBeNull();
    socket.destroy();
  });

  test('who sends on after the answer has come is read for a while, so that the answer is not lost', async () => {
    const { provider, origin, session } = await stage();
    provider.plan.push({ holds: true, status: 400 });
    const socket = connect(Number(new URL(origin as string).port), '127.0.0.1');
    let text = '';
    let reset: Error | null = null;
    socket.on('error', (error) => (reset = error)).on('data', (chunk) => (text += chunk.toString('latin1')));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(head(session, 'content-length: 16000000'));
    socket.write(Buffer.alloc(5_000_000));
    await closed;
    // A connection that is closed with unread bytes is reset, and a reset overtakes what was written before.
    expect([text.slice(0, 12), text.includes('Not like this.'), reset]).toEqual(['HTTP/1.1 400', true, null]);
  });

  test('what follows the length is another request, and no part of the file', async () => {
    const { provider, origin, session } = await stage();
    const next = 'GET /nowhere HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';
    const text = `${head(session, 'content-length: 9')}some text${next}`;
    const answer = await rawRequest(Number(new URL(origin as string).port), text);
    expect(answer.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404']);
    expect(provider.arrivals.map(({ bytes }) => bytes)).toEqual([9]);
  });

  test('a connection is used again after an upload', async () => {
    const { provider, origin, session } = await stage();
    const port = Number(new URL(origin as string).port);
    const one = `${head(session, 'content-length: 9')}some text`;
    const last = `${head(session, 'content-length: 9', 'connection: close')}some more`;
    const answer = await rawRequest(port, [one, last]);
    expect(answer.text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    expect(provider.arrivals.map(({ bytes }) => bytes)).toEqual([9, 9]);
  });

  test('what the gateway refuses is refused before its body is asked for', async () => {
    const { origin, session, gateway, provider } = await stage();
    await gateway.pools.gemini?.disable('one#1', 'a test');
    const lines = head(session, 'content-length: 1000000000000', 'expect: 100-continue');
    const answer = await rawRequest(
      Number(new URL(origin as string).port),
      lines,
      /\r\n\r\n[\s\S]*"status"[\s\S]*\}\s*$/,
    );
    expect([answer.status, answer.text.includes('100 Continue')]).toEqual([409, false]);
    await gateway.pools.gemini?.enable('one#1');
    const file = new MadeFile({ bytes: 100_000 });
    expect((await fetch(origin + session, file.request())).status).toBe(200);
    expect(provider.arrivals.map(({ sha256 }) => sha256)).toEqual([file.sha256]);
  });
});
