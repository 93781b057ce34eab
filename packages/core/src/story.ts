/** What is remembered of one request while it travels, and told when it is over. */

import type { Tally } from './attempt/errand.ts';
import { type Allowance, settleBy } from './auth/allowance.ts';
import type { Caller } from './auth/auth.ts';
import type { Clock } from './clock.ts';
import { retryAfter } from './dialect/refusal.ts';
import type { Inside } from './door/gate.ts';
import type { Room } from './door/room.ts';
import { isSluiceError, SluiceError } from './errors.ts';
import type { CacheResult, Emitter, RequestOutcome, TokenUsage } from './events.ts';
import type { Failure } from './failure.ts';
import { pathOf } from './path-and-query.ts';
import { Meter } from './stream/meter.ts';
import type { Call } from './surface/surface.ts';
import type { BodyRoom, BodyStream, Exchange, HeaderBag } from './wire.ts';

/** The usual number for a client that left before it was told anything; it never goes out. */
const clientClosed = 499;
/** What is told of a path: enough to recognise it. */
const longestPath = 256;

/** What every story is written with. */
export interface StoryTools {
  readonly clock: Clock;
  readonly emitter: Emitter;
  readonly room: Room;
}

/** One request's record. Its client sink is the one that every answer goes through. */
export class Story implements Inside, Tally, BodyRoom {
  readonly client: Meter;
  /** On the clock's monotonic scale. */
  readonly startedAtMs: number;
  calls = 0;
  place = -1;
  heldBytes = 0;

  readonly #exchange: Exchange;
  readonly #cors: HeaderBag;
  readonly #clock: Clock;
  readonly #emitter: Emitter;
  #call: Call | null = null;
  #caller: Caller | null = null;
  readonly #room: Room;
  #bodyBytes = 0;
  #stream: BodyStream | null = null;
  #leftOut = 0;
  #cache: CacheResult | null = null;
  #usage: () => TokenUsage | null = () => null;
  #allowance: Allowance | null = null;
  #outcome: RequestOutcome = 'failed';
  #error: string | null = null;
  #message: string | null = null;

  /** @param cors - header fields that let a web page read the answer */
  constructor(exchange: Exchange, cors: HeaderBag, { clock, emitter, room }: StoryTools) {
    this.#exchange = exchange;
    this.#cors = cors;
    this.#clock = clock;
    this.#emitter = emitter;
    this.#room = room;
    this.startedAtMs = clock.now();
    this.client = new Meter(exchange.client, clock);
  }

