/** What is remembered of one session while it lasts, and told when it is over. */

import type { Allowance } from '../auth/allowance.ts';
import type { Auth, Caller } from '../auth/auth.ts';
import type { Opening } from '../channel.ts';
import type { Clock } from '../clock.ts';
import type { Inside } from '../door/gate.ts';
import type { Room } from '../door/room.ts';
import { isSluiceError, SluiceError } from '../errors.ts';
import { type Emitter, type RequestOutcome, type TokenUsage, totalTokens } from '../events.ts';
import type { Failure } from '../failure.ts';
import { pathOf } from '../path-and-query.ts';
import type { Session } from '../sessions.ts';
import type { Reservation } from '../store/store.ts';
import type { StoryTools } from '../story.ts';
import type { Guest } from './guest.ts';
import type { Setup } from './setup.ts';

const switchingProtocols = 101;
/** The usual number for a client that left before it was told anything; it never goes out. */
const clientClosed = 499;
/** What is told of a path: enough to recognise it. */
const longestPath = 256;

/** One session's. */
export class LiveStory implements Inside, Session {
  place = -1;
  /** A session takes as long as people talk. */
  readonly startedAtMs = null;
  heldBytes = 0;
  calls = 0;
  requestBytes = 0;
  responseBytes = 0;
  usage: () => TokenUsage | null = () => null;
  readonly #opening: Opening;
  readonly #room: Room;
  readonly #clock: Clock;
  readonly #emitter: Emitter;
  readonly #startedAtMs: number;
  #call: string | null = null;
  #model: string | null = null;
  #caller: Caller | null = null;
  /** What it was let in by; null for a token. */
  #shown: Opening | null = null;
  #allowance: Allowance | null = null;
  #status = 0;
  #firstByteAtMs: number | null = null;
  #hasBegun = false;
  #isOver = false;
  #outcome: RequestOutcome = 'failed';
  #error: string | null = null;
  #message: string | null = null;
  /** Until when, on the monotonic scale; null unless the gateway goes down. */
  #leavesAtMs: number | null = null;
  #onGoAway: ((withinMs: number) => void) | null = null;

  constructor(opening: Opening, { clock, emitter, room }: StoryTools) {
    this.#opening = opening;
    this.#room = room;
    this.#clock = clock;
    this.#emitter = emitter;
    this.#startedAtMs = clock.now();
  }

  get isStream(): boolean {
    return this.#status === switchingProtocols;
  }

  called(name: string): void {
    this.#call = name;
  }

  identified({ caller, ticket }: Guest): void {
    this.#caller = caller;
    this.#shown = ticket === null ? this.#opening : null;
  }

  mayStay(auth: Auth): boolean | Promise<boolean> {
    return this.#caller === null || auth.keeps(this.#caller.id, this.#shown);
  }

  accepted(): void {
    this.#status = switchingProtocols;
  }

  refused({ status }: SluiceError): void {
    this.#status = status;
  }

  received({ frame, model }: Setup): void {
    this.requestBytes = frame.data.length;
    this.#model = model;
  }

  admitted(allowance: Allowance): void {
    this.#allowance = allowance;
  }

  /** What its caller's limits count; null where nothing is counted. */
  get reservation(): Reservation | null {
    return this.#allowance?.reservation ?? null;
  }

  /** Bytes that lie in a channel or wait for somebody; they count with those of all requests. */
  readonly hold = (deltaBytes: number): void => {
    if (this.#isOver) return;
    if (this.#room.takeAnswer(this, deltaBytes)) return;
    const message = `All requests together hold more than server.maxBufferedBytes; this session holds ${this.heldBytes}.`;
    this.#opening.cancellation.cancel(new SluiceError('overloaded', message));
  };

  /** A call to the provider goes out now. */
  sent(): void {
    this.calls++;
  }

  answered(bytes: number): void {
    this.#firstByteAtMs ??= this.#clock.now();
    this.responseBytes += bytes;
  }

  again({ kind }: Failure, afterMs: number, isFailover: boolean): void {
    this.#emitter.emit('retry', { requestId: this.#opening.id, reason: kind, afterMs, isFailover });
  }

  /** @param onGoAway - can tell the client from now on that the gateway goes down */
  begun(onGoAway: (withinMs: number) => void): void {
    this.#hasBegun = true;
    this.#onGoAway = onGoAway;
    if (this.#leavesAtMs !== null) onGoAway(Math.max(0, this.#leavesAtMs - this.#clock.now()));
  }

  goAway(withinMs: number): void {
    this.#leavesAtMs = this.#clock.now() + withinMs;
    this.#onGoAway?.(withinMs);
  }

  expel(reason: SluiceError): void {
    this.#opening.cancellation.cancel(reason);
  }

  /** @param failure - null when both sides have parted in peace */
  ended(failure: Failure | null): void {
    if (failure === null) this.#outcome = 'complete';
    else this.broke(failure);
  }

  broke({ kind, message, scope }: Failure): void {
    this.#outcome = scope === 'client' ? 'aborted' : 'failed';
    this.#error = kind;
    this.#message = scope === 'client' ? null : message;
  }

  /** Whatever was thrown, as an error for the client; what is no error of ours is a bug, and its text stays here. */
  explain(error: unknown): SluiceError {
    const isOurs = isSluiceError(error);
    this.#error = isOurs ? error.code : 'unexpected';
    const cause = isOurs ? error.cause : error;
    const text = cause === undefined ? '' : String((cause as Error | undefined)?.stack ?? cause);
    this.#message = isOurs ? `${error.message} ${text}`.trimEnd() : text;
    return isOurs
      ? error
      : new SluiceError('upstream_protocol', 'The gateway met an error of its own.', { cause: error });
  }

  end(): void {
    this.#isOver = true;
    this.#settleAllowance();
    if (!this.#emitter.has('request')) return;
    const nowMs = this.#clock.now();
    this.#emitter.emit('request', {
      requestId: this.#opening.id,
      surface: 'live',
      call: this.#call,
      method: this.#opening.method,
      path: pathOf(this.#opening.target).slice(0, longestPath),
      model: this.#model,
      caller: this.#caller?.id ?? null,
      remote: this.#opening.remote,
      status: this.#status || clientClosed,
      outcome: this.#outcome,
      error: this.#error,
      message: this.#message,
      attempts: this.calls,
      requestBytes: this.requestBytes,
      responseBytes: this.responseBytes,
      isStream: this.isStream,
      durationMs: nowMs - this.#startedAtMs,
      firstByteMs: this.#firstByteAtMs === null ? null : this.#firstByteAtMs - this.#startedAtMs,
      usage: this.usage(),
      cache: null,
    });
  }

  /** Who talks without the provider's saying what it used has used what was reserved. */
  #settleAllowance(): void {
    const allowance = this.#allowance;
    if (allowance === null) return;
    const usage = this.usage();
    const tokens = usage === null ? (this.#hasBegun ? allowance.tokens : 0) : totalTokens(usage);
    allowance.settle({ requests: this.calls > 0 ? 1 : 0, tokens });
  }
}
