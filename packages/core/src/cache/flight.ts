/**
 * A FLIGHT: one call to the provider for identical requests that are under way together, or whose answer is to be kept.
 *
 * It belongs to none of them: it has a client that is a recording, a cancellation and a time of its own, and counts for
 * itself what it holds and uses. When the last one has left, it ends.
 */

import type { Tally } from '../attempt/errand.ts';
import { type Allowance, settleBy } from '../auth/allowance.ts';
import { Cancellation } from '../cancellation.ts';
import type { Clock } from '../clock.ts';
import type { Holder, Room } from '../door/room.ts';
import type { Emitter, TokenUsage } from '../events.ts';
import type { Failure } from '../failure.ts';
import { Meter } from '../stream/meter.ts';
import type { HeaderBag } from '../wire.ts';
import type { Playback } from './playback.ts';
import { type Keeper, Recording } from './recording.ts';

/** What flights work with. */
export interface FlightTools {
  readonly room: Room;
  readonly clock: Clock;
  readonly emitter: Emitter;
}

/** Where its answer goes, and who is told when nobody can join it any more. */
export interface FlightPlan {
  readonly key: string;
  /** False: it is the matter of the one who began it. */
  readonly isShared: boolean;
  /** Of the one who began it. */
  readonly requestId: string;
  readonly longestBytes: number;
  /** Called once: it is closed to those who come now. */
  readonly onClosed: (flight: Flight) => void;
}

/** One flight. It is the record in which its supply writes what it does. */
export class Flight implements Tally, Holder, Keeper {
  readonly plan: FlightPlan;
  readonly cancellation: Cancellation = new Cancellation();
  readonly recording: Recording;
  readonly client: Meter;
  readonly startedAtMs: number;
  /** The request, the answer as far as it is recorded, and what an attempt holds. */
  heldBytes = 0;
  calls = 0;
  /** Why its answer is none, or not whole; null until then, and for a whole one. */
  failure: Failure | null = null;
  readonly landed: Promise<void>;
  readonly #tools: FlightTools;
  #members = 0;
  #bodyBytes = 0;
  #allowance: Allowance | null = null;
  #usage: () => TokenUsage | null = unknown;
  #hasLanded = false;
  #isUsageTold = false;
  #onLanded: () => void = unknown;

  constructor(plan: FlightPlan, tools: FlightTools) {
    this.plan = plan;
    this.#tools = tools;
    this.recording = new Recording(plan.longestBytes, this);
    this.client = new FlightMeter(this.recording, tools.clock);
    this.startedAtMs = tools.clock.now();
    this.landed = new Promise((resolve) => {
      this.#onLanded = resolve;
    });
  }

  /** Whether all of an answer is on its recording. What is not whole, or refused, never ends in good order as a 200. */
  get isWhole(): boolean {
    const { ended, isCut, status } = this.recording;
    return status === 200 && !isCut && ended !== null && ended.error === null;
  }

  /** Somebody wants its answer, and says so before anything else happens. */
  join(): void {
    this.#members++;
  }

  /** Resolves at once, or, for one whose answer is complete and for the last one, when nothing runs any more. */
  async leave(playback: Playback): Promise<void> {
    playback.stop();
    this.#members--;
    const isLast = this.#members === 0;
    if (isLast && this.recording.ended === null) {
      this.plan.onClosed(this);
      this.cancellation.cancel(new Error('everybody who had asked for it has left'));
    }
    if (isLast || this.recording.ended !== null) await this.landed;
    if (this.#members === 0) this.#tools.room.clear(this);
  }

  /** What its answer says that it used: once, to one of those who asked. */
  usage(): TokenUsage | null {
    if (!this.#hasLanded || this.#isUsageTold) return null;
    this.#isUsageTold = true;
    return this.#usage();
  }

  /** The request is this flight's from now on, whoever leaves. */
  takeBody(from: Holder): void {
    this.#bodyBytes = from.heldBytes;
    this.#tools.room.pass(from, this);
  }

  /** Nothing runs any more; the answer stays as long as anybody listens. */
  land(): void {
    const { client, calls } = this;
    const hasBegun = client.isOpen && client.status < 400;
    if (this.#allowance !== null) settleBy(this.#allowance, { calls, usage: this.#usage, hasBegun });
    this.hold(-this.#bodyBytes);
    if (this.#members === 0) this.#tools.room.clear(this);
    this.#hasLanded = true;
    this.#onLanded();
  }

  // What its supply writes down.

  sign(headers: HeaderBag): HeaderBag {
    return headers;
  }

  /** Of lists alone, and none is shared. */
  leaveOut(): void {}

  sent(): void {
    this.calls++;
  }

  hold(deltaBytes: number): boolean {
    return this.#tools.room.takeAnswer(this, deltaBytes);
  }

  admitted(allowance: Allowance): void {
    this.#allowance = allowance;
  }

  again({ kind }: Failure, afterMs: number, isFailover: boolean): void {
    const { requestId } = this.plan;
    this.#tools.emitter.emit('retry', { requestId, reason: kind, afterMs, isFailover });
  }

  delivered(usage: () => TokenUsage | null): void {
    this.#usage = usage;
  }

  broke(failure: Failure, usage: () => TokenUsage | null): void {
    this.failure = failure;
    this.#usage = usage;
  }

  // What its recording tells.

  /** Half of the room is for those who need it: who comes late can do with a call of its own. */
  keep(deltaBytes: number): boolean {
    const { room } = this.#tools;
    return room.takeAnswer(this, deltaBytes) && !room.isHalfFull;
  }

  cut(): void {
    this.plan.onClosed(this);
  }
}

/** Heartbeats are none of the answer: they are for those who hear it now. */
class FlightMeter extends Meter {
  readonly #recording: Recording;

  constructor(recording: Recording, clock: Clock) {
    super(recording, clock);
    this.#recording = recording;
  }

  override remark(bytes: Uint8Array): void {
    if (this.outcome === 'open') this.#recording.remark(bytes);
  }
}

function unknown(): null {
  return null;
}