  get isStream(): boolean {
    return this.client.isSse || (this.#call?.isArray === true && this.client.isOpen);
  }

  /** The client hung up: there is nobody to tell anything. */
  get isAbandoned(): boolean {
    const { isCancelled, reason } = this.#exchange.cancellation;
    return isCancelled && !isSluiceError(reason);
  }

  /** Adds the header fields of our own that every answer carries. */
  sign(headers: HeaderBag): HeaderBag {
    for (const name in this.#cors) headers[name] = this.#cors[name];
    headers['x-sluice-request-id'] = this.#exchange.id;
    headers['x-sluice-attempts'] = String(this.calls);
    if (this.#leftOut > 0) headers['x-sluice-left-out'] = String(this.#leftOut);
    if (this.#cache !== null) headers['x-sluice-cache'] = this.#cache;
    return headers;
  }

  /** And those of our own errors: once the gateway has tried more than once, an SDK need not try again at once. */
  refusalHeaders({ status, retryAfterMs }: SluiceError): HeaderBag {
    if (this.calls < 2) return this.sign({});
    const isWaiting = (status === 429 || status === 503) && retryAfterMs === undefined;
    return this.sign({ 'x-should-retry': 'false', ...(isWaiting ? { 'retry-after': retryAfter(0) } : {}) });
  }

  leaveOut(projects: number): void {
    this.#leftOut = projects;
  }

  /** It is of a kind that may be answered by what is known. */
  known(how: CacheResult): void {
    this.#cache = how;
  }

  /** Settled when the request is over, by what its answer says that it used. */
  admitted(allowance: Allowance): void {
    this.#allowance = allowance;
  }

  called(call: Call): void {
    this.#call = call;
  }

  identified(caller: Caller): void {
    this.#caller = caller;
  }

  askFor(bytes: number): void {
    this.#room.askFor(bytes);
  }

  keep(bytes: number): void {
    this.#room.takeBody(this, bytes);
  }

  /**
   * @param stream - what passes while it comes, and is not held
   * @throws SluiceError `overloaded` when the driver has not asked for all of it, and there is no room
   */
  received(body: Uint8Array, stream: BodyStream | null): void {
    this.#stream = stream;
    this.#bodyBytes = body.length;
    if (body.length !== this.heldBytes) this.keep(body.length - this.heldBytes);
  }

  sent(): void {
    this.calls++;
  }

  hold(deltaBytes: number): boolean {
    return this.#room.takeAnswer(this, deltaBytes);
  }

  again({ kind }: Failure, afterMs: number, isFailover: boolean): void {
    this.#emitter.emit('retry', { requestId: this.#exchange.id, reason: kind, afterMs, isFailover });
  }

  delivered(usage: () => TokenUsage | null): void {
    this.#usage = usage;
    this.#outcome = 'complete';
  }

  /** The client was shown an error, or an answer that did not come to its end. */
  broke(failure: Failure, usage: () => TokenUsage | null): void {
    this.#usage = usage;
    this.#error = failure.kind;
    const cause = this.client.error?.cause;
    this.#message = cause === undefined ? failure.message : `${failure.message} ${textOf(cause)}`;
  }

  /** Whatever was thrown, as an error for the client; what is no error of ours is a bug, and its text stays here. */
  explain(error: unknown): SluiceError {
    const isOurs = isSluiceError(error);
    const known = isOurs
      ? error
      : new SluiceError('upstream_protocol', 'The gateway met an error of its own.', { cause: error });
    this.#error = isOurs ? known.code : 'unexpected';
    this.#message = isOurs ? `${known.message}${causeOf(known)}` : textOf(error);
    return known;
  }

  #settleAllowance(): void {
    if (this.#allowance === null) return;
    const hasBegun = this.client.isOpen && this.client.status < 400;
    // What was answered from the cache counts like any other.
    const calls = this.#cache === 'hit' ? 1 : this.calls;
    settleBy(this.#allowance, { calls, usage: this.#usage, hasBegun });
  }

  expel(reason: SluiceError): void {
    this.#exchange.cancellation.cancel(reason);
  }

  end(): void {
    this.#settleAllowance();
    if (!this.#emitter.has('request')) return;
    const { client } = this;
    const isAborted = this.isAbandoned && this.#outcome !== 'complete';
    this.#emitter.emit('request', {
      requestId: this.#exchange.id,
      surface: this.#call?.surface ?? 'none',
      call: this.#call?.name ?? null,
      method: this.#exchange.method,
      path: pathOf(this.#exchange.target).slice(0, longestPath),
      model: this.#call?.model ?? null,
      caller: this.#caller?.id ?? null,
      remote: this.#exchange.remote,
      status: client.status || clientClosed,
      outcome: isAborted ? 'aborted' : this.#outcome,
      error: isAborted ? 'client_gone' : this.#error,
      message: isAborted ? null : this.#message,
      attempts: this.calls,
      requestBytes: this.#stream?.takenBytes ?? this.#bodyBytes,
      responseBytes: client.bytes,
      isStream: this.isStream,
      durationMs: this.#clock.now() - this.startedAtMs,
      firstByteMs: client.firstByteAtMs === null ? null : client.firstByteAtMs - this.startedAtMs,
      usage: this.#usage(),
      cache: this.#cache,
    });
  }
}

/** What the host's own code threw is for the log alone. */
function causeOf({ cause }: SluiceError): string {
  return cause === undefined ? '' : ` ${textOf(cause)}`;
}

function textOf(bug: unknown): string {
  return String((bug as Error | undefined)?.stack ?? bug);
}
