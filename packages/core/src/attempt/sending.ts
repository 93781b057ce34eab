/** WHAT GOES UP WHILE IT COMES: whose silence it is at each moment, the client's or the provider's. */

import type { BodyStream, BodyWatcher, UpstreamRequest } from '../wire.ts';
import type { Errand } from './errand.ts';
import type { Vigil } from './vigil.ts';

const emptyToo = new Set(['POST', 'PUT', 'PATCH']);

/** What goes up of a request's body; an empty one goes with the methods that want one. */
export function bodyUp({ method, body }: Errand): UpstreamRequest['body'] {
  return body instanceof Uint8Array && body.length === 0 && !emptyToo.has(method) ? null : body;
}

/**
 * Looks after a body that goes up while it comes; null when it is here already.
 *
 * @param onBroken - it will never be whole
 */
export function watched({ body, limit }: Errand, vigil: Vigil, onBroken: (error: Error) => void): Sending | null {
  return body instanceof Uint8Array ? null : new Sending(body, vigil, limit.ms, onBroken);
}

/** A body on its way up, as one attempt sees it. */
export class Sending implements BodyWatcher {
  readonly #body: BodyStream;
  readonly #vigil: Vigil;
  readonly #limitMs: number;
  readonly #onBroken: (error: Error) => void;
  #isAnswered = false;

  /** @param limitMs - how long the request as a whole may take when all of its body is there */
  constructor(body: BodyStream, vigil: Vigil, limitMs: number, onBroken: (error: Error) => void) {
    this.#body = body;
    this.#vigil = vigil;
    this.#limitMs = limitMs;
    this.#onBroken = onBroken;
    body.watch(this);
  }

  /** The provider answers: now the answer is waited for, even where it has not waited for the rest. */
  answered(): void {
    this.#isAnswered = true;
  }

  wanted(): void {
    if (!this.#isAnswered) this.#vigil.waitForClient();
  }

  came(): void {
    if (!this.#isAnswered) this.#vigil.waitForRoom();
  }

  sent(): void {
    if (!this.#isAnswered) this.#vigil.waitForReceipt(this.#limitMs);
  }

  broke(error: Error): void {
    this.#onBroken(error);
  }

  /** Nothing more of it goes up by this attempt. */
  end(): void {
    this.#body.leave(new Error('the call to the provider is over'));
  }
}
