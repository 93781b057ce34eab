/** Meters as rows: what is counted on each, what stands in the way, and what is taken and given back. */

import type { StatementSync } from 'node:sqlite';
import { type Limits, type Meter, pacificDays, type Shortage } from '@sluice/core';
import type { Connection } from './connection.ts';
import { InFlight } from './in-flight.ts';
import { addNow, type Minute, Windows } from './windows.ts';

/** No day in Los Angeles has more than 25 hours: an end that is further away was worked out by a clock gone wrong. */
const longestDayMs = 26 * 3_600_000;

/** A meter as it stands. */
export interface Standing extends Minute {
  dayEndsAtMs: number;
  today: number;
  inFlight: number;
}

/** What one reservation holds on one meter. */
export interface Entry {
  readonly meter: number;
  readonly second: number;
  readonly tokens: number;
  readonly dayEndsAtMs: number;
  readonly limits: Limits;
}

export class Meters {
  readonly #windows: Windows;
  readonly #inFlight: InFlight;
  readonly #dayOf = pacificDays();
  readonly #find: StatementSync;
  readonly #make: StatementSync;
  readonly #put: StatementSync;
  readonly #change: StatementSync;
  readonly #changeNow: StatementSync;

  constructor(connection: Connection) {
    this.#windows = new Windows(connection);
    this.#inFlight = new InFlight(connection);
    this.#find = connection.prepare(
      `SELECT id, second, requests_now AS requestsNow, tokens_now AS tokensNow, requests, tokens,
         day_ends_ms AS dayEndsAtMs, today, in_flight AS inFlight
       FROM meters WHERE scope = ? AND name = ?`,
    );
    this.#make = connection.prepare(
      `INSERT INTO meters
         (scope, name, second, requests_now, tokens_now, requests, tokens, day_ends_ms, today, in_flight)
       VALUES (?, ?, ?, 0, 0, 0, 0, ?, 0, 0)`,
    );
    this.#put = connection.prepare(
      `UPDATE meters SET second = ?, requests_now = ?, tokens_now = ?, requests = ?, tokens = ?,
         day_ends_ms = ?, today = ?, in_flight = ? WHERE id = ?`,
    );
    const change = `UPDATE meters SET requests = max(0, requests + ?1), tokens = max(0, tokens + ?2),
      today = iif(day_ends_ms = ?3, max(0, today + ?4), today), in_flight = max(0, in_flight + ?5)`;
    this.#change = connection.prepare(`${change} WHERE id = ?6`);
    this.#changeNow = connection.prepare(
      `${change}, requests_now = max(0, requests_now + ?1), tokens_now = max(0, tokens_now + ?2)
       WHERE id = ?6 AND second = ?7`,
    );
  }

  /** The meter at this moment: what is out of date is gone from it. */
  at(scope: string, { name }: Meter, wallMs: number): Standing {
    const second = Math.floor(wallMs / 1000);
    const found = this.#find.get(scope, name) as Standing | undefined;
    const standing = found ?? this.#made(scope, name, second, this.#dayOf(wallMs));
    const hasMoved = this.#windows.moveTo(standing, second);
    const isOver = standing.dayEndsAtMs <= wallMs;
    if (isOver) standing.today = 0;
    if (isOver || standing.dayEndsAtMs - wallMs > longestDayMs) standing.dayEndsAtMs = this.#dayOf(wallMs);
    if (hasMoved || isOver) this.#write(standing);
    return standing;
  }

  /** The limit that is used up and for how long, or null. */
  shortage(standing: Standing, { name, limits }: Meter, tokens: number, wallMs: number): Shortage | null {
    const { requestsPerMinute, tokensPerMinute, requestsPerDay, maxInFlight } = limits;
    const short = (by: keyof Limits, retryAfterMs: number | null): Shortage => ({
      by,
      name,
      retryAfterMs,
      reason: null,
    });
    if (requestsPerDay > 0 && standing.today >= requestsPerDay) {
      return short('requestsPerDay', Math.max(1, standing.dayEndsAtMs - wallMs));
    }
    const requestsWaitMs =
      requestsPerMinute > 0 && standing.requests >= requestsPerMinute
        ? this.#windows.msUntilAtMost(standing, 'requests', requestsPerMinute - 1, wallMs)
        : 0;
    const most = tokensPerMinute - tokensThatCount(tokens, limits);
    const tokensWaitMs =
      tokensPerMinute > 0 && standing.tokens > most ? this.#windows.msUntilAtMost(standing, 'tokens', most, wallMs) : 0;
    if (requestsWaitMs > 0 || tokensWaitMs > 0) {
      const isRequests = requestsWaitMs >= tokensWaitMs;
      return short(isRequests ? 'requestsPerMinute' : 'tokensPerMinute', isRequests ? requestsWaitMs : tokensWaitMs);
    }
    if (maxInFlight > 0 && standing.inFlight >= maxInFlight) {
      standing.inFlight = this.#inFlight.countLive(standing.id, wallMs);
      if (standing.inFlight >= maxInFlight) return short('maxInFlight', null);
    }
    return null;
  }

  /** Counts a call that nothing stands in the way of. Only what has a limit is written down. */
  take(standing: Standing, limits: Limits, id: string, tokens: number, wallMs: number, leaseMs: number): Entry {
    const counted = tokensThatCount(tokens, limits);
    if (isByMinute(limits)) addNow(standing, counted);
    if (limits.maxInFlight > 0) {
      this.#inFlight.add(standing.id, id, wallMs, leaseMs);
      standing.inFlight += 1;
    }
    standing.today += 1;
    this.#write(standing);
    const { id: meter, second, dayEndsAtMs } = standing;
    return { meter, second, tokens: counted, dayEndsAtMs, limits };
  }

  /** Puts what was used in the place of what was taken, where that still counts. */
  settle(entry: Entry, id: string, requests: 0 | 1, tokens: number): void {
    const { meter, second, dayEndsAtMs, limits } = entry;
    const isBack = limits.maxInFlight > 0 && this.#inFlight.delete(meter, id);
    const fewer = requests - 1;
    const fewerNow = isByMinute(limits) ? fewer : 0;
    const more = limits.tokensPerMinute > 0 ? tokensThatCount(tokens, limits) - entry.tokens : 0;
    const places = isBack ? -1 : 0;
    if (this.#changeNow.run(fewerNow, more, dayEndsAtMs, fewer, places, meter, second).changes === 1) return;
    const isInMinute = (fewerNow !== 0 || more !== 0) && this.#windows.correct(meter, second, fewerNow, more);
    if (!isBack && !isInMinute && fewer === 0) return;
    this.#change.run(isInMinute ? fewerNow : 0, isInMinute ? more : 0, dayEndsAtMs, fewer, places, meter);
  }

  /** @see Store.renew */
  renew({ meter, dayEndsAtMs, limits }: Entry, id: string, wallMs: number, leaseMs: number): void {
    if (limits.maxInFlight === 0 || this.#inFlight.renew(meter, id, wallMs, leaseMs)) return;
    this.#change.run(0, 0, dayEndsAtMs, 0, 1, meter);
  }

  #write({ id, second, requestsNow, tokensNow, requests, tokens, dayEndsAtMs, today, inFlight }: Standing): void {
    this.#put.run(second, requestsNow, tokensNow, requests, tokens, dayEndsAtMs, today, inFlight, id);
  }

  #made(scope: string, name: string, second: number, dayEndsAtMs: number): Standing {
    const id = Number(this.#make.run(scope, name, second, dayEndsAtMs).lastInsertRowid);
    const nothing = { requestsNow: 0, tokensNow: 0, requests: 0, tokens: 0, today: 0, inFlight: 0 };
    return { id, second, dayEndsAtMs, ...nothing };
  }
}

/** Whether anything is counted: else there is nothing to read and to write. */
export function hasLimits({ limits }: Meter): boolean {
  const { requestsPerMinute, tokensPerMinute, requestsPerDay, maxInFlight } = limits;
  return requestsPerMinute > 0 || tokensPerMinute > 0 || requestsPerDay > 0 || maxInFlight > 0;
}

function isByMinute({ requestsPerMinute, tokensPerMinute }: Limits): boolean {
  return requestsPerMinute > 0 || tokensPerMinute > 0;
}

/** Whether settling an entry like this changes anything. */
export function isSettledAlready({ limits, tokens: counted }: Entry, requests: 0 | 1, tokens: number): boolean {
  const isSame = limits.tokensPerMinute === 0 || tokensThatCount(tokens, limits) === counted;
  return limits.maxInFlight === 0 && requests === 1 && isSame;
}

/** A call that needs more than a minute has in all is let through once nothing else is: else it would wait for ever. */
function tokensThatCount(tokens: number, { tokensPerMinute }: Limits): number {
  return tokensPerMinute > 0 ? Math.min(Math.max(0, tokens), tokensPerMinute) : 0;
}
