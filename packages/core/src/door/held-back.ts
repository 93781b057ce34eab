/**
 * HELD BACK: connections that are not read for a while.
 *
 * Whoever is refused may send again at once. Thousands who do are more than refusals can help against, for refusing a
 * small request costs half of answering it. So what comes next over their connections is left in the kernel, where it
 * costs nothing, until the loop has time for it.
 */

import type { Clock } from '../clock.ts';

/** What is held: a socket. */
export interface Holdable {
  pause(): unknown;
  resume(): unknown;
}

/** What a look finds. */
export interface HoldingLook {
  readonly nowMs: number;
  /** How many were turned away since the last look. */
  readonly refused: number;
  /** Of the time since then, how much the loop had nothing to do. */
  readonly idleShare: number;
}

/** What a refusal costs the loop, in ms, the reading of its request included (measured with Node 24: 0.04 to 0.06). */
const refusalMs = 0.05;
/** And the smallest answer. */
const answerMs = 0.1;
/** Of the loop's time; from here on it is refusals that keep it from answering, */
const tooMuchShare = 0.2;
/** so many looks in a row, for a crowd that came at once is gone in one; */
const badLooks = 5;
/** and until they take less than this, for so long, in ms. */
const littleShare = 0.03;
const staysOnMs = 1_000;
/** A loop with so much time to spare can tell them at once. */
const idleFrom = 0.2;
/** With all who are held, refusals should take no more of the loop's time. */
const wantedShare = 0.1;
const shortestMs = 1_000;
/** Servers close connections on which nothing seems to come, Node's after five seconds unless it is told otherwise. */
const longestMs = 2_000;

interface Held {
  readonly connection: Holdable;
  readonly dueAtMs: number;
}

/** Of one gateway. Who was held first is read first. */
export class HeldBack {
  readonly #clock: Clock;
  #held: Held[] = [];
  /** The first that is still held. */
  #first = 0;
  #cancelTimer: (() => void) | null = null;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #bad = 0;
  #isBusy = false;
  #onUntilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many are held. */
  get size(): number {
    return this.#held.length - this.#first;
  }

  look({ nowMs, refused, idleShare }: HoldingLook): void {
    const sinceMs = nowMs - this.#lookedAtMs;
    const share = (refused * refusalMs) / sinceMs;
    this.#bad = share > tooMuchShare ? this.#bad + 1 : 0;
    if (this.#bad >= badLooks || (nowMs < this.#onUntilMs && share > littleShare)) this.#onUntilMs = nowMs + staysOnMs;
    this.#lookedAtMs = nowMs;
    this.#isBusy = idleShare < idleFrom;
    if (this.size > 0) this.#letGo(Math.floor((sinceMs * idleShare) / answerMs));
  }

  /** Whether the connection of somebody who is refused now should be held. */
  isOnAt(nowMs: number): boolean {
    return this.#isBusy && nowMs < this.#onUntilMs;
  }

  /** It is read again by itself, the later the more there are; sooner when the loop has nothing else to do. */
  readonly hold = (connection: Holdable): void => {
    connection.pause();
    const ms = Math.min(longestMs, Math.max(shortestMs, (this.size * refusalMs) / wantedShare));
    this.#held.push({ connection, dueAtMs: this.#clock.now() + ms });
    if (this.#cancelTimer === null) this.#waitForFirst();
  };

  /** Reads on with all of them now: there is something else to tell them. */
  letGo(): void {
    this.#onUntilMs = Number.NEGATIVE_INFINITY;
    this.#letGo(this.size);
  }

  #letGo(most: number): void {
    for (let count = 0; count < most && this.size > 0; count++) this.#held[this.#first++]?.connection.resume();
    this.#tidy();
    this.#waitForFirst();
  }

  #waitForFirst(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const first = this.#held[this.#first];
    if (first === undefined) return;
    this.#cancelTimer = this.#clock.after(first.dueAtMs - this.#clock.now(), () => {
      this.#cancelTimer = null;
      const nowMs = this.#clock.now();
      let due = 0;
      while ((this.#held[this.#first + due]?.dueAtMs ?? Number.POSITIVE_INFINITY) <= nowMs) due++;
      this.#letGo(due);
    });
  }

  /** Those who are read again are forgotten, many at a time. */
  #tidy(): void {
    if (this.#first < 1_000 && this.size > 0) return;
    this.#held = this.#held.slice(this.#first);
    this.#first = 0;
  }
}
