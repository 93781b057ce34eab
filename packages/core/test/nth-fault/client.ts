/** A client without a socket: it writes down what it is shown, and breaks or leaves where it is told to. */

import type { FakeClock } from '@sluice/testkit';
import { Cancellation } from '../../src/cancellation.ts';
import type { Exchange, Flow, HeaderBag, Sink } from '../../src/wire.ts';
import type { Faults } from './faults.ts';

/** One request, and how its answer is read. */
export interface Asked {
  readonly method?: string;
  readonly target: string;
  readonly body?: object;
  /** Takes one piece, and the next one after so long; 0 for a client that takes all there is. */
  readonly pauseMs?: number;
  /** Hangs up at this piece. */
  readonly leavesAt?: number;
}

/** What a client has seen of an answer, whatever way it came. */
export interface Shown {
  /** The request's, as the gateway knows it. */
  readonly id: string;
  readonly target: string;
  /** 0 until it was told something. */
  readonly status: number;
  readonly headers: HeaderBag;
  /** A character for each byte. */
  readonly text: string;
  readonly outcome: 'open' | 'ended' | 'failed';
  /** It has left: what it is told from then on reaches nobody. */
  readonly isGone: boolean;
  /** It has thrown at what it was told, and the piece is lost. */
  readonly hasLost: boolean;
  /** What was done to it that no sink may be asked for. */
  readonly misuse: readonly string[];
  leave(): void;
}

export const callerKey = 'canary-caller-0123456789';

const encoder = new TextEncoder();

export class Client implements Sink, Shown {
  status = 0;
  headers: HeaderBag = {};
  outcome: 'open' | 'ended' | 'failed' = 'open';
  isGone = false;
  /** Takes nothing more. */
  isStuck = false;
  hasLost = false;
  readonly misuse: string[] = [];
  readonly asked: Asked;
  readonly id: string;
  readonly exchange: Exchange;
  readonly #pieces: Uint8Array[] = [];
  readonly #faults: Faults;
  readonly #clock: FakeClock;
  #flow: Flow | null = null;

  constructor(asked: Asked, id: string, faults: Faults, clock: FakeClock) {
    this.asked = asked;
    this.id = id;
    this.#faults = faults;
    this.#clock = clock;
    const { method = 'POST', target, body } = asked;
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    this.exchange = {
      id,
      method,
      target,
      headers: { 'x-goog-api-key': callerKey, ...type },
      remote: null,
      client: this,
      cancellation: new Cancellation(),
      readBody: () => this.#readBody(),
      openBody: () => null,
      publicBase: () => 'http://gateway.test',
    };
  }

  get target(): string {
    return this.asked.target;
  }

  get text(): string {
    return Buffer.concat(this.#pieces).toString('latin1');
  }

  /** In every phase, and more than once. */
  leave(): void {
    this.isGone = true;
    this.exchange.cancellation.cancel(new Error('the client hung up'));
  }

  open(flow: Flow): void {
    if (this.#flow !== null) this.misuse.push('it was opened twice');
    this.#flow = flow;
  }

  head(status: number, headers: HeaderBag): void {
    if (this.#flow === null || this.status !== 0 || this.outcome !== 'open') this.misuse.push('a head out of place');
    this.status = status;
    this.headers = headers;
    this.#strike();
  }

  write(chunk: Uint8Array): boolean {
    if (this.status === 0 || this.outcome !== 'open') this.misuse.push('a piece out of place');
    if (chunk.length === 0) this.misuse.push('an empty piece');
    const how = this.#strike();
    if (this.isGone) return true;
    this.#pieces.push(chunk);
    if (this.#pieces.length === this.asked.leavesAt) this.leave();
    if (how === 'stops') this.isStuck = true;
    if (this.isStuck) return false;
    const { pauseMs = 0 } = this.asked;
    if (pauseMs > 0) this.#clock.after(pauseMs, () => this.#flow?.resume());
    return pauseMs === 0;
  }

  end(): void {
    this.#close('ended');
  }

  fail(_error: Error, lastWords?: Uint8Array): void {
    this.#close('failed');
    if (lastWords !== undefined && !this.isGone) this.#pieces.push(lastWords);
  }

  #close(outcome: 'ended' | 'failed'): void {
    if (this.outcome !== 'open') this.misuse.push(`${outcome} after it was ${this.outcome}`);
    if (outcome === 'ended' && this.status === 0) this.misuse.push('an end without a head');
    this.#strike();
    this.outcome = outcome;
  }

  #strike(): string | null {
    const how = this.#faults.strike('client');
    if (how === 'leaves') this.leave();
    if (how !== 'throws') return how;
    this.hasLost = true;
    throw new Error('a canary of a client that throws');
  }

  async #readBody(): Promise<Uint8Array> {
    const { body } = this.asked;
    switch (this.#faults.strike('request')) {
      case 'leaves':
        this.leave();
        throw new Error('the client hung up');
      case 'breaks':
        throw new Error('a canary of a body that breaks');
      default:
        return body === undefined ? new Uint8Array() : encoder.encode(JSON.stringify(body));
    }
  }
}
