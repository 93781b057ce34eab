/** One client connection: sends a request, and compares what comes back with what has to come back, as it comes. */

import { connect, type Socket } from 'node:net';
import { MessageReader } from '../http1.ts';
import { expectedBodies, type Kind, requestBytes } from '../traffic.ts';

/** What becomes of a request. */
export interface AnswerListener {
  /**
   * Everything was right: status, framing, every byte, and the end.
   *
   * @param isReusable - false when the gateway has said that this was the last answer of the connection, and somebody
   * listens for refusals: who is overloaded wants connections to end. For all others such an end is wrong
   */
  onRight(isReusable: boolean): void;
  /** @param problem - what was wrong; the connection is of no more use */
  onWrong(problem: string): void;
  /**
   * The gateway is overloaded and has said so as it should: 503, when to come again, and Google's error. Without this a
   * refusal is wrong.
   *
   * @param isReusable - whether the connection may be used again
   */
  onShed?(isReusable: boolean): void;
  /** The connection stands. */
  onOpen?(): void;
}

/** Problems of a connection, and of no answer: a gateway that is overloaded may refuse connections, or break them. */
export const brokenConnection: RegExp = /^(?:the connection was closed|(?:read|write|connect) E[A-Z]+\b.*)$/;

/** What is asked, again and again. */
export interface Asking {
  readonly kind: Kind;
  readonly key: string;
  /** A header field that each answer has to have, as it is written. */
  readonly saying?: string | undefined;
}

/** A connection for requests of one kind that have an end, one after the other. */
export class Connection {
  readonly #socket: Socket;
  readonly #request: Buffer;
  readonly #expected: Buffer;
  readonly #saying: string | undefined;
  readonly #listener: AnswerListener;
  #at = 0;
  #isBusy = false;
  #isClosed = false;
  #isLast = false;
  /** The head and the body of a refusal; null for answers. */
  #refusal: { readonly head: string; body: string } | null = null;

  constructor(port: number, { kind, key, saying }: Asking, listener: AnswerListener) {
    this.#request = requestBytes(kind, key);
    this.#expected = expectedBodies[kind] as Buffer;
    this.#saying = saying;
    this.#listener = listener;
    const reader = new MessageReader({
      onHead: (head) => this.#readHead(head),
      onBody: (chunk) => this.#readBody(chunk),
      onEnd: () => this.#readEnd(),
    });
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    if (listener.onOpen !== undefined) this.#socket.once('connect', () => listener.onOpen?.());
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
    const mayEnd = this.#listener.onShed !== undefined;
    this.#isLast = mayEnd && /\r\nconnection: *close/i.test(head);
    if (!this.#isBusy) this.#fail('an answer came that nobody asked for');
    else if (mayEnd && head.startsWith('HTTP/1.1 503 ')) this.#refusal = { head, body: '' };
    else if (!head.startsWith('HTTP/1.1 200 ')) this.#fail(`the answer is "${head.slice(0, head.indexOf('\r\n'))}"`);
    else if (this.#saying !== undefined && !head.toLowerCase().includes(`\r\n${this.#saying}`))
      this.#fail(`an answer does not say "${this.#saying}"`);
  }

  #readBody(chunk: Buffer): void {
    if (this.#isClosed) return;
    if (this.#refusal !== null) {
      this.#refusal.body += chunk.toString();
      return;
    }
    const end = this.#at + chunk.length;
    const isRight = end <= this.#expected.length && this.#expected.compare(chunk, 0, chunk.length, this.#at, end) === 0;
    if (!isRight) return this.#fail(`the body differs between byte ${this.#at} and byte ${end}`);
    this.#at = end;
  }

  #readEnd(): void {
    if (this.#isClosed) return;
    if (this.#refusal !== null) return this.#readRefusal(this.#refusal);
    if (this.#at !== this.#expected.length) return this.#fail(`${this.#expected.length - this.#at} bytes are missing`);
    this.#isBusy = false;
    const isReusable = !this.#isLast;
    if (!isReusable) this.close();
    this.#listener.onRight(isReusable);
  }

  #readRefusal({ head, body }: { head: string; body: string }): void {
    this.#refusal = null;
    const problem = problemWithRefusal(head, body);
    if (problem !== null) return this.#fail(problem);
    this.#isBusy = false;
    const isReusable = !this.#isLast;
    if (!isReusable) this.close();
    this.#listener.onShed?.(isReusable);
  }

  #fail(problem: string): void {
    if (this.#isClosed) return;
    this.close();
    this.#listener.onWrong(problem);
  }
}

/** A client that is turned away has to learn why, and when it may come again. @returns what is missing */
export function problemWithRefusal(head: string, body: string): string | null {
  if (!/\r\nretry-after: *[1-9]\d*(?:\r|$)/i.test(head)) return 'a 503 does not say when to come again';
  try {
    const { error } = JSON.parse(body) as { error?: { code?: unknown; details?: { reason?: unknown }[] } };
    const isOurs = error?.code === 503 && error.details?.[0]?.reason === 'OVERLOADED';
    return isOurs ? null : `a 503 says something else than OVERLOADED: ${body.slice(0, 200)}`;
  } catch {
    return `a 503 has no JSON in it: ${body.slice(0, 200)}`;
  }
}
