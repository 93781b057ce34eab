/**
 * The sink next to the client: it counts what goes out and remembers how it ended. Every answer passes it.
 *
 * Nothing follows an end, and what a client's sink throws goes no further: whoever pours cannot know what to do with it.
 */

import type { Clock } from '../clock.ts';
import { SluiceError } from '../errors.ts';
import type { Flow, HeaderBag, Sink } from '../wire.ts';

/** Keeps a silent stream alive, as long as it is open. */
export interface Pulse {
  /** Something has gone out just now. */
  wrote(): void;
  stop(): void;
}

/** What the client has been given so far. */
export class Meter implements Sink {
  /** 0 until the head has gone out. */
  status = 0;
  bytes = 0;
  /** The answer is a stream of server-sent events. */
  isSse = false;
  firstByteAtMs: number | null = null;
  outcome: 'open' | 'ended' | 'failed' = 'open';
  error: Error | null = null;
  /** Null where nobody may say anything between two events. */
  pulse: Pulse | null = null;

  readonly #client: Sink;
  readonly #clock: Clock;
  #flow: Flow | null = null;

  constructor(client: Sink, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** The client has been told something: from here on there is no second try. */
  get isOpen(): boolean {
    return this.status > 0;
  }

  /** Bytes that the client has not taken yet. */
  get waitingBytes(): number {
    return this.#client.waitingBytes ?? 0;
  }

  open(flow: Flow): void {
    this.#flow = flow;
    this.#client.open(flow);
  }

  /** The first head is the one: what goes on where another call broke has been announced. */
  head(status: number, headers: HeaderBag): void {
    if (this.outcome !== 'open' || this.isOpen) return;
    this.status = status;
    this.isSse = String(headers['content-type'] ?? '').startsWith('text/event-stream') && status < 400;
    try {
      this.#client.head(status, headers);
    } catch (error) {
      this.#broke(error);
    }
  }

  write(chunk: Uint8Array): boolean {
    if (this.outcome !== 'open') return true;
    this.firstByteAtMs ??= this.#clock.now();
    this.bytes += chunk.length;
    this.pulse?.wrote();
    return this.#write(chunk);
  }

  /** Bytes that are none of the answer. Whoever has not taken all of that is told nothing else. */
  remark(bytes: Uint8Array): void {
    if (this.outcome === 'open' && this.waitingBytes === 0) this.#write(bytes);
  }

  #write(bytes: Uint8Array): boolean {
    try {
      return this.#client.write(bytes);
    } catch (error) {
      this.#broke(error);
      return true;
    }
  }

  end(): void {
    if (this.outcome !== 'open') return;
    this.outcome = 'ended';
    this.pulse?.stop();
    try {
      this.#client.end();
    } catch (error) {
      this.#broke(error);
    }
  }

  fail(error: Error, lastWords?: Uint8Array): void {
    if (this.outcome !== 'open') return;
    this.outcome = 'failed';
    this.error = error;
    this.pulse?.stop();
    try {
      this.#client.fail(error, lastWords);
    } catch {
      // It was to be cut off, and there is no other way.
    }
  }

  /** A piece is lost, so the rest must not look whole; and nobody is there for whom the source should go on. */
  #broke(cause: unknown): void {
    const message = 'The gateway met an error of its own when it handed the answer on.';
    const error = new SluiceError('upstream_protocol', message, { cause });
    this.outcome = 'open';
    this.fail(error);
    this.#flow?.abort(error);
  }
}
