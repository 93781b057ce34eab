/** The client's side over `node:http`: request and response become an {@link Exchange}. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Cancellation } from '../cancellation.ts';
import { SluiceError } from '../errors.ts';
import type { BodyRoom, BodyStream, Exchange, Flow, HeaderBag, Sink } from '../wire.ts';
import { readyBody, requestBody } from './node-body.ts';
import { Pieces } from './pieces.ts';

/** What the driver needs to know. */
export interface NodeExchangeOptions {
  readonly requestId: string;
  /** The request target without the mount path. */
  readonly target: string;
  readonly remote: string | null;
  /** How long the body may take, in ms; 0 means no limit. */
  readonly bodyInMs: number;
  /** How long a client may take nothing of an answer that is over, in ms; 0 means no limit. */
  readonly slowReaderMs: number;
  /** The bytes of a body that somebody has read before; null when it is still to be read. */
  bodyOf(req: IncomingMessage): Uint8Array | null;
  /** Where the client reaches the gateway. */
  publicBaseOf(req: IncomingMessage): string;
}

/** One request as it came over `node:http`. */
export class NodeExchange implements Exchange {
  readonly id: string;
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderBag;
  readonly remote: string | null;
  readonly client: ResponseSink;
  readonly cancellation: Cancellation = new Cancellation();
  readonly wasLetIn: boolean = true;

  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #options: NodeExchangeOptions;

  constructor(req: IncomingMessage, res: ServerResponse, options: NodeExchangeOptions) {
    this.#req = req;
    this.#res = res;
    this.#options = options;
    this.id = options.requestId;
    this.method = req.method ?? 'GET';
    this.target = options.target;
    this.remote = options.remote;
    this.headers = bagOf(req);
    this.client = new ResponseSink(req, res, options.slowReaderMs);
    res.once('close', () => {
      if (!res.writableFinished) this.cancellation.cancel(hungUp());
    });
    // Whatever breaks the socket closes the response as well, and that is where it is noticed.
    res.on('error', ignore);
  }

  async readBody(maxBytes: number, room?: BodyRoom): Promise<Uint8Array> {
    const declared = Number(this.headers['content-length'] ?? 0);
    if (maxBytes > 0 && declared > maxBytes) throw tooLarge(maxBytes);
    const read = this.#options.bodyOf(this.#req);
    if (read === null) {
      room?.askFor(declared);
      return this.#readAtOnce(declared, room) ?? this.#readStream(maxBytes, declared, room);
    }
    if (maxBytes > 0 && read.length > maxBytes) throw tooLarge(maxBytes);
    return read;
  }

  openBody(): BodyStream | null {
    const req = this.#req;
    const read = this.#options.bodyOf(req);
    if (read !== null) return readyBody(read);
    const body = requestBody(req, this.#res);
    if (body !== null && req.readableEnded) throw readBefore();
    this.client.body = body;
    return body;
  }

  publicBase(): string {
    return this.#options.publicBaseOf(this.#req);
  }

  /** Most bodies have come with their head. They need no listener, no timer and no turn of the loop. */
  #readAtOnce(declared: number, room?: BodyRoom): Uint8Array | null {
    const req = this.#req;
    const isThere = !req.readableEnded && req.readableLength === declared && (declared > 0 || req.complete);
    if (!isThere) return null;
    room?.keep(declared);
    this.client.isRequestRead = true;
    return (req.read() as Buffer | null) ?? nothing;
  }

  #readStream(maxBytes: number, declared: number, room?: BodyRoom): Promise<Uint8Array> {
    const { cancellation } = this;
    const req = this.#req;
    const { bodyInMs } = this.#options;
    if (req.readableEnded) return Promise.reject(readBefore());
    if (cancellation.isCancelled) return Promise.reject(cancellation.reason);
    if (this.headers.expect !== undefined) this.#res.writeContinue();
    return new Promise((resolve, reject) => {
      const pieces = new Pieces(declared);
      const timer = bodyInMs === 0 ? undefined : setTimeout(() => finish(tooSlow(bodyInMs)), bodyInMs);
      // By the client, and by the gateway when it wants the request to end.
      const ended = { cancelled: (reason: unknown) => finish(reason as Error) };
      const finish = (error: Error | null): void => {
        clearTimeout(timer);
        cancellation.forget(ended);
        req.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
        if (error === null) resolve(pieces.whole());
        else reject(error);
      };
      const onData = (piece: Buffer): void => {
        if (maxBytes > 0 && pieces.bytes + piece.length > maxBytes) return finish(tooLarge(maxBytes));
        try {
          room?.keep(piece.length);
        } catch (error) {
          return finish(error as Error);
        }
        pieces.add(piece);
      };
      const onEnd = (): void => finish(null);
      const onBroken = (): void => finish(hungUp());
      cancellation.listen(ended);
      req.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
    });
  }
}

