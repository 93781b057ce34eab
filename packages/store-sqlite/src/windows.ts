/**
 * The minute of a meter: the second that is running stands on the meter's own row, beside the sum; each one before it in
 * which something was used is a row of its own. So a call writes one row, and others are written once a second.
 *
 * As in memory, a use counts until 60 s after the end of its second. Seconds of the future are there after the wall clock
 * went back: they count as used now. So a clock that jumps blocks nobody for longer than a minute, and a jump back gives
 * nobody the limit once more.
 */

import type { StatementSync } from 'node:sqlite';
import type { Connection } from './connection.ts';

const seconds = 61;

/** What the minute of a meter holds. */
export interface Minute {
  /** The meter. */
  readonly id: number;
  /** The one that is running. */
  second: number;
  /** What was used in it. */
  requestsNow: number;
  tokensNow: number;
  /** What was used in the minute that ends with it. */
  requests: number;
  tokens: number;
}

export class Windows {
  readonly #keep: StatementSync;
  readonly #correct: StatementSync;
  readonly #sweep: StatementSync;
  readonly #sumFrom: StatementSync;
  readonly #sum: StatementSync;
  readonly #list: StatementSync;

  constructor(connection: Connection) {
    this.#keep = connection.prepare('INSERT INTO windows (meter, second, requests, tokens) VALUES (?, ?, ?, ?)');
    this.#correct = connection.prepare(
      'UPDATE windows SET requests = max(0, requests + ?), tokens = max(0, tokens + ?) WHERE meter = ? AND second = ?',
    );
    const sum = 'SELECT total(requests) AS requests, total(tokens) AS tokens FROM windows WHERE meter = ?';
    this.#sum = connection.prepare(sum);
    this.#sumFrom = connection.prepare(`${sum} AND second >= ?`);
    this.#sweep = connection.prepare('DELETE FROM windows WHERE meter = ? AND (second <= ? OR second >= ?)');
    this.#list = connection.prepare('SELECT second, requests, tokens FROM windows WHERE meter = ? ORDER BY second');
  }

  /** Lets this second be the one that runs. @returns false when it does already */
  moveTo(minute: Minute, second: number): boolean {
    if (minute.second === second) return false;
    const { id, second: before, requestsNow, tokensNow } = minute;
    if (requestsNow > 0 || tokensNow > 0) this.#keep.run(id, before, requestsNow, tokensNow);
    const ahead = before > second ? sumsOf(this.#sumFrom.get(id, second)) : { requests: 0, tokens: 0 };
    this.#sweep.run(id, second - seconds, second);
    const behind = sumsOf(this.#sum.get(id));
    minute.second = second;
    minute.requestsNow = ahead.requests;
    minute.tokensNow = ahead.tokens;
    minute.requests = behind.requests + ahead.requests;
    minute.tokens = behind.tokens + ahead.tokens;
    return true;
  }

  /** Changes a second that is over. @returns false when it no longer counts, and nothing was changed */
  correct(id: number, second: number, requests: number, tokens: number): boolean {
    return this.#correct.run(requests, tokens, id, second).changes === 1;
  }

  /** How long until at most `most` of what is counted now are left, in ms from `wallMs`. */
  msUntilAtMost(minute: Minute, of: 'requests' | 'tokens', most: number, wallMs: number): number {
    let left = minute[of];
    if (left <= most) return 0;
    const waitFor = (second: number): number => Math.max(1, (second + seconds) * 1000 - wallMs);
    for (const row of this.#list.iterate(minute.id)) {
      left -= Number(row[of]);
      if (left <= most) return waitFor(Number(row.second));
    }
    return waitFor(minute.second);
  }
}

/** Counts in the second that is running. */
export function addNow(minute: Minute, tokens: number): void {
  minute.requestsNow += 1;
  minute.tokensNow += tokens;
  minute.requests += 1;
  minute.tokens += tokens;
}

function sumsOf(row: Readonly<Record<string, unknown>> | undefined): { requests: number; tokens: number } {
  return { requests: Number(row?.requests), tokens: Number(row?.tokens) };
}
