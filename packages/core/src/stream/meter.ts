/** The sink next to the client: it counts what goes out and remembers how it ended. Every answer passes it. */

import type { Clock } from '../clock.ts';
import type { Flow, HeaderBag, Sink } from '../wire.ts';

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

  readonly #client: Sink;
  readonly #clock: Clock;

  constructor(client: Sink, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** The client has been told something: from here on there is no second try. */
  get isOpen(): boolean {
    return this.status > 0;
  }

  open(flow: Flow): void {
    this.#client.open(flow);
  }

  head(status: number, headers: HeaderBag): void {
    this.status = status;
    this.isSse = String(headers['content-type'] ?? '').startsWith('text/event-stream') && status < 400;
    this.#client.head(status, headers);
  }

  write(chunk: Uint8Array): boolean {
    this.firstByteAtMs ??= this.#clock.now();
    this.bytes += chunk.length;
    return this.#client.write(chunk);
  }

  end(): void {
    this.outcome = 'ended';
    this.#client.end();
  }

  fail(error: Error, lastWords?: Uint8Array): void {
    this.outcome = 'failed';
    this.error = error;
    this.#client.fail(error, lastWords);
  }
}
