/** A client of a stream without an end: it checks what comes as long as it reads, and leaves when it is told to. */

import { connect, type Socket } from 'node:net';
import { MessageReader } from '../http1.ts';
import { type Kind, requestBytes } from '../traffic.ts';

/** Judges the bytes of a body as they come. */
export interface BodyJudge {
  /** @returns what is wrong; null as long as nothing is */
  read(chunk: Buffer): string | null;
}

/** One connection with one request. */
export class EndlessStream {
  readonly #socket: Socket;
  #isClosed = false;

  /** @param onWrong - hears of the first thing that is wrong, the end of the stream included */
  constructor(port: number, kind: Kind, key: string, judge: BodyJudge, onWrong: (problem: string) => void) {
    const fail = (problem: string): void => {
      if (this.#isClosed) return;
      this.close();
      onWrong(problem);
    };
    const reader = new MessageReader({
      onHead(head) {
        if (!head.startsWith('HTTP/1.1 200 ')) fail(`the answer is "${head.slice(0, head.indexOf('\r\n'))}"`);
      },
      onBody(chunk) {
        const problem = judge.read(chunk);
        if (problem !== null) fail(problem);
      },
      onEnd: () => fail('the stream has ended'),
    });
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (bytes) => {
      try {
        if (!this.#isClosed) reader.read(bytes);
      } catch (error) {
        fail((error as Error).message);
      }
    });
    this.#socket.on('error', (error) => fail(error.message));
    this.#socket.on('close', () => fail('the connection was closed'));
    this.#socket.write(requestBytes(kind, key));
  }

  /** From now on nothing is taken off the socket. */
  stall(): void {
    this.#socket.pause();
  }

  goOn(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }
}
