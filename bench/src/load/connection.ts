/** One client connection: sends a request, and compares what comes back with what has to come back, as it comes. */

import { connect, type Socket } from 'node:net';
import { MessageReader } from '../http1.ts';
import { expectedBodies, type Kind, requestBytes } from '../traffic.ts';

/** What becomes of a request. */
export interface AnswerListener {
  /** Everything was right: status, framing, every byte, and the end. */
  onRight(): void;
  /** @param problem - what was wrong; the connection is of no more use */
  onWrong(problem: string): void;
}

/** A connection for requests of one kind that have an end, one after the other. */
export class Connection {
  readonly #socket: Socket;
  readonly #request: Buffer;
  readonly #expected: Buffer;
  readonly #listener: AnswerListener;
  #at = 0;
  #isBusy = false;
  #isClosed = false;

  constructor(port: number, kind: Kind, key: string, listener: AnswerListener) {
    this.#request = requestBytes(kind, key);
    this.#expected = expectedBodies[kind] as Buffer;
    this.#listener = listener;
    const reader = new MessageReader({
      onHead: (head) => this.#readHead(head),
      onBody: (chunk) => this.#readBody(chunk),
      onEnd: () => this.#readEnd(),
    });
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (bytes) => {
      try {
        if (!this.#isClosed) reader.read(bytes);
      } catch (error) {
        this.#fail((error as Error).message);
      }
    });
    this.#socket.on('error', (error) => this.#fail(error.message));
    this.#socket.on('close', () => this.#fail('the connection was closed'));
  }

  send(): void {
    this.#isBusy = true;
    this.#at = 0;
    this.#socket.write(this.#request);
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #readHead(head: string): void {
    if (!this.#isBusy) this.#fail('an answer came that nobody asked for');
    else if (!head.startsWith('HTTP/1.1 200 ')) this.#fail(`the answer is "${head.slice(0, head.indexOf('\r\n'))}"`);
  }

  #readBody(chunk: Buffer): void {
    if (this.#isClosed) return;
    const end = this.#at + chunk.length;
    const isRight = end <= this.#expected.length && this.#expected.compare(chunk, 0, chunk.length, this.#at, end) === 0;
    if (!isRight) return this.#fail(`the body differs between byte ${this.#at} and byte ${end}`);
    this.#at = end;
  }

  #readEnd(): void {
    if (this.#isClosed) return;
    if (this.#at !== this.#expected.length) return this.#fail(`${this.#expected.length - this.#at} bytes are missing`);
    this.#isBusy = false;
    this.#listener.onRight();
  }

  #fail(problem: string): void {
    if (this.#isClosed) return;
    this.close();
    this.#listener.onWrong(problem);
  }
}
