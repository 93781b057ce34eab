/**
 * CONCURRENCY: a loop that is late all the time has more inside than it can serve, so for a while only so many come in.
 *
 * A pure machine with time as an argument. While all is well it learns what a request takes and what it costs; when the
 * loop stays late, Little's law tells from that how many inside keep the loop busy and no more. From there it feels its
 * way. Nobody but those over the limit is refused, so whoever leaves makes room for exactly one.
 */

/** The slice of the settings that this file keeps to; 0 turns it off. */
export interface ConcurrencySettings {
  /** So late, in ms, at several looks in a row. */
  readonly refuseDelayMs: number;
}

/** What a look finds. */
export interface LoopLook {
  /** On a monotonic scale, in ms. */
  readonly nowMs: number;
  /** How late the loop was for somebody who came at any moment since the last look, in ms. */
  readonly delayMs: number;
  /** Of the time since the last look, how much of it the loop was not idle: 0 to 1. */
  readonly busyShare: number;
  readonly inside: number;
}

/** So many looks in a row must be bad. */
const badLooks = 5;
/** A loop that is late and not busy waits for its turn on the processor, and refusing gives it none. */
const busyFrom = 0.95;
/** Above this, what a request takes includes waiting for others. */
const learnsUpTo = { busyShare: 0.9, delayMs: 5 };
/** One look has so much weight at most, and that only with so many requests. */
const mostWeight = 0.5;
const fullWeightRequests = 200;
/** A few inside wait for the loop at any moment; without them it would idle between two. */
const slackMs = 4;
/** Under the limit the loop should not be later than this. */
const targetDelayMs = 10;
/** Of what keeps the loop busy, at each change. */
const stepShare = 0.1;
/** Less is only worth refusing for when the loop becomes better by it: what is refused costs something too. */
const betterBy = 0.9;
/** What the limit does shows when requests that came in under it are through; but nobody waits longer, in ms. */
const shortestPaceMs = 100;
const longestPaceMs = 5_000;
const longestLessPaceMs = 1_000;
/** Nobody was refused for so long, in ms: it is not needed any more. */
const idleMs = 1_000;

/** How many may be inside one gateway at once. */
export class ConcurrencyLimit {
  #refuseDelayMs: number;
  #most = Number.POSITIVE_INFINITY;
  #bad = 0;
  #lookedAtMs: number | null = null;
  /** Since the last look. */
  #left = 0;
  #tookMs = 0;
  /** Learnt: what a request takes, and how much of the loop's time it costs, in ms; 0 as long as nobody knows. */
  #takesMs = 0;
  #costsMs = 0;
  #refused = 0;
  #refusedAtMs = 0;
  #stepRequests = 1;
  #moreAtMs = 0;
  #lessAtMs = 0;
  /** How late the loop was when the limit was last lowered. */
  #loweredDelayMs = Number.POSITIVE_INFINITY;

  constructor({ refuseDelayMs }: ConcurrencySettings) {
    this.#refuseDelayMs = refuseDelayMs;
  }

  /** Infinite while all is well. */
  get most(): number {
    return this.#most;
  }

  get isOn(): boolean {
    return this.#most !== Number.POSITIVE_INFINITY;
  }

  keepTo({ refuseDelayMs }: ConcurrencySettings): void {
    this.#refuseDelayMs = refuseDelayMs;
  }

  /** Lets everybody in again; what was learnt of requests stays. */
  calm(): void {
    this.#most = Number.POSITIVE_INFINITY;
    this.#bad = 0;
  }

  /** Whether one more may come in; each is asked about once. */
  admits(inside: number): boolean {
    if (inside < this.#most) return true;
    this.#refused++;
    return false;
  }

  /** Somebody is through. */
  left(tookMs: number): void {
    this.#left++;
    this.#tookMs += tookMs;
  }

  look(at: LoopLook): void {
    if (this.#refuseDelayMs === 0) return this.calm();
    this.#learn(at);
    if (this.isOn) return this.#adjust(at);
    const isBad = at.delayMs > this.#refuseDelayMs && at.busyShare >= busyFrom;
    this.#bad = isBad ? this.#bad + 1 : 0;
    if (this.#bad >= badLooks) this.#begin(at);
  }

  #learn({ nowMs, delayMs, busyShare }: LoopLook): void {
    const left = this.#left;
    const sinceMs = nowMs - (this.#lookedAtMs ?? nowMs);
    if (left > 0 && sinceMs > 0 && !this.isOn && busyShare < learnsUpTo.busyShare && delayMs < learnsUpTo.delayMs) {
      const weight = this.#costsMs === 0 ? 1 : Math.min(mostWeight, left / fullWeightRequests);
      this.#takesMs += (this.#tookMs / left - this.#takesMs) * weight;
      this.#costsMs += ((sinceMs * busyShare) / left - this.#costsMs) * weight;
    }
    this.#lookedAtMs = nowMs;
    this.#left = 0;
    this.#tookMs = 0;
  }

  #begin({ nowMs, inside }: LoopLook): void {
    this.#most = Math.max(2, this.#costsMs > 0 ? (this.#takesMs + slackMs) / this.#costsMs : inside / 2);
    this.#stepRequests = Math.max(1, this.#most * stepShare);
    this.#bad = 0;
    this.#refused = 0;
    this.#refusedAtMs = nowMs;
    this.#moreAtMs = nowMs;
    this.#lessAtMs = nowMs;
    this.#loweredDelayMs = Number.POSITIVE_INFINITY;
  }

  #adjust({ nowMs, delayMs, busyShare, inside }: LoopLook): void {
    const refused = this.#refused;
    this.#refused = 0;
    if (refused > 0) this.#refusedAtMs = nowMs;
    const paceMs = Math.min(longestPaceMs, Math.max(shortestPaceMs, this.#takesMs));
    if (nowMs - this.#refusedAtMs >= Math.max(idleMs, 2 * paceMs)) return this.calm();
    if (delayMs > targetDelayMs) {
      this.#moreAtMs = nowMs + paceMs;
      // What came in before goes first.
      if (busyShare < busyFrom || inside > this.#most + 1) return;
      if (nowMs < this.#lessAtMs || delayMs > this.#loweredDelayMs * betterBy) return;
      this.#most = Math.max(1, this.#most - this.#stepRequests);
      this.#loweredDelayMs = delayMs;
      this.#lessAtMs = nowMs + Math.min(longestLessPaceMs, paceMs);
      return;
    }
    this.#loweredDelayMs = Number.POSITIVE_INFINITY;
    if (refused === 0 || nowMs < this.#moreAtMs || busyShare >= busyFrom) return;
    // Long streams that cost next to nothing are inside as well: it is not they who are too many.
    this.#most = Math.max(this.#most, inside) + this.#stepRequests;
    this.#moreAtMs = nowMs + paceMs;
  }
}
