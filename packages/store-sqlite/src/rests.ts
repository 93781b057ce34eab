/**
 * What is left alone, and until when.
 *
 * A rest that began in the future was told by a clock gone wrong. It begins anew at the moment at which it is read: so it
 * never lasts longer than it was meant to.
 */

import type { StatementSync } from 'node:sqlite';
import type { Clock, Eventually, Rest, Shortage } from '@sluice/core';
import type { Connection } from './connection.ts';

/** Clocks of two processes of one machine differ by less. */
const skewMs = 5_000;

/** Reads and mends on one connection. */
export class RestReader {
  readonly #inScope: StatementSync;
  readonly #all: StatementSync;
  readonly #mend: StatementSync;

  constructor(connection: Connection) {
    const row = 'SELECT scope, subject, reason, since_ms AS sinceMs, until_ms AS untilMs FROM rests';
    this.#inScope = connection.prepare(`${row} WHERE scope = ?`);
    this.#all = connection.prepare(`${row} ORDER BY scope, subject`);
    this.#mend = connection.prepare(
      'UPDATE rests SET until_ms = until_ms - since_ms + ?1, since_ms = ?1 WHERE since_ms > ?2',
    );
  }

  /** The longest rest among these subjects. Only inside a transaction that may write. */
  longest(scope: string, subjects: readonly string[], wallMs: number): Shortage | null {
    if (subjects.length === 0) return null;
    let rests = this.#inScope.all(scope) as unknown as Rest[];
    if (rests.length === 0) return null;
    if (rests.some((rest) => isAhead(rest, wallMs))) {
      this.mend(wallMs);
      rests = this.#inScope.all(scope) as unknown as Rest[];
    }
    let longest: Shortage | null = null;
    for (const { subject, reason, untilMs } of rests) {
      if (!subjects.includes(subject) || (untilMs !== null && untilMs <= wallMs)) continue;
      const retryAfterMs = untilMs === null ? null : untilMs - wallMs;
      const found: Shortage = { by: 'rest', name: subject, retryAfterMs, reason };
      if (isLonger(found, longest)) longest = found;
    }
    return longest;
  }

  all(): Rest[] {
    return (this.#all.all() as unknown as Rest[]).map((rest) => ({ ...rest }));
  }

  mend(wallMs: number): void {
    this.#mend.run(wallMs, wallMs + skewMs);
  }
}

/** The verbs about rests. */
export class Rests {
  readonly #control: Connection;
  readonly #clock: Clock;
  readonly #reader: RestReader;
  readonly #cool: StatementSync;
  readonly #wake: StatementSync;

  constructor(control: Connection, clock: Clock) {
    this.#control = control;
    this.#clock = clock;
    this.#reader = new RestReader(control);
    this.#cool = control.prepare(
      `INSERT INTO rests (scope, subject, reason, since_ms, until_ms) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (scope, subject) DO UPDATE
       SET reason = excluded.reason, since_ms = excluded.since_ms, until_ms = excluded.until_ms
       WHERE rests.until_ms IS NOT NULL AND (excluded.until_ms IS NULL OR excluded.until_ms > rests.until_ms)`,
    );
    this.#wake = control.prepare('DELETE FROM rests WHERE scope = ? AND subject = ?');
  }

  cool({ scope, subject, reason, sinceMs, untilMs }: Rest): Eventually<void> {
    return this.#control.write(() => {
      this.#reader.mend(this.#clock.wallNow());
      this.#cool.run(scope, subject, reason, sinceMs, untilMs);
    });
  }

  wake(scope: string, subject: string): Eventually<void> {
    return this.#control.write(() => void this.#wake.run(scope, subject));
  }

  all(): Eventually<Rest[]> {
    const wallMs = this.#clock.wallNow();
    const live = (): Rest[] => this.#reader.all().filter(({ untilMs }) => untilMs === null || untilMs > wallMs);
    const mended = (rests: Rest[]): Eventually<Rest[]> => {
      if (!rests.some((rest) => isAhead(rest, wallMs))) return rests;
      return this.#control.write(() => {
        this.#reader.mend(wallMs);
        return live();
      });
    };
    const rests = this.#control.read(live);
    return rests instanceof Promise ? rests.then(mended) : mended(rests);
  }
}

/** Of several things in the way the one that stands there longest is told; `null` is for ever. */
export function isLonger(one: Shortage, other: Shortage | null): boolean {
  const lengthOf = ({ retryAfterMs }: Shortage): number => retryAfterMs ?? Number.POSITIVE_INFINITY;
  return other === null || lengthOf(one) > lengthOf(other);
}

function isAhead({ sinceMs }: Rest, wallMs: number): boolean {
  return sinceMs > wallMs + skewMs;
}
