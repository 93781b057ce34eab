/**
 * The provider of live sessions, a process of its own. A session begins when its setup has come as it was sent, signed
 * with exactly one of the provider's own keys; all else is refused.
 */

import { createServer, type Socket } from 'node:net';
import { type FrameReader, frameOf, opcodes } from '../frames.ts';
import { answerQuestions } from '../side-channel.ts';
import { acceptOf, sessionOf, setupComplete, talkPath } from '../talk.ts';
import { readerFor, Talkers, type TalkOrder } from '../talkers.ts';
import { problemWithKeys } from './keys.ts';
import { portOf } from './port.ts';

const talkers = new Talkers('provider');

const server = createServer({ noDelay: true }, (socket) => {
  let session: number | null = null;
  let head: Buffer = Buffer.alloc(0);
  let reader: FrameReader | null = null;
  let listener: ReturnType<Talkers['add']> | null = null;
  const onFrame = (opcode: number, payload: Buffer): void => {
    if (listener !== null) {
      // Clients of the bench leave without a word, and gateways say good-bye for them.
      if (opcode === opcodes.close) return void socket.end(frameOf(opcodes.close, payload, false));
      return listener.onFrame(opcode, payload);
    }
    session = opcode === opcodes.text ? sessionOf(payload) : null;
    if (session === null) throw new Error(`a setup is not what was sent: "${payload.toString('latin1', 0, 200)}"`);
    listener = talkers.add(socket, session);
    socket.write(frameOf(opcodes.binary, setupComplete, false));
  };
  const readHandshake = (bytes: Buffer): Buffer | null => {
    head = Buffer.concat([head, bytes]);
    const end = head.indexOf('\r\n\r\n', 0, 'latin1');
    if (end < 0) return null;
    greet(head.toString('latin1', 0, end), socket);
    return head.subarray(end + 4);
  };
  socket.on('data', (bytes) => {
    try {
      let rest: Buffer | null = bytes;
      if (reader === null) {
        rest = readHandshake(bytes);
        if (rest !== null) reader = readerFor('provider', { onFrame });
      }
      if (rest !== null) reader?.read(rest);
    } catch (error) {
      talkers.complain((error as Error).message);
      socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
    }
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    if (session !== null) talkers.remove(session, true);
  });
});
server.listen(0, '127.0.0.1', 1_024);

answerQuestions({
  port: () => portOf(server),
  open: () => talkers.open,
  talk: (order: TalkOrder) => talkers.talk(order),
  heard: () => talkers.heard(),
  report: () => talkers.report(),
});

/** @throws Error when the handshake is none that a gateway may send */
function greet(head: string, socket: Socket): void {
  if (!head.startsWith(`GET ${talkPath} HTTP/1.1\r\n`))
    throw new Error(`nobody should have asked: ${head.slice(0, 120)}`);
  const problem = problemWithKeys(head);
  if (problem !== null) throw new Error(problem);
  const key = /\r\nsec-websocket-key: *(\S+)/i.exec(head)?.[1];
  if (key === undefined) throw new Error('a handshake has no key');
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptOf(key)}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
}
