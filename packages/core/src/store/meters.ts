/** The counters of one scope in memory: what is reserved on them, and what stands in the way. */

import { MinuteWindow } from '../quota/minute-window.ts';
import { type Member, Roster } from '../roster.ts';
import type { Limits, Meter, Shortage } from './store.ts';

/** One reservation on one meter. */
export interface Entry extends Member {
  /** The second of the minute in which it counts. */
  readonly second: number;
  readonly tokens: number;
  /** The end of the day in which it counts. */
  readonly dayEndsAtMs: number;
  leaseEndsAtMs: number;
}

/** What the time is: on the clock that never goes back, and by the calendar. */
export interface Moment {
  readonly nowMs: number;
  readonly wallMs: number;
  readonly dayEndsAtMs: number;
}

/** Counts one meter. */
export class Counter {
  #requests: MinuteWindow | null = null;
  #tokens: MinuteWindow | null = null;
  readonly #inFlight = new Roster<Entry>();
  #today = 0;
  #dayEndsAtMs = 0;

  /** The limit that is used up and for how long, or null. Nothing changes. */
  shortage({ name, limits }: Meter, tokens: number, at: Moment): Shortage | null {
    const { requestsPerMinute, tokensPerMinute, requestsPerDay, maxInFlight } = limits;
    const short = (by: keyof Limits, retryAfterMs: number | null): Shortage => ({
      by,
      name,
      retryAfterMs,
      reason: null,
    });
    if (requestsPerDay > 0 && this.#todayAt(at) >= requestsPerDay) {
      return short('requestsPerDay', Math.max(1, at.dayEndsAtMs - at.wallMs));
    }
    const { nowMs } = at;
    const asked = tokensThatCount(tokens, limits);
    const requestsWaitMs =
      requestsPerMinute > 0 ? (this.#requests?.msUntilAtMost(requestsPerMinute - 1, nowMs) ?? 0) : 0;
    const tokensWaitMs = tokensPerMinute > 0 ? (this.#tokens?.msUntilAtMost(tokensPerMinute - asked, nowMs) ?? 0) : 0;
    if (requestsWaitMs > 0 || tokensWaitMs > 0) {
      const isRequests = requestsWaitMs >= tokensWaitMs;
      return short(isRequests ? 'requestsPerMinute' : 'tokensPerMinute', isRequests ? requestsWaitMs : tokensWaitMs);
    }
    if (maxInFlight > 0 && this.#inFlight.size >= maxInFlight && this.#countLive(nowMs) >= maxInFlight) {
      return short('maxInFlight', null);
    }
    return null;
  }

  add({ limits }: Meter, tokens: number, leaseMs: number, at: Moment): Entry {
    const counted = tokensThatCount(tokens, limits);
    // Only what has a limit is counted minute by minute; other options may give it one later.
    if (limits.requestsPerMinute > 0) this.#requests ??= new MinuteWindow();
    if (limits.tokensPerMinute > 0) this.#tokens ??= new MinuteWindow();
    this.#requests?.add(at.nowMs, 1);
    this.#tokens?.add(at.nowMs, counted);
    this.#today = this.#todayAt(at) + 1;
    const entry = {
      place: -1,
      second: Math.floor(at.nowMs / 1000),
      tokens: counted,
      dayEndsAtMs: at.dayEndsAtMs,
      leaseEndsAtMs: at.nowMs + leaseMs,
    };
    this.#inFlight.add(entry);
    return entry;
  }

  settle(entry: Entry, requests: 0 | 1, tokens: number, at: Moment): void {
    this.#inFlight.delete(entry);
    this.#tokens?.correct(at.nowMs, entry.second, tokens - entry.tokens);
    if (requests === 1) return;
    this.#requests?.correct(at.nowMs, entry.second, -1);
    if (entry.dayEndsAtMs === this.#dayEndsAtMs) this.#today = Math.max(0, this.#today - 1);
  }

  /** It may have been counted out; it is there all the same. */
  renew(entry: Entry, leaseEndsAtMs: number): void {
    entry.leaseEndsAtMs = leaseEndsAtMs;
    if (entry.place < 0) this.#inFlight.add(entry);
  }

  #todayAt({ dayEndsAtMs }: Moment): number {
    if (dayEndsAtMs !== this.#dayEndsAtMs) {
      this.#dayEndsAtMs = dayEndsAtMs;
      this.#today = 0;
    }
    return this.#today;
  }

  /** Who held it and never came back is counted out, here and nowhere else. */
  #countLive(nowMs: number): number {
    for (const entry of this.#inFlight) if (entry.leaseEndsAtMs <= nowMs) this.#inFlight.delete(entry);
    return this.#inFlight.size;
  }
}

/** A call that needs more than a minute has in all is let through once nothing else is: else it would wait for ever. */
function tokensThatCount(tokens: number, { tokensPerMinute }: Limits): number {
  return tokensPerMinute > 0 ? Math.min(tokens, tokensPerMinute) : tokens;
}
