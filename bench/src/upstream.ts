/**
 * The fake provider, a process of its own. It answers nothing but what the generator may have asked for, signed with
 * exactly one of its own keys and with the body that the generator has sent; all else is a 400 that says why.
 */

import { createServer, type Socket } from 'node:net';
import { type Farewell, Farewells } from './farewells.ts';
import { MessageReader } from './http1.ts';
import { type Sample, sampleOf } from './leaving.ts';
import { Pacer } from './pacer.ts';
import { keyIn, problemWithKeys } from './providers/keys.ts';
import { portOf } from './providers/port.ts';
import { answerQuestions } from './side-channel.ts';
import { answerHead, chunked, expectedBodies, type Kind, kindOf, requestBody, streamEvents } from './traffic.ts';

/** What the provider has seen since it was last asked. */
export interface Seen {
  /** Calls that were as they should be, by the key that signed them. */
  readonly callsByKey: ReadonlyMap<string, number>;
  readonly problems: readonly string[];
  readonly openStreams: number;
  /** Bytes that `flood` streams have got rid of, ever. */
  readonly floodBytes: number;
  /** `flood` streams that have begun, ever, and those of them that are open. */
  readonly floods: number;
  readonly openFloods: number;
}

const pacer = new Pacer();
const chunks = streamEvents.map(chunked);
const bigPieceBytes = 64 * 1024;
const lastChunk = Buffer.from('0\r\n\r\n');
/** 64 KiB or so at a time, without the event that ends a stream. */
const floodBlock = chunked(Buffer.concat(streamEvents.slice(0, -1)));

let callsByKey = new Map<string, number>();
let problems: string[] = [];
let floodBytes = 0;
let floods = 0;
let openFloods = 0;

const farewells = new Farewells();
const server = createServer({ noDelay: true }, (socket) => {
  let kind: Kind | null = null;
  let sample: Sample | null = null;
  let trouble: string | null = null;
  let body: Buffer[] = [];
  const reader = new MessageReader({
    onHead(head) {
      body = [];
      const requestLine = head.slice(0, head.indexOf('\r\n'));
      kind = kindOf(requestLine);
      sample = kind === null ? sampleOf(requestLine.split(' ')[1] ?? '') : null;
      trouble =
        kind === null && sample === null ? `nobody should have asked: ${head.slice(0, 120)}` : troubleWith(head);
    },
    onBody: (piece) => body.push(Buffer.from(piece)),
    onEnd() {
      if (trouble === null && !Buffer.concat(body).equals(requestBody)) trouble = 'the body is not what was sent';
      if (trouble !== null) refuse(trouble, socket);
      else if (sample === null) answer(kind as Kind, socket);
      else farewells.answer(sample, socket);
    },
  });
  socket.on('data', (bytes) => reader.read(bytes));
  // A gateway that drops a call resets its connection; whether it should have is for the generator to say.
  socket.on('error', () => socket.destroy());
  socket.on('close', () => pacer.remove(socket));
});

/** Connections are taken here, and nothing is ever said: a handshake that begins is never finished. */
const deaf = createServer((socket) => {
  farewells.greet(socket);
  socket.on('error', () => socket.destroy());
});

server.listen(0, '127.0.0.1', 8_192);
deaf.listen(0, '127.0.0.1', 1_024);

answerQuestions({
  port: () => portOf(server),
  'deaf-port': () => portOf(deaf),
  'cpu-us': () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  farewells: (): Farewell[] => farewells.report(),
  'farewells-forget': () => farewells.forget(),
  finish: ({ streams }: { streams: number }) => pacer.finish(streams),
  pace: ({ intervalMs }: { intervalMs: number }) => pacer.setInterval(intervalMs),
  seen: (): Seen => {
    const seen = { callsByKey, problems, openStreams: pacer.open, floodBytes, floods, openFloods };
    callsByKey = new Map();
    problems = [];
    return seen;
  },
});

function troubleWith(head: string): string | null {
  const trouble = problemWithKeys(head);
  if (trouble !== null) return trouble;
  const key = keyIn(head);
  callsByKey.set(key, (callsByKey.get(key) ?? 0) + 1);
  return null;
}

function answer(kind: Kind, socket: Socket): void {
  switch (kind) {
    case 'unary':
    case 'picture':
    case 'gzip': {
      socket.cork();
      socket.write(answerHead(kind), 'latin1');
      socket.write(expectedBodies[kind] as Buffer);
      socket.uncork();
      return;
    }
    case 'stream':
      socket.write(answerHead(kind), 'latin1');
      return writeEvents(socket, 0);
    case 'paced':
      socket.write(answerHead(kind), 'latin1');
      return pacer.add(socket);
    case 'flood':
      socket.write(answerHead(kind), 'latin1');
      floods++;
      openFloods++;
      socket.once('close', () => openFloods--);
      socket.on('drain', () => flood(socket));
      return flood(socket);
    case 'big':
      socket.write(answerHead(kind), 'latin1');
      return writeBig(socket, expectedBodies.big as Buffer);
  }
}

/** One event a turn, so that each is a write of its own, as a model's are. */
function writeEvents(socket: Socket, from: number): void {
  if (socket.destroyed) return;
  const chunk = chunks[from];
  if (chunk === undefined) {
    socket.write(lastChunk);
    return;
  }
  socket.write(chunk);
  setImmediate(writeEvents, socket, from + 1);
}

/** One piece a turn, and no faster than they are taken: other calls must not wait for this process. */
function writeBig(socket: Socket, body: Buffer, at = 0): void {
  if (socket.destroyed) return;
  if (at >= body.length) return void socket.write(lastChunk);
  const next = (): void => void setImmediate(writeBig, socket, body, at + bigPieceBytes);
  if (socket.write(chunked(body.subarray(at, at + bigPieceBytes)))) next();
  else socket.once('drain', next);
}

function flood(socket: Socket): void {
  while (!socket.destroyed) {
    floodBytes += floodBlock.length;
    if (!socket.write(floodBlock)) return;
  }
}

function refuse(trouble: string, socket: Socket): void {
  problems.push(trouble);
  const text = JSON.stringify({ error: { code: 400, status: 'INVALID_ARGUMENT', message: trouble } });
  socket.write(
    `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  );
}
