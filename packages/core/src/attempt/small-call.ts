/** A call of the gateway's own with a small answer. It carries nothing of a caller but what it is told to. */

import { TimeoutStrategy, timeout } from 'cockatiel';
import { joined } from '../bytes/joined.ts';
import { wholeBody } from '../stream/inspect.ts';
import type { Flow, HeaderBag, Sink, UpstreamRequest } from '../wire.ts';
import type { Workshop } from './errand.ts';

/** Small things come in a moment, or something is wrong with the provider. */
const answerInMs = 15_000;

/** What came back. */
export interface SmallAnswer {
  readonly status: number;
  readonly headers: HeaderBag;
  /** Decompressed. */
  readonly body: Uint8Array;
  /** False when it was longer than it may be, and was cut. */
  readonly isWhole: boolean;
}

/** What is asked. */
export interface SmallQuestion extends Pick<UpstreamRequest, 'method' | 'target' | 'body'> {
  /** Beside the credential; none unless told. */
  readonly headers?: readonly string[];
  /** So much of an answer that is no error is read; `limits.maxErrorBytes` unless told. 0 means all of it. */
  readonly maxBytes?: number;
}

/**
 * Makes the call with one key.
 *
 * @param gone - nobody waits for it any more: its connection is let go of at once
 * @throws Error of the transport; cockatiel's `TaskCancelledError` when no answer came in time
 */
export function smallCall(
  { upstream, provider, origin, limits }: Workshop,
  secret: string,
  { method, target, body, headers: more = [], maxBytes = limits.maxErrorBytes }: SmallQuestion,
  gone?: AbortSignal,
): Promise<SmallAnswer> {
  const mostBytes = maxBytes || Number.MAX_SAFE_INTEGER;
  const mostOfError = Math.min(mostBytes, limits.maxErrorBytes || Number.MAX_SAFE_INTEGER);
  const most = (status: number): number => (status >= 400 ? mostOfError : mostBytes);
  const patience = timeout(answerInMs, TimeoutStrategy.Aggressive).dangerouslyUnref();
  return patience.execute(async ({ signal }) => {
    signal.throwIfAborted();
    const { status, headers, pieces, isWhole } = await new Promise<Received>((resolve, reject) => {
      const answer = new Answer(most, (received) => {
        if (received.error === null) resolve(received);
        else reject(received.error);
      });
      signal.addEventListener('abort', () => answer.give(new Error('it is not waited for any longer')));
      const type = body === null ? [] : ['content-type', 'application/json'];
      upstream.send(
        { method, origin, target, headers: [...more, ...type, ...provider.credential(secret)], body },
        answer,
      );
    });
    const encoding = headers['content-encoding'];
    const whole = wholeBody(pieces, typeof encoding === 'string' ? encoding : null, most(status));
    return { status, headers, body: await whole.catch(() => joined(pieces)), isWhole };
  }, gone);
}

interface Received {
  readonly status: number;
  readonly headers: HeaderBag;
  readonly pieces: readonly Uint8Array[];
  readonly isWhole: boolean;
  readonly error: Error | null;
}

/** Collects a small answer. */
class Answer implements Sink {
  readonly #most: (status: number) => number;
  readonly #onDone: (received: Received) => void;
  readonly #pieces: Uint8Array[] = [];
  #flow: Flow | null = null;
  #maxBytes = 0;
  #status = 0;
  #headers: HeaderBag = {};
  #bytes = 0;
  #isWhole = true;
  #isOver = false;

  /** @param most - how much of an answer with a status is enough */
  constructor(most: (status: number) => number, onDone: (received: Received) => void) {
    this.#most = most;
    this.#onDone = onDone;
  }

  open(flow: Flow): void {
    this.#flow = flow;
  }

  head(status: number, headers: HeaderBag): void {
    this.#status = status;
    this.#maxBytes = this.#most(status);
    this.#headers = headers;
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isOver) return true;
    this.#pieces.push(chunk);
    this.#bytes += chunk.length;
    // What is enough to tell is enough.
    if (this.#bytes <= this.#maxBytes) return true;
    this.#isWhole = false;
    this.give(new Error('the answer is long enough'));
    return true;
  }

  end(): void {
    this.#done(null);
  }

  fail(error: Error): void {
    this.#done(error);
  }

  /** Lets go of the connection, whatever still comes. */
  give(reason: Error): void {
    if (this.#isOver) return;
    this.#flow?.abort(reason);
    this.#done(this.#status > 0 ? null : reason);
  }

  #done(error: Error | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const isWhole = this.#isWhole;
    this.#onDone({ status: this.#status, headers: this.#headers, pieces: this.#pieces, isWhole, error });
  }
}
