/** One choice under a name. What is chosen is as safe as other decisions; that it stands longer need not be. */

import type { StatementSync } from 'node:sqlite';
import type { Clock, Eventually } from '@sluice/core';
import type { Connection } from './connection.ts';

export class Claims {
  readonly #counters: Connection;
  readonly #control: Connection;
  readonly #clock: Clock;
  readonly #prolong: StatementSync;
  readonly #choose: StatementSync;

  constructor(counters: Connection, control: Connection, clock: Clock) {
    this.#counters = counters;
    this.#control = control;
    this.#clock = clock;
    this.#prolong = counters.prepare(
      'UPDATE claims SET until_ms = ? WHERE name = ? AND until_ms > ? AND choice IS NOT ? RETURNING choice',
    );
    this.#choose = control.prepare(
      `INSERT INTO claims (name, choice, until_ms) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET
         choice = iif(claims.until_ms > ?4 AND claims.choice IS NOT ?5, claims.choice, excluded.choice),
         until_ms = excluded.until_ms
       RETURNING choice`,
    );
  }

  claim(name: string, choice: string, ttlMs: number, instead: string | null): Eventually<string> {
    const stood = this.#counters.write(() => {
      const wallMs = this.#clock.wallNow();
      return choiceOf(this.#prolong.get(wallMs + ttlMs, name, wallMs, instead));
    });
    const chosen = (standing: string | null): Eventually<string> =>
      standing ??
      this.#control.write(() => {
        const wallMs = this.#clock.wallNow();
        return choiceOf(this.#choose.get(name, choice, wallMs + ttlMs, wallMs, instead)) ?? choice;
      });
    return stood instanceof Promise ? stood.then(chosen) : chosen(stood);
  }
}

function choiceOf(row: Readonly<Record<string, unknown>> | undefined): string | null {
  return row === undefined ? null : String(row.choice);
}
