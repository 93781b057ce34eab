/** A call of the gateway's own with a small answer. It never carries anything of a caller. */

import { TimeoutStrategy, timeout } from 'cockatiel';
import { joined } from '../bytes/joined.ts';
import { wholeBody } from '../stream/inspect.ts';
import type { Flow, HeaderBag, Sink, UpstreamRequest } from '../wire.ts';
import type { Workshop } from './errand.ts';

/** Small things come in a moment, or something is wrong with the provider. */
const answerInMs = 15_000;

/** What came back; an answer that is longer than `limits.maxErrorBytes` is cut. */
export interface SmallAnswer {
  readonly status: number;
  readonly headers: HeaderBag;
  /** Decompressed. */
  readonly body: Uint8Array;
}

/**
 * Makes the call with one key.
 *
 * @throws Error of the transport; cockatiel's `TaskCancelledError` when no answer came in time
 */
export function smallCall(
  { upstream, provider, origin, limits }: Workshop,
  secret: string,
  { method, target, body }: Pick<UpstreamRequest, 'method' | 'target' | 'body'>,
): Promise<SmallAnswer> {
  const patience = timeout(answerInMs, TimeoutStrategy.Aggressive).dangerouslyUnref();
  return patience.execute(async ({ signal }) => {
    const { status, headers, pieces } = await new Promise<Received>((resolve, reject) => {
      const answer = new Answer(limits.maxErrorBytes, (received) => {
        if (received.error === null) resolve(received);
        else reject(received.error);
      });
      signal.addEventListener('abort', () => answer.give(new Error('it took too long')));
      const type = body === null ? [] : ['content-type', 'application/json'];
      upstream.send({ method, origin, target, headers: [...type, ...provider.credential(secret)], body }, answer);
    });
    const encoding = headers['content-encoding'];
    const whole = wholeBody(pieces, typeof encoding === 'string' ? encoding : null, limits.maxErrorBytes);
    return { status, headers, body: await whole.catch(() => joined(pieces)) };
  });
}

interface Received {
  readonly status: number;
  readonly headers: HeaderBag;
  readonly pieces: readonly Uint8Array[];
  readonly error: Error | null;
}

/** Collects a small answer. */
class Answer implements Sink {
  readonly #maxBytes: number;
  readonly #onDone: (received: Received) => void;
  readonly #pieces: Uint8Array[] = [];
  #flow: Flow | null = null;
  #status = 0;
  #headers: HeaderBag = {};
  #bytes = 0;
  #isOver = false;

  constructor(maxBytes: number, onDone: (received: Received) => void) {
    this.#maxBytes = maxBytes;
    this.#onDone = onDone;
  }

  open(flow: Flow): void {
    this.#flow = flow;
  }

  head(status: number, headers: HeaderBag): void {
    this.#status = status;
    this.#headers = headers;
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isOver) return true;
    this.#pieces.push(chunk);
    this.#bytes += chunk.length;
    // What is enough to tell is enough.
    if (this.#bytes > this.#maxBytes) this.give(new Error('the answer is long enough'));
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
    this.#onDone({ status: this.#status, headers: this.#headers, pieces: this.#pieces, error });
  }
}
