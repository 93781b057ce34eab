/** A client on a raw socket: it sends exactly these bytes, and sees exactly those that come back. */

import { connect, type Socket } from 'node:net';
import type { SeenBytes } from '../seen.ts';
import { AnswerReader } from './answer-reader.ts';
import { type Asked, bodyOf, type Client, callerKey, targetOf } from './client.ts';

/** A client that can also stop reading. */
export interface RawAsked extends Asked<SeenBytes> {
  readonly socket: Socket;
}

/** Calls a gateway that listens. */
export function rawClient(origin: string): Client & { ask(...question: Parameters<Client['ask']>): RawAsked } {
  const port = Number(new URL(origin).port);
  return {
    name: 'bytes',
    ask(form, prompt) {
      const body = Buffer.from(bodyOf(prompt));
      const head = [
        `POST ${targetOf(form)} HTTP/1.1`,
        'host: gateway.test',
        'content-type: application/json',
        `content-length: ${body.length}`,
        `x-goog-api-key: ${callerKey}`,
      ];
      const socket = connect(port, '127.0.0.1');
      socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]));
      const reader = new AnswerReader();
      const answer = new Promise<SeenBytes>((resolve) => {
        socket.on('data', (bytes: Buffer) => {
          reader.push(bytes);
          if (reader.isWhole) socket.destroy();
        });
        socket.on('end', () => reader.closed());
        socket.on('error', () => {});
        socket.on('close', () => resolve(seenBy(reader)));
      });
      return {
        socket,
        answer,
        get received() {
          return reader.bytes;
        },
        leave: () => socket.destroy(),
      };
    },
  };
}

function seenBy({ status, headers, pieces, isWhole, head }: AnswerReader): SeenBytes {
  const body = Buffer.concat(pieces);
  return {
    by: 'bytes',
    status,
    headers,
    body,
    pieces,
    end: isWhole ? 'whole' : 'broken',
    transcript: `${head}\n${body.subarray(0, 1_000_000).toString('latin1')}`,
  };
}
