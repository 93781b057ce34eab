import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createGateway, type Gateway, type GatewayOptions, SluiceError } from '@sluice/core';
import { type NodeListenerOptions, nodeListener } from '@sluice/core/node';
import { demoKey, type Simulator, startSimulator } from '@sluice/simulator';
import { eventually, neverShed, rawRequest } from '@sluice/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const json = { 'content-type': 'application/json' };
const prompt = '{"contents": [{"parts": [{"text": "hi"}]}]}';
const target = '/v1beta/models/gemini-2.5-flash:generateContent';

let simulator: Simulator;
let gateway: Gateway;
let server: Server | undefined;

beforeEach(async () => {
  simulator = await startSimulator();
  gateway = createGateway(options());
});

afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  await gateway.close();
  await simulator.close();
});

test.each([
  ['/gemini', '/gemini/v1beta/models', 200],
  ['/gemini/', '/gemini/v1beta/models?pageSize=1', 200],
  ['/a/b', '/a/b/v1beta/models', 200],
  ['/gemini', '/geminix/v1beta/models', 404],
  ['/gemini', '/gemini', 404],
  ['/gemini', '/gemini?x', 404],
])('mounted at %s, %s is answered %i', async (mountPath, path, status) => {
  const origin = await listen({ mountPath });
  expect((await fetch(origin + path)).status).toBe(status);
});

test('a mount path with parameters is said of each request, and uploads go on below it', async () => {
  const origin = await listen({ mountPath: ({ url = '' }) => /^\/t\/[^/?]+/.exec(url)?.[0] ?? '' });
  expect((await fetch(`${origin}/t/a%20b/v1beta/models`)).status).toBe(200);
  expect((await fetch(`${origin}/t/a?x`)).status).toBe(404);
  expect((await fetch(`${origin}/v1beta/models`)).status).toBe(200);
  const headers = { 'x-goog-upload-protocol': 'resumable', 'x-goog-upload-command': 'start' };
  const started = await fetch(`${origin}/t/a%20b/upload/v1beta/files`, { method: 'POST', headers });
  expect(started.headers.get('x-goog-upload-url')).toMatch(new RegExp(`^${origin}/t/a%20b/upload/v1beta/files\\?`));
});

test('who is at the other end is told, as the host sees it', async () => {
  const remotes: (string | null)[] = [];
  gateway.on('request', ({ remote }) => remotes.push(remote));
  const origin = await listen({ remoteOf: () => '192.0.2.7' });
  await (await fetch(`${origin}/v1beta/models`)).text();
  expect(remotes).toEqual(['192.0.2.7']);
});

test('bytes that somebody has read before go up as they were', async () => {
  const origin = await listen({ bodyOf: (req) => (req as Read).bytes ?? null }, readAll);
  expect((await fetch(origin + target, { method: 'POST', headers: json, body: prompt })).status).toBe(200);
  expect(Buffer.from(simulator.journal.requests[0]?.body ?? []).toString()).toBe(prompt);
  const large = await fetch(origin + target, { method: 'POST', headers: json, body: 'x'.repeat(1_000_001) });
  expect(large.status).toBe(413);
});

test('a body that was read before and is lost is a clear error at once, and nothing goes up', async () => {
  const origin = await listen({}, readAll);
  const answer = await fetch(origin + target, { method: 'POST', headers: json, body: prompt });
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain('before body parsers');
  expect(simulator.journal.requests).toHaveLength(0);
});

test('what bodyOf throws reaches the client in its own dialect', async () => {
  const bodyOf = (): never => {
    throw new SluiceError('unsupported_media_type', 'No.');
  };
  const answer = await fetch((await listen({ bodyOf })) + target, { method: 'POST', headers: json, body: prompt });
  expect([answer.status, await answer.json()]).toMatchObject([415, { error: { message: 'No.' } }]);
});

test('a client that is still sending gets the answer to its oversized body', async () => {
  const origin = await listen({});
  for (let time = 0; time < 5; time++) {
    const answer = await fetch(origin + target, { method: 'POST', headers: json, body: 'x'.repeat(8_000_000) });
    expect(answer.status).toBe(413);
    expect(await answer.text()).toContain('PAYLOAD_TOO_LARGE');
  }
});

