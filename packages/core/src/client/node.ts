/** The client's side over `node:http`: request and response become an {@link Exchange}. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Cancellation } from '../cancellation.ts';
import { SluiceError } from '../errors.ts';
import type { BodyRoom, BodyStream, Exchange, HeaderBag } from '../wire.ts';
import { ResponseSink } from './node-answer.ts';
import { requestBody } from './node-body.ts';
import { bagOf } from './node-headers.ts';
import { Pieces } from './pieces.ts';
import { readyBody } from './ready-body.ts';

/** What the driver needs to know. */
export interface NodeExchangeOptions {
  readonly requestId: string;
  /** The request target without the mount path. */
  readonly target: string;
  readonly remote: string | null;
  /** The request as the framework sees it. */
  readonly host?: unknown;
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
  readonly host: unknown;
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
    this.host = options.host;
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
      // Node tells of a request as soon as its head is read: what came with it is read in the same turn, behind this.
      await null;
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
      const onEnd = (): void => finish(pieces.shortfall);
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
