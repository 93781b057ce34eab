/**
 * What is left alone, and until when.
 *
 * A rest that began in the future was told by a clock gone wrong. It begins anew at the moment at which it is read: so it
 * never lasts longer than it was meant to.
 */

import type { StatementSync } from 'node:sqlite';
import type { Clock, Eventually, Rest, Shortage } from '@sluice/core';
import type { Connection } from './connection.ts';
import type { RecentRests } from './recent-rests.ts';

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

  /** The rests of a scope, over or not. Mends them where that is needed. */
  of(scope: string, wallMs: number): readonly Rest[] {
    const rests = this.#inScope.all(scope) as unknown as Rest[];
    if (!rests.some((rest) => isAhead(rest, wallMs))) return rests;
    this.mend(wallMs);
    return this.#inScope.all(scope) as unknown as Rest[];
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
  readonly #recent: RecentRests;
  readonly #reader: RestReader;
  readonly #cool: StatementSync;
  readonly #wake: StatementSync;

  /** @param recent - told of whatever changes here */
  constructor(control: Connection, clock: Clock, recent: RecentRests) {
    this.#control = control;
    this.#clock = clock;
    this.#recent = recent;
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
    return this.#write(() => {
      this.#reader.mend(this.#clock.wallNow());
      this.#cool.run(scope, subject, reason, sinceMs, untilMs);
    });
  }

  wake(scope: string, subject: string): Eventually<void> {
    return this.#write(() => void this.#wake.run(scope, subject));
  }

  all(): Eventually<Rest[]> {
    const wallMs = this.#clock.wallNow();
    const live = (): Rest[] => this.#reader.all().filter(({ untilMs }) => untilMs === null || untilMs > wallMs);
    const mended = (rests: Rest[]): Eventually<Rest[]> => {
      if (!rests.some((rest) => isAhead(rest, wallMs))) return rests;
      return this.#write(() => {
        this.#reader.mend(wallMs);
        return live();
      });
    };
    const rests = this.#control.read(live);
    return rests instanceof Promise ? rests.then(mended) : mended(rests);
  }

  #write<Value>(work: () => Value): Eventually<Value> {
    return this.#control.write(() => {
      // Nobody reads between this and the commit: they are one turn of the event loop.
      this.#recent.forget();
      return work();
    });
  }
}

/** The longest of these rests that is about one of the subjects and not over. */
export function longestOf(rests: readonly Rest[], subjects: readonly string[], wallMs: number): Shortage | null {
  let longest: Shortage | null = null;
  for (const { subject, reason, untilMs } of rests) {
    if (!subjects.includes(subject) || (untilMs !== null && untilMs <= wallMs)) continue;
    const retryAfterMs = untilMs === null ? null : untilMs - wallMs;
    const found: Shortage = { by: 'rest', name: subject, retryAfterMs, reason };
    if (isLonger(found, longest)) longest = found;
  }
  return longest;
}

/** Of several things in the way the one that stands there longest is told; `null` is for ever. */
export function isLonger(one: Shortage, other: Shortage | null): boolean {
  const lengthOf = ({ retryAfterMs }: Shortage): number => retryAfterMs ?? Number.POSITIVE_INFINITY;
  return other === null || lengthOf(one) > lengthOf(other);
}

function isAhead({ sinceMs }: Rest, wallMs: number): boolean {
  return sinceMs > wallMs + skewMs;
}
