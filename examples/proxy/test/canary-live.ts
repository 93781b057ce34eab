/** A provider of Live sessions that repeats the key in whatever words a session may end with, or not begin. */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { stems } from './canary-calls.ts';
import { leakHeader } from './canary-leaks.ts';

/** A close frame holds so many bytes beside its code. */
const mostReasonBytes = 123;

/** How it ends, by name, with that key; an answer in HTTP where it is a text. */
const endings: Readonly<Record<string, (key: string) => { code: number; reason: string } | string>> = {
  'in a reason': (key) => ({ code: 1007, reason: `API key not valid: ${key}.` }),
  'glued to other words in a reason': (key) => ({ code: 1008, reason: `consumer_api_key:${key}_is-unknown` }),
  'at the cut of a reason': (key) => cut(`${'It is a long story. '.repeat(4)}${key}`),
  'halved by the cut of a reason': (key) => cut(`${'é'.repeat(45)} ${key}`),
  'twice in a reason': (key) => ({ code: 4001, reason: `${key} ${key}` }),
  'in an error before it': (key) =>
    http(400, `{"error":{"code":400,"message":"No: ${key}.","status":"INVALID_ARGUMENT"}}`),
  'in a page before it': (key) => http(403, `<html>${key}</html>`),
  'in a redirect before it': (key) => http(302, '', `location: https://a/?key=${key}`),
  'in headers before it': (key) => http(503, '', `x-debug: ${key}`, `retry-after: ${key}`),
};

export const endingNames: readonly string[] = Object.keys(endings);

/** What has come up; the credential of each session. */
export interface LeakyProvider {
  readonly url: string;
  readonly credentials: readonly string[];
  close(): Promise<void>;
}

export async function leakyProvider(): Promise<LeakyProvider> {
  const credentials: string[] = [];
  const sockets = new Set<Socket>();
  let minted = 0;
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ name: `auth_tokens/${stems.token}-${minted++}` }));
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    const credential = credentialOf(request);
    credentials.push(credential);
    const ending = endings[String(request.headers[leakHeader])]?.(credential) ?? { code: 1000, reason: 'done' };
    if (typeof ending === 'string') socket.end(ending);
    else talk(request, socket, ending);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Says that the setup is complete, then a word and a handle, then good-bye. What it hears it does not read. */
function talk(request: IncomingMessage, socket: Socket, { code, reason }: { code: number; reason: string }): void {
  const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${guid}`).digest('base64');
  const lines = ['HTTP/1.1 101 Switching Protocols', 'upgrade: websocket', 'connection: upgrade'];
  socket.write(`${[...lines, `sec-websocket-accept: ${accept}`].join('\r\n')}\r\n\r\n`);
  socket.once('data', () => {
    const parts = [{ text: stems.answer }];
    for (const message of [
      { setupComplete: {} },
      { serverContent: { modelTurn: { parts }, turnComplete: true } },
      { sessionResumptionUpdate: { newHandle: `${stems.handle}-0123456789`, resumable: true } },
    ]) {
      socket.write(frame(0x82, Buffer.from(JSON.stringify(message))));
    }
    const words = Buffer.from(reason);
    socket.write(frame(0x88, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), words])));
    socket.once('data', () => socket.end());
  });
}

function frame(first: number, data: Buffer): Buffer {
  const { length } = data;
  const head = length < 126 ? [first, length] : [first, 126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), data]);
}

/** As a provider cuts: in the middle of a word, but not of a letter. */
function cut(reason: string): { code: number; reason: string } {
  let bytes = Buffer.from(reason).subarray(0, mostReasonBytes);
  while (bytes.toString().endsWith('\ufffd')) bytes = bytes.subarray(0, -1);
  return { code: 1011, reason: bytes.toString() };
}

function http(status: number, body: string, ...fields: readonly string[]): string {
  const head = [`HTTP/1.1 ${status} No`, `content-length: ${Buffer.byteLength(body)}`, 'connection: close', ...fields];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

function credentialOf({ headers, url = '' }: IncomingMessage): string {
  const token = new URL(url, 'http://a').searchParams.get('access_token');
  return String(headers['x-goog-api-key'] ?? token ?? headers.authorization?.replace(/^Token /, ''));
}
