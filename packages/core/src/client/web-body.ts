/** The body of a `Request`: read whole, or passed on while it comes. */

import type { Cancellation } from '../cancellation.ts';
import { SluiceError } from '../errors.ts';
import type { BodyRoom, BodyStream } from '../wire.ts';
import { Pieces } from './pieces.ts';
import type { PlainCall } from './plain-call.ts';
import { readyBody } from './ready-body.ts';
import { declaredLength, StreamedBody } from './streamed-body.ts';

/** How a body is read. */
export interface Reading {
  readonly maxBytes: number;
  /** 0 means no limit. */
  readonly bodyInMs: number;
  readonly cancellation: Cancellation;
  readonly room: BodyRoom | undefined;
}

/** Up to here it is taken in one piece: servers make a stream of a body only for those who ask for one, and it costs them. */
const smallBytes = 65_536;
const nothing = new Uint8Array();

/** @see Exchange.readBody */
export async function readBody(request: Request | PlainCall, reading: Reading): Promise<Uint8Array> {
  const { maxBytes, cancellation, room } = reading;
  if ('fields' in request) {
    const bytes = request.bytes ?? nothing;
    if (bytes.length === 0) return bytes;
    if (maxBytes > 0 && bytes.length > maxBytes) throw tooLarge(maxBytes);
    room?.askFor(bytes.length);
    room?.keep(bytes.length);
    return bytes;
  }
  const declared = Number(request.headers.get('content-length') ?? 0);
  if (maxBytes > 0 && declared > maxBytes) throw tooLarge(maxBytes);
  const isSmall = declared > 0 && declared <= smallBytes;
  if (!isSmall && request.body === null) return nothing;
  cancellation.throwIfCancelled();
  room?.askFor(declared);
  const pieces = new Pieces(declared);
  const add = (piece: Uint8Array): void => {
    if (maxBytes > 0 && pieces.bytes + piece.length > maxBytes) throw tooLarge(maxBytes);
    room?.keep(piece.length);
    pieces.add(piece);
  };
  const patience = new Patience(reading);
  try {
    if (isSmall) add(await inOnePiece(request, patience));
    else await inPieces(request.body as ReadableStream<Uint8Array>, patience, add);
  } finally {
    patience.end();
  }
  if (pieces.shortfall !== null) throw pieces.shortfall;
  return pieces.whole();
}

async function inOnePiece(request: Request, patience: Patience): Promise<Uint8Array> {
  const lost = new Promise<never>((_, reject) => {
    patience.onLost = reject;
  });
  try {
    return new Uint8Array(await Promise.race([request.arrayBuffer(), lost]));
  } catch (error) {
    patience.throwIfLost();
    const words = 'The body of this request cannot be read: it was read before the gateway saw it, or it broke off.';
    throw new SluiceError('invalid_request', words, { cause: error });
  }
}

async function inPieces(
  body: ReadableStream<Uint8Array>,
  patience: Patience,
  add: (piece: Uint8Array) => void,
): Promise<void> {
  const reader = body.getReader();
  // A source that has stopped sending is let go of, and then the reading ends.
  patience.onLost = (reason) => void reader.cancel(reason).catch(ignore);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      patience.throwIfLost();
      if (done) return;
      add(value);
    }
  } catch (error) {
    reader.cancel(error).catch(ignore);
    throw error;
  }
}

/** How long a body is waited for: until it takes too long, or nobody wants it any more. */
class Patience {
  /** Told at once when it is lost. */
  onLost: (reason: unknown) => void = ignore;
  readonly #cancellation: Cancellation;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  #isLost = false;
  #reason: unknown;

  constructor({ bodyInMs, cancellation }: Reading) {
    this.#cancellation = cancellation;
    cancellation.listen(this);
    if (bodyInMs > 0) this.#timer = setTimeout(() => this.cancelled(tooSlow(bodyInMs)), bodyInMs);
  }

  cancelled(reason: unknown): void {
    this.#isLost = true;
    this.#reason = reason;
    this.onLost(reason);
  }

  throwIfLost(): void {
    if (this.#isLost) throw this.#reason;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#cancellation.forget(this);
  }
}

/** @see Exchange.openBody */
export function openBody(request: Request | PlainCall): BodyStream | null {
  if ('fields' in request) return readyBody(request.bytes ?? nothing);
  const { body: stream, bodyUsed, headers } = request;
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

function ignore(): void {}

function tooSlow(bodyInMs: number): SluiceError {
  return new SluiceError('request_timeout', `The body was not whole after server.bodyInMs (${bodyInMs} ms).`);
}

function tooLarge(maxBytes: number): SluiceError {
  return new SluiceError('payload_too_large', `The body has more than server.maxBodyBytes (${maxBytes}) bytes.`);
}
