/** Who is inside, and whether anybody may still come in. */

import type { Clock } from '../clock.ts';
import { SluiceError } from '../errors.ts';
import type { Emitter, OverloadLevel } from '../events.ts';
import type { Vitals } from '../platform/platform.ts';
import { type Member, Roster } from '../roster.ts';
import { HeldBack } from './held-back.ts';
import type { Overload, OverloadSettings } from './overload.ts';
import { type Holder, Room, smallBytes } from './room.ts';

/** What the gate knows of one request under way. */
export interface Inside extends Member, Holder {
  readonly isStream: boolean;
  /** On the clock's monotonic scale; null for one that takes as long as its people like. */
  readonly startedAtMs: number | null;
  /** Ends it with an error in its own dialect. */
  expel(reason: SluiceError): void;
}

/** What a gate works with. */
export interface GateTools {
  readonly clock: Clock;
  readonly emitter: Emitter;
  readonly overload: Overload;
  /** How the process is; null where nobody can tell. */
  readonly vitals: () => Vitals | null;
  readonly maxBufferedBytes: number;
}

/** How often the process is looked at, in ms, while anybody is inside or comes in. */
const lookEveryMs = 100;
/** What was seen before such a pause says nothing of now. */
const longAgoMs = 10 * lookEveryMs;
/** At each look that finds the heap bursting, those who hold most go until they have given up this share of what is held. */
const endedShare = 0.25;

/** Knows all requests under way; refuses some when the process cannot keep up, and all when the gateway drains. */
export class Gate {
  readonly room: Room;
  readonly overload: Overload;
  readonly #heldBack: HeldBack;
  readonly #inside = new Roster<Inside>();
  readonly #clock: Clock;
  readonly #emitter: Emitter;
  readonly #vitals: () => Vitals | null;
  readonly #onEmpty = new Set<() => void>();
  /** One for all who are turned away: with a stack of its own, each would cost more than all the rest of a refusal. */
  readonly tooMuch: SluiceError = new SluiceError(
    'overloaded',
    'The gateway cannot keep up just now; send the request again.',
    {
      retryAfterMs: 1_000,
    },
  );
  #isShut = false;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  /** Since the last look. */
  #turnedAway = 0;
  #cancelLook: (() => void) | null = null;

  constructor({ clock, emitter, overload, vitals, maxBufferedBytes }: GateTools) {
    this.room = new Room(maxBufferedBytes);
    this.overload = overload;
    this.#heldBack = new HeldBack(clock);
    this.#clock = clock;
    this.#emitter = emitter;
    this.#vitals = vitals;
  }

  get open(): number {
    return this.#inside.size;
  }

