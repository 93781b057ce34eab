/** A client of a stream without an end: it checks what comes as long as it reads, and leaves when it is told to. */

import { connect, type Socket } from 'node:net';
import { MessageReader } from '../http1.ts';

/** Judges the bytes of a body as they come. */
export interface BodyJudge {
  /** Hears of a head with status 200. @returns what is wrong with its coming at all */
  head?(): string | null;
  /** @returns what is wrong; null as long as nothing is */
  read(chunk: Buffer): string | null;
}

/** One connection with one request. */
export class EndlessStream {
  readonly #socket: Socket;
  #isClosed = false;

  /** @param onWrong - hears of the first thing that is wrong, the end of the stream included */
  constructor(port: number, request: Buffer, judge: BodyJudge, onWrong: (problem: string) => void) {
    const fail = (problem: string): void => {
      if (this.#isClosed) return;
      this.close();
      onWrong(problem);
    };
    const reader = new MessageReader({
      onHead(head) {
        const problem = head.startsWith('HTTP/1.1 200 ')
          ? (judge.head?.() ?? null)
          : `the answer is "${head.slice(0, head.indexOf('\r\n'))}"`;
        if (problem !== null) fail(problem);
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
    this.#socket.write(request);
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