const nothing = new Uint8Array();

function ignore(): void {}

function hungUp(): Error {
  return new Error('the client hung up');
}

/**
 * Field names in lower case; one that came several times keeps all its values, also where Node would drop them. Where
 * none did, what Node has put together for itself is exactly that.
 */
export function bagOf(req: IncomingMessage): HeaderBag {
  const raw = req.rawHeaders;
  let names = 0;
  for (const _name in req.headers) names++;
  if (names * 2 === raw.length) return req.headers;
  const bag: HeaderBag = Object.create(null) as HeaderBag;
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase();
    const value = raw[at + 1] as string;
    const before = bag[name];
    if (before === undefined) bag[name] = value;
    else if (typeof before === 'string') bag[name] = [before, value];
    else before.push(value);
  }
  return bag;
}

function tooLarge(maxBytes: number): SluiceError {
  return new SluiceError('payload_too_large', `The body has more than server.maxBodyBytes (${maxBytes}) bytes.`);
}

function readBefore(): SluiceError {
  return new SluiceError(
    'invalid_request',
    'The body of this request was read before the gateway saw it, and its bytes are gone. ' +
      'Mount the gateway before body parsers, or let them leave its path alone.',
  );
}

function tooSlow(bodyInMs: number): SluiceError {
  return new SluiceError('request_timeout', `The body was not whole after server.bodyInMs (${bodyInMs} ms).`);
}

/** A body of this length fits into what the socket holds anyway. */
const shortBytes = 65_536;
/** How long the rest of a request is read after its answer, in ms. */
const lingerMs = 1_000;
/** What a busy client gets to read its last words before the connection ends, in ms. */
const readMs = 25;
/** How long a client that takes nothing gets to take its last words, in ms. */
const lastWordsMs = 1_000;

function isShort({ headers }: IncomingMessage): boolean {
  const { 'content-length': length } = headers;
  return length !== undefined && Number(length) <= shortBytes;
}

/**
 * Answers a request of which nothing but the head was read. Its body goes past Node's own way of letting it: one that is
 * short comes, or the connection ends.
 */
export function answerUnread(req: IncomingMessage, res: ServerResponse, { status, headers, body }: Unread): void {
  const hasBody = req.headers['content-length'] !== undefined || req.headers['transfer-encoding'] !== undefined;
  if (hasBody && !isShort(req)) res.shouldKeepAlive = false;
  res.writeHead(status, headers);
  res.end(body);
  if (hasBody) setImmediate(letEnd, req);
}

/** What is answered. */
export interface Unread {
  readonly status: number;
  /** Name, value, name, value … */
  readonly headers: string[];
  readonly body: string;
}

/** What was said to be short and does not come in time does not come. */
function letEnd(req: IncomingMessage): void {
  if (req.complete || req.destroyed) return;
  const timer = setTimeout(() => req.socket.destroySoon(), lingerMs);
  req.once('close', () => clearTimeout(timer));
  req.resume();
}

/** Pours into a `ServerResponse`. `drain` runs against the stream and lets the source go on. */
class ResponseSink implements Sink {
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
    // come or is about to, and to dial again would cost both sides more than the refusal.
    if (!this.#isComplete && status >= 400 && !this.#isShort) res.shouldKeepAlive = false;
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
    // Node joins writes of one turn into one packet. The last words are for parsers that look at each piece by itself,
    // so they wait until what was written before has left.
    setImmediate(() => {
      const timer = setTimeout(() => res.destroy(), lastWordsMs);
      res.write(lastWords, () => {
        clearTimeout(timer);
        // A client that learns of the broken connection first throws away what it has not read yet.
        setTimeout(() => res.destroy(), readMs);
      });
    });
  }
}