  get streams(): number {
    let streams = 0;
    for (const one of this.#inside.members) if (one.isStream) streams++;
    return streams;
  }

  get isShut(): boolean {
    return this.#isShut;
  }

  /** How much is shed, looked at anew where nobody has for a while. */
  get level(): OverloadLevel {
    const nowMs = this.#clock.now();
    if (!this.overload.isOff && nowMs - this.#lookedAtMs >= lookEveryMs) this.#look(nowMs);
    return this.overload.level;
  }

  /** From now on; who is inside stays. */
  keepTo(maxBufferedBytes: number, overload: OverloadSettings): void {
    const before = this.overload.level;
    this.room.allow(maxBufferedBytes);
    this.overload.keepTo(overload);
    if (this.overload.level !== before) this.#tell(this.overload.level, null);
  }

  /** No request should begin to wait for something now. */
  get isCrowded(): boolean {
    return this.overload.level !== 'none';
  }

  /**
   * @param nowMs - what the clock shows, where somebody has looked already
   * @param wasAsked - whether the driver has asked `turnsAway` before
   * @throws SluiceError `draining`, `overloaded`
   */
  enter(one: Inside, nowMs: number = this.#clock.now(), wasAsked = false): void {
    if (this.#isShut) {
      throw new SluiceError('draining', 'This gateway is shutting down; send the request again.', {
        retryAfterMs: 1_000,
      });
    }
    if (!wasAsked && this.turnsAway(nowMs)) throw this.tooMuch;
    const { maxStreams } = this.overload;
    // Who is a stream is only counted where there could be too many.
    if (maxStreams > 0 && this.open >= maxStreams && this.streams >= maxStreams) {
      const message = `${maxStreams} streams are open already; overload.maxStreams allows no more.`;
      throw new SluiceError('overloaded', message, { retryAfterMs: 1_000 });
    }
    this.#inside.add(one);
    if (this.#cancelLook === null && !this.overload.isOff) this.#lookLater();
  }

  /** Whether the next new request is one of those that are turned away; each is asked about once. */
  turnsAway(nowMs: number = this.#clock.now()): boolean {
    if (this.#isShut || this.overload.isOff) return false;
    if (nowMs - this.#lookedAtMs >= lookEveryMs) this.#look(nowMs);
    if (!this.overload.refusesNext(this.#inside.size)) return false;
    this.#turnedAway++;
    return true;
  }

  /** What to do with the connection of somebody who is turned away; null for nothing. */
  get holdBack(): HeldBack['hold'] | null {
    return this.#heldBack.isOnAt(this.#lookedAtMs) ? this.#heldBack.hold : null;
  }

  leave(one: Inside): void {
    this.room.clear(one);
    const { startedAtMs } = one;
    if (startedAtMs !== null && one.place >= 0 && !this.overload.isOff)
      this.overload.concurrency.left(this.#clock.now() - startedAtMs);
    this.#inside.delete(one);
    if (this.#inside.size > 0) return;
    this.#cancelLook?.();
    this.#cancelLook = null;
    for (const tell of this.#onEmpty) tell();
  }

  shut(): void {
    this.#isShut = true;
    this.#heldBack.letGo();
  }

  expelAll(reason: SluiceError): void {
    for (const one of this.#inside) one.expel(reason);
  }

  /** Resolves when nobody is inside. */
  empty(): Promise<void> {
    if (this.#inside.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const tell = (): void => {
        this.#onEmpty.delete(tell);
        resolve();
      };
      this.#onEmpty.add(tell);
    });
  }

  /** Requests look as they come in; this is for when only long ones are inside. */
  #lookLater(): void {
    this.#cancelLook = this.#clock.after(lookEveryMs, () => {
      this.#cancelLook = null;
      const nowMs = this.#clock.now();
      if (nowMs - this.#lookedAtMs >= lookEveryMs) this.#look(nowMs);
      // Looking may have ended the last one.
      if (this.#inside.size > 0 && !this.overload.isOff) this.#lookLater();
    });
  }

  #look(nowMs: number): void {
    const vitals = this.#vitals();
    const before = this.overload.level;
    if (nowMs - this.#lookedAtMs >= longAgoMs) this.overload.calm();
    this.#lookedAtMs = nowMs;
    this.#heldBack.look({ nowMs, refused: this.#turnedAway, idleShare: 1 - (vitals?.busyShare ?? 1) });
    this.#turnedAway = 0;
    if (vitals !== null) this.overload.look({ ...vitals, nowMs, inside: this.#inside.size });
    const { level } = this.overload;
    if (level !== before) this.#tell(level, vitals);
    if (level === 'end') this.#endLargest();
  }

  #tell(level: OverloadLevel, vitals: Vitals | null): void {
    const { delayMs = 0, heapShare = 0 } = vitals ?? {};
    this.#emitter.emit('overload', { level, delayMs, heapShare });
  }

  /** Those who hold most go first; who holds next to nothing is no help and stays. */
  #endLargest(): void {
    const reason = new SluiceError('overloaded', 'The gateway is out of memory and had to end this; send it again.', {
      retryAfterMs: 1_000,
    });
    const largest = [...this.#inside]
      .filter(({ heldBytes }) => heldBytes > smallBytes)
      .sort((one, other) => other.heldBytes - one.heldBytes);
    let leftBytes = this.room.heldBytes * endedShare;
    for (const one of largest) {
      if (leftBytes <= 0) return;
      leftBytes -= one.heldBytes;
      one.expel(reason);
    }
  }
}
