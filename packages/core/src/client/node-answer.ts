/** The answer's side over `node:http`: what is poured becomes a response, and the rest of the request is got rid of. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { BodyStream, Flow, HeaderBag, Sink } from '../wire.ts';
import { readMs } from './reading-time.ts';

/** A body of this length fits into what the socket holds anyway. */
const shortBytes = 65_536;
/** How long the rest of a request is read after its answer, in ms. */
const lingerMs = 1_000;
/** How long a client that takes nothing gets to take its last words, in ms. */
const lastWordsMs = 1_000;

/** Nothing counts as short. Node only calls a request complete once its listeners have returned, also one without a body. */
function isShort({ headers }: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = headers;
  return length === undefined ? coding === undefined : Number(length) <= shortBytes;
}

/**
 * Answers a request of which nothing but the head was read. Its body goes past Node's own way of letting it: one that is
 * short comes, or the connection ends.
 */
export function answerUnread(
  req: IncomingMessage,
  res: ServerResponse,
  { status, headers, body, holdBack = null }: Unread,
): void {
  const hasBody = req.headers['content-length'] !== undefined || req.headers['transfer-encoding'] !== undefined;
  if (hasBody && !isShort(req)) res.shouldKeepAlive = false;
  res.writeHead(status, headers);
  // Earlier, Node itself would read on: it does so when the request is through, and once more when the answer is.
  if (holdBack !== null && res.shouldKeepAlive && req.httpVersionMajor < 2)
    req.once('close', () => holdBack(req.socket));
  res.end(body);
  if (hasBody) setImmediate(letEnd, req);
}

/** What is answered. */
export interface Unread {
  readonly status: number;
  /** Name, value, name, value … */
  readonly headers: string[];
  readonly body: string;
  /** Called with the connection when all of this is through. */
  readonly holdBack?: ((connection: Socket) => void) | null;
}

/** What was said to be short and does not come in time does not come. */
function letEnd(req: IncomingMessage): void {
  if (req.complete || req.destroyed) return;
  const timer = setTimeout(() => req.socket.destroySoon(), lingerMs);
  req.once('close', () => clearTimeout(timer));
  req.resume();
}

/** Pours into a `ServerResponse`. `drain` runs against the stream and lets the source go on. */
export class ResponseSink implements Sink {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  #flow: Flow | null = null;
  #isWaiting = false;
  readonly #slowReaderMs: number;
  /** Every byte of the request is here, and Node is about to notice. */
  isRequestRead = false;
  /** Passed on while it comes; nobody wants more of it once there is an answer. */
  body: BodyStream | null = null;

  constructor(req: IncomingMessage, res: ServerResponse, slowReaderMs: number) {
    this.#req = req;
    this.#res = res;
    this.#slowReaderMs = slowReaderMs;
  }

  get waitingBytes(): number {
    return this.#res.writableLength;
  }

  get #isComplete(): boolean {
    // Requests that a framework plays without a socket, for tests, are never `complete`; they end all the same.
    return this.isRequestRead || this.#req.complete || this.#req.readableEnded;
  }

  open(flow: Flow): void {
    this.#flow = flow;
  }

  head(status: number, headers: HeaderBag): void {
    const res = this.#res;
    if (res.headersSent || res.destroyed) return;
    // A body that was not read to its end is still on the wire: the connection cannot be used again. A short one has
    // come or is about to, and to dial again would cost both sides more than the refusal; but not where it is too slow.
    if (!this.#isComplete && status >= 400 && (!this.#isShort || status === 408)) res.shouldKeepAlive = false;
    res.writeHead(status, headers as Record<string, string | string[]>);
  }

  write(chunk: Uint8Array): boolean {
    if (this.#res.destroyed) return true;
    const hasRoom = this.#res.write(chunk);
    if (!hasRoom && !this.#isWaiting) {
      this.#isWaiting = true;
      this.#res.once('drain', () => {
        this.#isWaiting = false;
        this.#flow?.resume();
      });
    }
    return hasRoom;
  }

  end(): void {
    const [req, res] = [this.#req, this.#res];
    if (this.#isComplete) {
      res.end();
      return this.#watchTail();
    }
    this.body?.close();
    // The client still sends. A connection that is closed with unread bytes is reset, and the reset may overtake the
    // answer; so what comes is thrown away for a moment, while the answer is on its way.
    const timer = setTimeout(() => {
      res.end();
      // What was promised to be short does not come.
      if (res.shouldKeepAlive) req.socket.destroySoon();
    }, lingerMs);
    const finish = (): void => {
      clearTimeout(timer);
      res.end();
      this.#watchTail();
    };
    req.once('end', finish).once('close', finish).resume();
  }

  get #isShort(): boolean {
    return isShort(this.#req);
  }

  /** What the socket has not taken yet nobody watches any more: a client that takes nothing of it is cut off. */
  #watchTail(): void {
    const res = this.#res;
    let waitingBytes = res.writableLength;
    if (this.#slowReaderMs === 0 || waitingBytes === 0) return;
    const look = (): void => {
      if (res.writableLength >= waitingBytes) return void res.destroy();
      waitingBytes = res.writableLength;
      timer = setTimeout(look, this.#slowReaderMs);
    };
    let timer = setTimeout(look, this.#slowReaderMs);
    res.once('close', () => clearTimeout(timer));
  }

  fail(_error: Error, lastWords?: Uint8Array): void {
    const res = this.#res;
    if (lastWords === undefined || res.destroyed) return void res.destroy();
    // They wait until what was written before has been read as well.
    setTimeout(() => {
      if (res.destroyed) return;
      const timer = setTimeout(() => res.destroy(), lastWordsMs);
      res.write(lastWords, () => {
        clearTimeout(timer);
        // A client that learns of the broken connection first throws away what it has not read yet.
        setTimeout(() => res.destroy(), readMs);
      });
    }, readMs);
  }
}
