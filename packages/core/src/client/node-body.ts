/** A request body over `node:http` that is passed on while it comes. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BodySource, declaredLength, StreamedBody } from './streamed-body.ts';

/** @param res - asked to let the body come where the client waits for that */
export function requestBody(req: IncomingMessage, res: ServerResponse): StreamedBody | null {
  const { 'content-length': length, 'transfer-encoding': coding } = req.headers;
  const declaredBytes = declaredLength(length);
  if (coding === undefined && (length === undefined || declaredBytes === 0)) return null;
  return new StreamedBody(declaredBytes, (body) => new RequestSource(req, res, body));
}

/**
 * Reads as fast as pieces are taken. Nothing is allocated per piece here, and in step with whoever takes them nothing is
 * paused either.
 */
class RequestSource implements BodySource {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #body: StreamedBody;
  readonly #onData: (piece: Uint8Array) => void;
  readonly #onEnd: () => void;
  readonly #onBroken: () => void;
  #isReading = false;
  #isHeld = false;

  constructor(req: IncomingMessage, res: ServerResponse, body: StreamedBody) {
    this.#req = req;
    this.#res = res;
    this.#body = body;
    this.#onData = (piece) => body.push(piece);
    this.#onEnd = () => body.finish();
    this.#onBroken = () => body.fail(new Error('the client hung up'));
  }

  pull(): void {
    if (!this.#isReading) return this.#begin();
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#req.resume();
  }

  hold(): void {
    this.#isHeld = true;
    this.#req.pause();
  }

  stop(): void {
    if (!this.#isReading) return;
    this.#isReading = false;
    const req = this.#req;
    req.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onBroken).off('close', this.#onBroken);
    // What still comes waits in the socket; whoever answers knows what to do with it.
    if (!req.readableEnded) req.pause();
  }

  #begin(): void {
    const req = this.#req;
    if (req.destroyed) return this.#body.fail(new Error('the client hung up'));
    this.#isReading = true;
    if (req.headers.expect !== undefined) this.#res.writeContinue();
    req.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onBroken).on('close', this.#onBroken);
    req.resume();
  }
}
