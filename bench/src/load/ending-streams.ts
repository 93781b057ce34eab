/** Streams that are going to end, in whatever way: every byte is kept, and judged when the connection is over. */

import { connect } from 'node:net';
import { MessageReader } from '../http1.ts';
import { finalEvent, nowUs, pacedEventBytes, readPaced } from '../pacer.ts';
import { callerKey, requestBytes } from '../traffic.ts';

/** `marker`: with a finish reason, in good order. `error`: with an error in the stream, as its last words. All else is `cut`. */
export type EndKind = 'marker' | 'error' | 'cut';

/** How one stream ended. */
export interface StreamEnd {
  readonly kind: EndKind;
  /** What is wrong with a stream that was cut, and what an error says. */
  readonly words: string;
  /** By the clock that all processes share. */
  readonly endedUs: number;
}

const openAtOnce = 50;

/** Streams of a kind that the provider paces. */
export class EndingStreams {
  readonly #ends: StreamEnd[] = [];

  /** Resolves when each has begun. @throws Error when one does not begin */
  async open(port: number, streams: number): Promise<void> {
    let left = streams;
    const some = async (): Promise<void> => {
      while (left-- > 0) await this.#openOne(port);
    };
    await Promise.all(Array.from({ length: openAtOnce }, some));
  }

  /** Those that have ended so far. */
  ends(): readonly StreamEnd[] {
    return this.#ends;
  }

  #openOne(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const pieces: Buffer[] = [];
      let isWhole = false;
      let isOver = false;
      const reader = new MessageReader({
        onHead(head) {
          if (!head.startsWith('HTTP/1.1 200 ')) reject(new Error(`the answer is "${head.slice(0, 40)}"`));
        },
        onBody(chunk) {
          pieces.push(Buffer.from(chunk));
          resolve();
        },
        onEnd: () => {
          isWhole = true;
          finish();
        },
      });
      const finish = (): void => {
        if (isOver) return;
        isOver = true;
        this.#ends.push({ ...judgeEnd(Buffer.concat(pieces), isWhole), endedUs: nowUs() });
        reject(new Error('a stream ended before it began'));
        socket.destroy();
      };
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.on('data', (bytes) => {
        try {
          if (!isOver) reader.read(bytes);
        } catch {
          finish();
        }
      });
      socket.on('error', finish);
      socket.on('close', finish);
      socket.write(requestBytes('paced', callerKey));
    });
  }
}

/** @param isWhole - the framing says that nothing is missing */
export function judgeEnd(body: Buffer, isWhole: boolean): Omit<StreamEnd, 'endedUs'> {
  let at = 0;
  for (let number = 0; at + pacedEventBytes <= body.length; number++) {
    const event = readPaced(body.subarray(at, at + pacedEventBytes));
    if (event === null) break;
    if (event.number !== number) return { kind: 'cut', words: `event ${event.number} came in the place of ${number}` };
    at += pacedEventBytes;
  }
  const rest = body.subarray(at);
  if (isWhole && rest.equals(finalEvent)) return { kind: 'marker', words: '' };
  if (isWhole) return { kind: 'cut', words: 'it ended in good order, and without a finish reason' };
  if (rest.length === 0) return { kind: 'cut', words: 'the connection was closed without a word' };
  try {
    const { error } = JSON.parse(rest.toString()) as {
      error?: { code?: unknown; message?: unknown; status?: unknown };
    };
    if (typeof error?.code === 'number' && typeof error.status === 'string')
      return { kind: 'error', words: `${error.code} ${error.status}` };
  } catch {
    // Half an event, or half an error.
  }
  return { kind: 'cut', words: `the last words are no error: ${rest.toString().slice(0, 60)}` };
}
