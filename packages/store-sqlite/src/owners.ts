/** Who owns what. */

import type { StatementSync } from 'node:sqlite';
import type { Clock, Eventually, Owned } from '@sluice/core';
import type { Connection } from './connection.ts';

export class Owners {
  readonly #control: Connection;
  readonly #clock: Clock;
  readonly #own: StatementSync;
  readonly #find: StatementSync;
  readonly #disown: StatementSync;

  constructor(control: Connection, clock: Clock) {
    this.#control = control;
    this.#clock = clock;
    this.#own = control.prepare(
      `INSERT INTO owned (name, project, caller, until_ms) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE
       SET project = excluded.project, caller = excluded.caller, until_ms = excluded.until_ms
       WHERE owned.caller IS NULL OR owned.caller = excluded.caller OR owned.until_ms <= ?`,
    );
    this.#find = control.prepare(
      `SELECT name, project, caller, until_ms AS untilMs FROM owned
       WHERE name = ? AND (until_ms IS NULL OR until_ms > ?)`,
    );
    this.#disown = control.prepare('DELETE FROM owned WHERE name = ?');
  }

  own(things: readonly Owned[]): Eventually<void> {
    if (things.length === 0) return;
    return this.#control.write(() => {
      const wallMs = this.#clock.wallNow();
      for (const { name, project, caller, untilMs } of things) this.#own.run(name, project, caller, untilMs, wallMs);
    });
  }

  find(names: readonly string[]): Eventually<(Owned | null)[]> {
    return this.#control.read(() => {
      const wallMs = this.#clock.wallNow();
      return names.map((name) => {
        const found = this.#find.get(name, wallMs) as Owned | undefined;
        return found === undefined ? null : { ...found };
      });
    });
  }

  disown(name: string): Eventually<void> {
    return this.#control.write(() => void this.#disown.run(name));
  }
}
