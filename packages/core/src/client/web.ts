/** The client's side over web standards: a `Request` becomes an {@link Exchange}, what is poured becomes a `Response`. */

import { Cancellation } from '../cancellation.ts';
import { SluiceError } from '../errors.ts';
import type { BodyRoom, BodyStream, Exchange, Flow, HeaderBag, Sink } from '../wire.ts';
import { withoutMount } from './mount.ts';
import { Pieces } from './pieces.ts';
import { reasonPhrase } from './reason-phrase.ts';
import { newRequestId } from './request-id.ts';
import { declaredLength, StreamedBody } from './streamed-body.ts';

/** Bytes that wait for the reader before the source is held. */
const highWaterBytes = 65_536;
const noBodyStatuses = new Set([204, 205, 304]);

/** A request and the answer that will come of it. */
export interface WebExchange {
  readonly exchange: Exchange;
  readonly response: Promise<Response>;
}

/**
 * @param mountPath - what precedes the API's own paths, without a slash at its end
 * @param publicOrigin - where clients reach the gateway, when that is not the origin of the request's URL
 */
export function webExchange(request: Request, mountPath: string, publicOrigin: string | null = null): WebExchange {
  const cancellation = new Cancellation();
  const client = new ResponseSink(cancellation);
  const url = request.url;
  const path = url.slice(url.indexOf('/', url.indexOf('//') + 2));
  const exchange: Exchange = {
    id: newRequestId(),
    method: request.method,
    target: withoutMount(path, mountPath),
    headers: bagOf(request.headers),
    remote: null,
    client,
    cancellation,
    readBody: (maxBytes, room) => readBody(request, maxBytes, cancellation, room),
    openBody: () => openBody(request),
    publicBase: () => (publicOrigin ?? new URL(url).origin) + mountPath,
  };
  if (request.signal.aborted) cancellation.cancel(request.signal.reason);
  else request.signal.addEventListener('abort', () => client.leave(request.signal.reason), { once: true });
  return { exchange, response: client.response };
}

/** A call in process as a request. Over a network somebody would have told how long its body is, where that is known. */
export function requestOf(input: string | URL | Request, init: RequestInit | undefined): Request {
  const request = new Request(input, init);
  const body = init?.body;
  const bytes = body instanceof Blob ? body.size : ArrayBuffer.isView(body) ? body.byteLength : null;
  if (bytes !== null) request.headers.set('content-length', String(bytes));
  return request;
}

function bagOf(headers: Headers): HeaderBag {
  const bag: HeaderBag = Object.create(null) as HeaderBag;
  for (const [name, value] of headers) bag[name] = value;
  return bag;
}

function openBody({ body: stream, bodyUsed, headers }: Request): BodyStream | null {
  if (stream === null) return null;
  if (bodyUsed)
    throw new SluiceError('invalid_request', 'The body of this request was read before the gateway saw it.');
  const declaredBytes = declaredLength(headers.get('content-length'));
  if (declaredBytes === 0) return null;
  return new StreamedBody(declaredBytes, (body) => {
    let reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
    const pull = async (): Promise<void> => {
      try {
        reader ??= (stream as ReadableStream<Uint8Array>).getReader();
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return body.finish();
          if (value.length > 0) return body.push(value);
        }
      } catch (error) {
        body.fail(error instanceof Error ? error : new Error('the body broke off', { cause: error }));
      }
    };
    return {
      pull: () => void pull(),
      hold() {},
      stop: () => void (reader?.cancel() ?? stream.cancel()).catch(ignore),
    };
  });
}

async function readBody(
  request: Request,
  maxBytes: number,
  cancellation: Cancellation,
  room?: BodyRoom,
): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  cancellation.throwIfCancelled();
  const declared = Number(request.headers.get('content-length') ?? 0);
  if (maxBytes > 0 && declared > maxBytes) throw tooLarge(maxBytes);
  room?.askFor(declared);
  const pieces = new Pieces(declared);
  const reader = (request.body as ReadableStream<Uint8Array>).getReader();
  // A source that has stopped sending is let go of, and then the reading ends.
  const ended = { cancelled: (reason: unknown) => void reader.cancel(reason).catch(ignore) };
  cancellation.listen(ended);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      cancellation.throwIfCancelled();
      if (done) return pieces.whole();
      if (maxBytes > 0 && pieces.bytes + value.length > maxBytes) throw tooLarge(maxBytes);
      room?.keep(value.length);
      pieces.add(value);
    }
  } catch (error) {
    reader.cancel(error).catch(ignore);
    throw error;
  } finally {
    cancellation.forget(ended);
  }
}

function ignore(): void {}

function tooLarge(maxBytes: number): SluiceError {
  return new SluiceError('payload_too_large', `The body has more than server.maxBodyBytes (${maxBytes}) bytes.`);
}

/** Builds a `Response`: its head when the head comes, its body as a stream that holds the source when nobody reads. */
class ResponseSink implements Sink {
  readonly response: Promise<Response>;
  readonly #cancellation: Cancellation;
  #resolve!: (response: Response) => void;
  #reject!: (error: unknown) => void;
  #flow: Flow | null = null;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  /** What comes after the last byte: a proper end, or an error once everything has been read. */
  #failedBy: Error | null = null;
  #isOver = false;

  constructor(cancellation: Cancellation) {
    this.#cancellation = cancellation;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  open(flow: Flow): void {
    this.#flow = flow;
  }

  head(status: number, headers: HeaderBag): void {
    const statusText = reasonPhrase(status);
    if (noBodyStatuses.has(status)) {
      this.#resolve(new Response(null, { status, statusText, headers: toHeaders(headers) }));
      return;
    }
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#onPull(),
        cancel: (reason) => this.leave(reason),
      },
      { highWaterMark: highWaterBytes, size: (chunk) => chunk.length },
    );
    this.#resolve(new Response(body, { status, statusText, headers: toHeaders(headers) }));
  }

  get waitingBytes(): number {
    return this.#controller === null ? 0 : highWaterBytes - (this.#controller.desiredSize ?? highWaterBytes);
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isOver || this.#controller === null) return true;
    this.#controller.enqueue(chunk);
    return (this.#controller.desiredSize ?? 0) > 0;
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#controller?.close();
  }

  fail(error: Error, lastWords?: Uint8Array): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#controller === null) {
      this.#reject(error);
      return;
    }
    // An errored stream forgets what nobody has read yet, so the error waits until the last words are gone.
    if (lastWords !== undefined && lastWords.length > 0) this.#controller.enqueue(lastWords);
    this.#failedBy = error;
    this.#onPull();
  }

  /** The reader is gone, by cancelling the body or by the request's signal. */
  leave(reason: unknown): void {
    const error = reason instanceof Error ? reason : new Error('the client hung up', { cause: reason });
    this.#reject(error);
    if (!this.#isOver) {
      this.#isOver = true;
      try {
        this.#controller?.error(error);
      } catch {
        // Cancelled already: whoever cancelled knows.
      }
    }
    this.#cancellation.cancel(error);
  }

  #onPull(): void {
    const room = this.#controller?.desiredSize ?? 0;
    if (this.#failedBy !== null) {
      if (room >= highWaterBytes) this.#controller?.error(this.#failedBy);
      return;
    }
    if (room > 0) this.#flow?.resume();
  }
}

function toHeaders(bag: HeaderBag): Headers {
  const headers = new Headers();
  for (const name in bag) {
    const value = bag[name];
    if (value === undefined) continue;
    if (typeof value === 'string') headers.append(name, value);
    else for (const one of value) headers.append(name, one);
  }
  return headers;
}
