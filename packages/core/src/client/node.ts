/** The client's side over `node:http`: request and response become an {@link Exchange}. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Cancellation } from '../cancellation.ts';
import { SluiceError } from '../errors.ts';
import type { Exchange, Flow, HeaderBag, Sink } from '../wire.ts';
import { newRequestId } from './request-id.ts';

/** What the driver needs to know. */
export interface NodeExchangeOptions {
  /** The request target without the mount path. */
  readonly target: string;
  readonly remote: string | null;
  /** How long the body may take, in ms; 0 means no limit. */
  readonly bodyInMs: number;
  /** The bytes of a body that somebody has read before; null when it is still to be read. */
  bodyOf(req: IncomingMessage): Uint8Array | null;
}

/** One request as it came over `node:http`. */
export class NodeExchange implements Exchange {
  readonly id: string = newRequestId();
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderBag;
  readonly remote: string | null;
  readonly client: ResponseSink;
  readonly cancellation: Cancellation = new Cancellation();

  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #options: NodeExchangeOptions;

  constructor(req: IncomingMessage, res: ServerResponse, options: NodeExchangeOptions) {
    this.#req = req;
    this.#res = res;
    this.#options = options;
    this.method = req.method ?? 'GET';
    this.target = options.target;
    this.remote = options.remote;
    this.headers = bagOf(req);
    this.client = new ResponseSink(req, res);
    res.once('close', () => {
      if (!res.writableFinished) this.cancellation.cancel(hungUp());
    });
    // Whatever breaks the socket closes the response as well, and that is where it is noticed.
    res.on('error', ignore);
  }

  async readBody(maxBytes: number): Promise<Uint8Array> {
    const declared = Number(this.headers['content-length'] ?? 0);
    if (maxBytes > 0 && declared > maxBytes) throw tooLarge(maxBytes);
    const read = this.#options.bodyOf(this.#req);
    if (read === null) return this.#readAtOnce(declared) ?? this.#readStream(maxBytes);
    if (maxBytes > 0 && read.length > maxBytes) throw tooLarge(maxBytes);
    return read;
  }

  /** Most bodies have come with their head. They need no listener, no timer and no turn of the loop. */
  #readAtOnce(declared: number): Uint8Array | null {
    const req = this.#req;
    const isThere = !req.readableEnded && req.readableLength === declared && (declared > 0 || req.complete);
    if (!isThere) return null;
    this.client.isRequestRead = true;
    return (req.read() as Buffer | null) ?? nothing;
  }

  #readStream(maxBytes: number): Promise<Uint8Array> {
    const req = this.#req;
    const { bodyInMs } = this.#options;
    if (req.readableEnded) return Promise.reject(readBefore());
    if (this.headers.expect !== undefined) this.#res.writeContinue();
    return new Promise((resolve, reject) => {
      const pieces: Uint8Array[] = [];
      let bytes = 0;
      const timer = bodyInMs === 0 ? undefined : setTimeout(() => finish(tooSlow(bodyInMs)), bodyInMs);
      const finish = (error: Error | null): void => {
        clearTimeout(timer);
        req.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
        if (error === null) resolve(pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces, bytes));
        else reject(error);
      };
      const onData = (piece: Buffer): void => {
        bytes += piece.length;
        if (maxBytes > 0 && bytes > maxBytes) finish(tooLarge(maxBytes));
        else pieces.push(piece);
      };
      const onEnd = (): void => finish(null);
      const onBroken = (): void => finish(hungUp());
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
function bagOf(req: IncomingMessage): HeaderBag {
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

/** How long the rest of a request is read after its answer, in ms. */
const lingerMs = 1_000;
/** What a busy client gets to read its last words before the connection ends, in ms. */
const readMs = 25;
/** How long a client that takes nothing gets to take its last words, in ms. */
const lastWordsMs = 1_000;

/** Pours into a `ServerResponse`. `drain` runs against the stream and lets the source go on. */
class ResponseSink implements Sink {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  #flow: Flow | null = null;
  #isWaiting = false;
  /** Every byte of the request is here, and Node is about to notice. */
  isRequestRead = false;

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.#req = req;
    this.#res = res;
  }

  get #isComplete(): boolean {
    return this.isRequestRead || this.#req.complete;
  }

  open(flow: Flow): void {
    this.#flow = flow;
  }

  head(status: number, headers: HeaderBag): void {
    const res = this.#res;
    if (res.headersSent || res.destroyed) return;
    // A body that was not read to its end is still on the wire: the connection cannot be used again.
    if (!this.#isComplete && status >= 400) res.shouldKeepAlive = false;
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
    if (this.#isComplete) return void res.end();
    // The client still sends. A connection that is closed with unread bytes is reset, and the reset may overtake the
    // answer; so what comes is thrown away for a moment, while the answer is on its way.
    const timer = setTimeout(() => res.end(), lingerMs);
    const finish = (): void => {
      clearTimeout(timer);
      res.end();
    };
    req.once('end', finish).once('close', finish).resume();
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
