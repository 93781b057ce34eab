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

/** What a refusal costs the loop, in ms, the reading of its request included (measured with Node 24: 0.04 to 0.06). */
const refusalMs = 0.05;
/** Of the loop's time; from here on it is refusals that keep it from answering. */
const tooMuchShare = 0.2;
/** Those who are held come again when they are let go, so one look without many of them means nothing. */
const staysOnMs = 5_000;
/** With all who are held, refusals should take no more of the loop's time. */
const wantedShare = 0.1;
const shortestMs = 1_000;
/** Servers close connections on which nothing seems to come, Node's after five seconds unless it is told otherwise. */
const longestMs = 2_500;

/** Of one gateway. */
export class HeldBack {
  readonly #clock: Clock;
  readonly #held = new Map<Holdable, () => void>();
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #onUntilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many are held. */
  get size(): number {
    return this.#held.size;
  }

  /** @param refused - how many since the last look */
  look(nowMs: number, refused: number): void {
    if (refused * refusalMs > (nowMs - this.#lookedAtMs) * tooMuchShare) this.#onUntilMs = nowMs + staysOnMs;
    this.#lookedAtMs = nowMs;
  }

  /** Whether the connection of somebody who is refused now should be held. */
  isOnAt(nowMs: number): boolean {
    return nowMs < this.#onUntilMs;
  }

  /** It is read again by itself; for how long not depends on how many there are. */
  readonly hold = (connection: Holdable): void => {
    if (this.#held.has(connection)) return;
    connection.pause();
    const fairMs = (this.#held.size * refusalMs) / wantedShare;
    const ms = Math.min(longestMs, Math.max(shortestMs, fairMs));
    const cancel = this.#clock.after(ms, () => {
      this.#held.delete(connection);
      connection.resume();
    });
    this.#held.set(connection, cancel);
  };

  /** Reads on with all of them now: there is something else to tell them. */
  letGo(): void {
    this.#onUntilMs = Number.NEGATIVE_INFINITY;
    for (const [connection, cancel] of this.#held) {
      cancel();
      connection.resume();
    }
    this.#held.clear();
  }
}
