/**
 * OVERLOAD: when the process cannot keep up, it does less, step by step, before it does everything badly.
 *
 * A pure machine: it is shown how the process is, at each look, and says what follows. A single bad look means nothing:
 * a full garbage collection or a stalled machine is over by the time that it is seen.
 */

import type { OverloadLevel } from '../events.ts';
import type { Vitals } from '../platform/platform.ts';
import { ConcurrencyLimit } from './concurrency.ts';

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
const badLooks = 3;
/** Of new requests, when memory runs out. */
const firstShare = 0.9;
/** Somebody is always served: a heap that nobody uses is never collected. */
const mostShare = 0.95;
/** Each bad look lets in so much less of what was still let in, each good one refuses so much less. */
const moreOfRest = 0.3;
const lessRefused = 0.5;
const leastShare = 0.1;

/** What a look finds. */
export interface Look extends Vitals {
  /** On a monotonic scale, in ms. */
  readonly nowMs: number;
  /** Requests under way. */
  readonly inside: number;
}

/** Where one gateway stands. */
export class Overload {
  readonly concurrency: ConcurrencyLimit;
  #settings: OverloadSettings;
  /** Looks in a row that were bad enough for each step. */
  #full = 0;
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
    this.concurrency = new ConcurrencyLimit(settings);
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
    this.concurrency.keepTo(settings);
    if (!isSame) this.calm();
  }

  /** Forgets what was seen: it is too long ago. */
  calm(): void {
    this.concurrency.calm();
    this.#full = 0;
    this.#crowded = 0;
    this.#bursting = 0;
    this.#strained = 0;
    this.#refusedShare = 0;
    this.#due = 0;
    this.level = 'none';
  }

  look(at: Look): void {
    const { delayMs, heapShare } = at;
    const { queueDelayMs, queueHeapShare, refuseHeapShare, endHeapShare } = this.#settings;
    const isFull = isOver(heapShare, refuseHeapShare);
    const isStrained = isOver(heapShare, queueHeapShare);
    this.concurrency.look(at);
    this.#crowded = isFull || isStrained || isOver(delayMs, queueDelayMs) ? this.#crowded + 1 : 0;
    this.#full = isFull ? this.#full + 1 : 0;
    this.#bursting = isOver(heapShare, endHeapShare) ? this.#bursting + 1 : 0;
    this.#strained = isStrained ? this.#strained + 1 : 0;
    if (this.#full >= badLooks) this.#refuseMore();
    else if (!isFull && !isStrained) this.#refuseLess();
    this.level = this.#levelNow();
  }

  /** Whether the next new request is one of those that are turned away; each is asked about once. */
  refusesNext(inside: number): boolean {
    return !this.concurrency.admits(inside) || this.#isNextOfShare();
  }

  /** They are spread evenly. */
  #isNextOfShare(): boolean {
    if (this.#refusedShare === 0) return false;
    this.#due += this.#refusedShare;
    if (this.#due < 1) return false;
    this.#due -= 1;
    return true;
  }

  #refuseMore(): void {
    const isFirst = this.#refusedShare === 0;
    const share = this.#refusedShare + (1 - this.#refusedShare) * moreOfRest;
    this.#refusedShare = Math.min(mostShare, Math.max(share, firstShare));
    // It begins with the very next one.
    if (isFirst) this.#due = 1 - this.#refusedShare;
  }

  #refuseLess(): void {
    const share = this.#refusedShare * lessRefused;
    this.#refusedShare = share < leastShare ? 0 : share;
  }

  #levelNow(): OverloadLevel {
    if (this.#bursting >= badLooks) return 'end';
    if (this.#refusedShare > 0 || this.concurrency.isOn) return 'refuse';
    return this.#crowded >= badLooks ? 'queue' : 'none';
  }
}

function isOver(value: number, limit: number): boolean {
  return limit > 0 && value > limit;
}
