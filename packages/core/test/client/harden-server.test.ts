import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { eventually, rawRequest } from '@sluice/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { hardenServer } from '../../src/node.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listening(onRequest: RequestListener, more: (server: Server) => void = hardenServer): Promise<number> {
  const server = createServer(onRequest);
  servers.push(server);
  more(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const hello: RequestListener = (_req, res) => void res.end('hello');
const get = 'GET / HTTP/1.1\r\nhost: a\r\n';

function reasonIn(body: string): string {
  return (JSON.parse(body) as { error: { details: { reason: string }[] } }).error.details[0]?.reason ?? '';
}

describe('what never becomes a request is answered in Google’s shape, and the connection ends', () => {
  test.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400, 'INVALID_REQUEST'],
    ['large headers', `${get}x-long: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'HEADERS_TOO_LARGE'],
    ['a long target', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nhost: a\r\n\r\n`, 414, 'URI_TOO_LONG'],
    ['a tunnel', 'CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n', 405, 'METHOD_NOT_ALLOWED'],
    ['an odd expectation', `${get}expect: more\r\n\r\n`, 417, 'EXPECTATION_FAILED'],
  ])('%s', async (_what, bytes, status, reason) => {
    const told: string[] = [];
    const onRefusal = ({ code }: { code: string }, remote: string | undefined): void =>
      void told.push(`${code} ${remote}`);
    const port = await listening(hello, (server) => hardenServer(server, { onRefusal }));
    const answer = await rawRequest(port, bytes);
    expect({ status: answer.status, reason: reasonIn(answer.body) }).toEqual({ status, reason });
    expect(answer.text).toMatch(/^connection: close\r$/im);
    expect(told).toEqual([`${reason.toLowerCase()} 127.0.0.1`]);
  });

  test('headers that come slowly: 408, about when they should', async () => {
    const port = await listening(hello, (server) => hardenServer(server, { headersInMs: 200 }));
    const startedAtMs = performance.now();
    const answer = await rawRequest(port, 'GET / HTTP/1.1\r\nhost: ');
    expect([answer.status, reasonIn(answer.body)]).toEqual([408, 'REQUEST_TIMEOUT']);
    expect(performance.now() - startedAtMs).toBeLessThan(3_000);
  });
});

test('another framework’s listener for such errors does not answer as well', async () => {
  const port = await listening(hello, (server) => {
    server.on('clientError', (_error, socket) => socket.end('HTTP/1.1 400 Mine\r\n\r\n'));
    hardenServer(server);
  });
  expect((await rawRequest(port, 'hello\r\n\r\n')).text.match(/^HTTP\/1\.1/gm)).toHaveLength(1);
});

test('nothing is written into the middle of an answer', async () => {
  const port = await listening((_req, res) => void res.write('the first half'));
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  let text = '';
  socket.on('data', (piece) => {
    text += piece.toString();
  });
  socket.write(`${get}\r\n`);
  await eventually('nothing came', () => text.includes('the first half'));
  socket.write('no HTTP\r\n\r\n');
  await eventually('it is still open', () => socket.closed, 5_000);
  expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
});

describe('Expect: 100-continue', () => {
  const asking = 'POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n';

  test('is granted when a handler reads the body, once', async () => {
    const port = await listening((req, res) => {
      req.on('data', () => {});
      req.on('end', () => res.end('read'));
    });
    const { text } = await rawRequest(port, [asking, 'hi']);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200']);
  });

  test('is granted, however the body is read', async () => {
    const port = await listening(async (req, res) => {
      let text = '';
      for await (const piece of req) text += String(piece);
      res.end(text);
    });
    const { text } = await rawRequest(port, [asking, 'hi']);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200']);
  });

  test('is not granted by a refusal, even where the rest is read and thrown away', async () => {
    const port = await listening((req, res) => {
      res.writeHead(413).end();
      req.resume();
    });
    const { text } = await rawRequest(port, asking, /\r\n\r\n/);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413']);
  });

  test('nor does a host that hides that an answer has begun bring the process down', async () => {
    const port = await listening((req, res) => {
      Object.defineProperty(res, 'headersSent', { get: () => false });
      res.writeHead(413).end();
      req.resume();
    });
    const { text } = await rawRequest(port, asking, /\r\n\r\n/);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413']);
  });
});
