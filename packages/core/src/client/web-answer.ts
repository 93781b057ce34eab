/** The answer's side over web standards: what is poured becomes a `Response`. */

import type { Cancellation } from '../cancellation.ts';
import type { Flow, HeaderBag, Sink } from '../wire.ts';
import { readMs } from './reading-time.ts';
import { reasonPhrase } from './reason-phrase.ts';

/** Bytes that wait for the reader before the source is held. */
const highWaterBytes = 65_536;
const noBodyStatuses = new Set([204, 205, 304]);

/** Builds a `Response`: its head when the head comes, its body as a stream that holds the source when nobody reads. */
export class ResponseSink implements Sink {
  readonly response: Promise<Response>;
  readonly #cancellation: Cancellation;
  #resolve!: (response: Response) => void;
  #reject!: (error: unknown) => void;
  #flow: Flow | null = null;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  /** What comes once everything has been read: the last words, and then the error. */
  #failedBy: Error | null = null;
  #lastWords: Uint8Array | undefined;
  #parting: ReturnType<typeof setTimeout> | undefined;
  /** The client's own signal, as long as it is listened to. */
  #signal: AbortSignal | null = null;
  #isOver = false;

  constructor(cancellation: Cancellation) {
    this.#cancellation = cancellation;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Leaves when `signal` says so. It may live on for many calls, so nothing stays with it after the answer. */
  heed(signal: AbortSignal): void {
    this.#signal = signal;
    signal.addEventListener('abort', this.#onAbort, onlyOnce);
  }

  readonly #onAbort = (): void => this.leave(this.#signal?.reason);

  open(flow: Flow): void {
    this.#flow = flow;
  }

  head(status: number, headers: HeaderBag): void {
    const statusText = reasonPhrase(status);
    if (noBodyStatuses.has(status)) {
      this.#resolve(new Response(null, { status, statusText, headers: fieldsOf(headers) }));
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
      bySize,
    );
    this.#resolve(new Response(body, { status, statusText, headers: fieldsOf(headers) }));
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
    this.#over();
    this.#controller?.close();
  }

  fail(error: Error, lastWords?: Uint8Array): void {
    if (this.#isOver) return;
    this.#over();
    if (this.#controller === null) {
      this.#reject(error);
      return;
    }
    this.#failedBy = error;
    this.#lastWords = lastWords;
    this.#onPull();
  }

  /** The reader is gone, by cancelling the body or by the request's signal. */
  leave(reason: unknown): void {
    const error = reason instanceof Error ? reason : new Error('the client hung up', { cause: reason });
    this.#reject(error);
    if (!this.#isOver || this.#failedBy !== null) {
      clearTimeout(this.#parting);
      try {
        this.#controller?.error(error);
      } catch {
        // Cancelled already: whoever cancelled knows.
      }
    }
    this.#over();
    this.#cancellation.cancel(error);
  }

  #over(): void {
    this.#isOver = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  #onPull(): void {
    const room = this.#controller?.desiredSize ?? 0;
    if (this.#failedBy === null) {
      if (room > 0) this.#flow?.resume();
    } else if (room >= highWaterBytes) this.#part(this.#failedBy);
  }

  /**
   * An errored stream forgets what nobody has read yet, and so does a server that pipes it with what it has not sent: the
   * last words wait until everything before them is gone, and the error until they are.
   */
  #part(error: Error): void {
    if (this.#parting !== undefined) return;
    const words = this.#lastWords;
    if (words === undefined) {
      this.#controller?.error(error);
    } else if (words.length === 0) {
      this.#parting = setTimeout(() => this.#controller?.error(error), readMs);
    } else {
      this.#lastWords = nothing;
      // On their own: servers join what they write in one turn, and clients what they find when they come to read.
      this.#parting = setTimeout(() => {
        this.#parting = undefined;
        this.#controller?.enqueue(words);
      }, readMs);
    }
  }
}

const nothing = new Uint8Array();
const onlyOnce = { once: true };
const bySize: QueuingStrategy<Uint8Array> = { highWaterMark: highWaterBytes, size: (chunk) => chunk.length };

/** A record costs a response less than `Headers` do, and only a list can say a field twice. */
function fieldsOf(bag: HeaderBag): Record<string, string> | [string, string][] {
  const fields = Object.create(null) as Record<string, string>;
  for (const name in bag) {
    const value = bag[name];
    if (typeof value === 'string') fields[name] = value;
    else if (value !== undefined) return pairsOf(bag);
  }
  return fields;
}

function pairsOf(bag: HeaderBag): [string, string][] {
  const pairs: [string, string][] = [];
  for (const name in bag) for (const value of [bag[name] ?? []].flat()) pairs.push([name, value]);
  return pairs;
}
