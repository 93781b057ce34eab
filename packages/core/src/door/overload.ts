/**
 * OVERLOAD: when the process cannot keep up, it does less, step by step, before it does everything badly.
 *
 * A pure machine: it is shown how the process is, at each look, and says what follows. A single bad look means nothing:
 * a full garbage collection or a stalled machine is over by the time that it is seen.
 */

import type { OverloadLevel } from '../events.ts';
import type { Vitals } from '../platform/platform.ts';

/** The slice of the settings that this file keeps to; 0 turns a limit off. */
export interface OverloadSettings {
  readonly queueDelayMs: number;
  readonly refuseDelayMs: number;
  readonly queueHeapShare: number;
  readonly refuseHeapShare: number;
  readonly endHeapShare: number;
  readonly maxStreams: number;
}

/** So many looks in a row must be bad. */
const badLooks = 2;
/** Refused at first, when the loop is late … */
const firstShare = 0.5;
/** … and when memory runs out, which is no matter of keeping up. */
const firstHeapShare = 0.9;
/** Somebody is always served: a heap that nobody uses is never collected, and the loop is judged by what it does. */
const mostShare = 0.95;
/** Each bad look lets in so much less of what was still let in, each good one refuses so much less. */
const moreOfRest = 0.3;
const lessRefused = 0.5;
const leastShare = 0.1;

/** Where one gateway stands. */
export class Overload {
  #settings: OverloadSettings;
  /** Looks in a row that were bad enough for each step. */
  #late = 0;
  #crowded = 0;
  #bursting = 0;
  #strained = 0;
  /** Of new requests, from 0 to 1. */
  #refusedShare = 0;
  /** What the share has added up to since the last refusal: each time that it reaches 1, one is refused. */
  #due = 0;
  level: OverloadLevel = 'none';

  constructor(settings: OverloadSettings) {
    this.#settings = settings;
  }

  /** Nobody has to look: nothing would follow. */
  get isOff(): boolean {
    const { queueDelayMs, refuseDelayMs, queueHeapShare, refuseHeapShare, endHeapShare } = this.#settings;
    return queueDelayMs + refuseDelayMs + queueHeapShare + refuseHeapShare + endHeapShare === 0;
  }

  /**
   * Memory runs out: an idle connection is memory as well, and whoever dials again may find another instance. A late loop
   * is no reason: to serve a request over a connection of its own costs it 1.7 times as much (measured with Node 24).
   */
  get isHeapStrained(): boolean {
    return this.#strained >= badLooks;
  }

  get maxStreams(): number {
    return this.#settings.maxStreams;
  }

  /** From now on; what was found under other limits says nothing. */
  keepTo(settings: OverloadSettings): void {
    const isSame = JSON.stringify(settings) === JSON.stringify(this.#settings);
    this.#settings = settings;
    if (!isSame) this.calm();
  }

  /** Forgets what was seen: it is too long ago. */
  calm(): void {
    this.#late = 0;
    this.#crowded = 0;
    this.#bursting = 0;
    this.#strained = 0;
    this.#refusedShare = 0;
    this.#due = 0;
    this.level = 'none';
  }

  look({ delayMs, heapShare }: Vitals): void {
    const { queueDelayMs, refuseDelayMs, queueHeapShare, refuseHeapShare, endHeapShare } = this.#settings;
    const isHeapFull = isOver(heapShare, refuseHeapShare);
    const isBad = isHeapFull || isOver(delayMs, refuseDelayMs);
    const isStrained = isOver(delayMs, queueDelayMs) || isOver(heapShare, queueHeapShare);
    this.#crowded = isBad || isStrained ? this.#crowded + 1 : 0;
    this.#late = isBad ? this.#late + 1 : 0;
    this.#bursting = isOver(heapShare, endHeapShare) ? this.#bursting + 1 : 0;
    this.#strained = isOver(heapShare, queueHeapShare) ? this.#strained + 1 : 0;
    // Between the limits the share stays: there the loop is busy and keeps up.
    if (this.#late >= badLooks) this.#refuseMore(isHeapFull);
    else if (!isBad && !isStrained) this.#refuseLess();
    this.level = this.#levelNow();
  }

  /** Whether the next new request is one of those that are turned away; they are spread evenly. */
  refusesNext(): boolean {
    if (this.#refusedShare === 0) return false;
    this.#due += this.#refusedShare;
    if (this.#due < 1) return false;
    this.#due -= 1;
    return true;
  }

  #refuseMore(isHeapFull: boolean): void {
    const isFirst = this.#refusedShare === 0;
    const share = isFirst ? firstShare : this.#refusedShare + (1 - this.#refusedShare) * moreOfRest;
    this.#refusedShare = Math.min(mostShare, isHeapFull ? Math.max(share, firstHeapShare) : share);
    // It begins with the very next one.
    if (isFirst) this.#due = 1 - this.#refusedShare;
  }

  #refuseLess(): void {
    const share = this.#refusedShare * lessRefused;
    this.#refusedShare = share < leastShare ? 0 : share;
  }

  #levelNow(): OverloadLevel {
    if (this.#bursting >= badLooks) return 'end';
    if (this.#refusedShare > 0) return 'refuse';
    return this.#crowded >= badLooks ? 'queue' : 'none';
  }
}

function isOver(value: number, limit: number): boolean {
  return limit > 0 && value > limit;
}