test.each([
  ['with its head needs no listener', 1, false],
  ['behind its head is listened for', 2, true],
])('a body that comes %s', async (_what, pieces, isListenedFor) => {
  await gateway.reload({ ...options(), server: { bodyInMs: 30_000 } });
  const listened: unknown[] = [];
  const listener = nodeListener(gateway);
  server = createServer((req, res) => {
    vi.spyOn(req, 'on').mockImplementation(function (this: IncomingMessage, name, hear) {
      listened.push(name);
      return this.addListener(name, hear);
    });
    listener(req, res);
  });
  await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const fields = ['host: a', 'content-type: application/json', `content-length: ${prompt.length}`, 'connection: close'];
  const head = [`POST ${target} HTTP/1.1`, ...fields, '', ''].join('\r\n');
  socket.write(pieces === 1 ? head + prompt : head);
  if (pieces === 2) {
    await eventually('the head was read', () => listened.includes('data'));
    socket.write(prompt);
  }
  let answer = '';
  for await (const piece of socket) answer += piece;
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(Buffer.from(simulator.journal.requests[0]?.body ?? []).toString()).toBe(prompt);
  expect(listened.includes('data')).toBe(isListenedFor);
});

test('a body that stops coming is 408', async () => {
  const origin = await listen({});
  const stalled = new ReadableStream({ start: (to) => to.enqueue(Buffer.from('{')) });
  const init = { method: 'POST', headers: json, body: stalled, duplex: 'half' } as RequestInit;
  expect((await fetch(origin + target, init)).status).toBe(408);
});

test('and says that the connection ends, however short the rest would be', async () => {
  const port = Number(new URL(await listen({})).port);
  const head = [`POST ${target} HTTP/1.1`, 'host: a', 'content-type: application/json', 'content-length: 9', '', ''];
  const { status, text, isClosed } = await rawRequest(port, `${head.join('\r\n')}{"con`);
  expect({ status, isClosed }).toEqual({ status: 408, isClosed: true });
  expect(text).toMatch(/^connection: close\r$/im);
});

test('another version than HTTP/1 is refused, whatever Node takes it for, and nothing goes up', async () => {
  const port = Number(new URL(await listen({})).port);
  const { status, isClosed } = await rawRequest(port, 'GET /v1beta/models HTTP/2.0\r\nhost: a\r\n\r\n');
  expect({ status, isClosed }).toEqual({ status: 400, isClosed: true });
  expect(simulator.journal.requests).toEqual([]);
});

test('a refusal of a request without a body keeps the connection', async () => {
  const port = Number(new URL(await listen({})).port);
  const next = 'GET /v1beta/models HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';
  const both = await rawRequest(port, ['GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n', next]);
  expect(both.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 404', 'HTTP/1.1 200']);
});

test('a refusal does not end a connection whose short body comes with its head, nor wait for one that does not', async () => {
  const port = Number(new URL(await listen({})).port);
  const head = ['POST /nowhere HTTP/1.1', 'host: a', `content-length: ${prompt.length}`, '', ''].join('\r\n');
  const next = 'GET /v1beta/models HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';
  const both = await rawRequest(port, [head + prompt, next]);
  expect(both.status).toBe(404);
  expect(both.text).toContain('HTTP/1.1 200');
  const alone = await rawRequest(port, head);
  expect([alone.status, alone.isClosed]).toEqual([404, true]);
});

test('a refusal ends a connection whose long body is still to come', async () => {
  const port = Number(new URL(await listen({})).port);
  const head = ['POST /nowhere HTTP/1.1', 'host: a', 'content-length: 900000', '', ''].join('\r\n');
  const answer = await rawRequest(port, head);
  expect([answer.status, answer.isClosed]).toEqual([404, true]);
  expect(answer.text.toLowerCase()).toContain('connection: close');
});

test('a client that does not take the end of an answer is cut off, although the gateway is done with it', async () => {
  await gateway.reload({ ...options(), timeouts: { slowReaderMs: 50 } });
  const closed: string[] = [];
  const port = Number(new URL(await listen({})).port);
  server?.on('connection', (socket) => {
    // As if the other end of a long line had no room: nothing leaves this machine.
    socket._write = () => {};
    socket._writev = () => {};
    socket.once('close', () => closed.push('closed'));
  });
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  socket.write('GET /v1beta/models HTTP/1.1\r\nhost: a\r\n\r\n');
  await eventually('it is cut off', () => closed.length === 1);
  expect(gateway.snapshot().open).toBe(0);
  socket.destroy();
});

interface Read extends IncomingMessage {
  bytes?: Uint8Array;
}

async function readAll(req: Read): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of req) pieces.push(piece as Buffer);
  req.bytes = Buffer.concat(pieces);
}

async function listen(options: NodeListenerOptions, before?: (req: IncomingMessage) => Promise<void>): Promise<string> {
  const listener = nodeListener(gateway, options);
  server = createServer(async (req, res) => {
    await before?.(req);
    listener(req, res);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function options(): GatewayOptions {
  return {
    pools: { gemini: { baseUrl: simulator.url, projects: [{ id: 'demo', keys: [demoKey] }] } },
    callers: 'anyone',
    server: { maxBodyBytes: 1_000_000, bodyInMs: 50 },
    overload: neverShed,
  };
}
