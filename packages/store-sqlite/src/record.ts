/** The record that operators read: the latest hundred thousand lines. */

import type { StatementSync } from 'node:sqlite';
import type { AuditEntry, Eventually } from '@sluice/core';
import type { Connection } from './connection.ts';

const mostEntries = 100_000;

export class AuditRecord {
  readonly #control: Connection;
  readonly #append: StatementSync;
  readonly #sweep: StatementSync;
  readonly #latest: StatementSync;

  constructor(control: Connection) {
    this.#control = control;
    this.#append = control.prepare('INSERT INTO record (at_ms, scope, subject, what, why) VALUES (?, ?, ?, ?, ?)');
    this.#sweep = control.prepare('DELETE FROM record WHERE id <= ?');
    this.#latest = control.prepare(
      'SELECT at_ms AS atMs, scope, subject, what, why FROM record ORDER BY id DESC LIMIT ?',
    );
  }

  append({ atMs, scope, subject, what, why }: AuditEntry): Eventually<void> {
    return this.#control.write(() => {
      const { lastInsertRowid } = this.#append.run(atMs, scope, subject, what, why);
      this.#sweep.run(Number(lastInsertRowid) - mostEntries);
    });
  }

  entries(most: number): Eventually<AuditEntry[]> {
    const limit = Math.min(Math.max(0, Math.floor(most)), mostEntries);
    return this.#control.read(() =>
      (this.#latest.all(limit) as unknown as AuditEntry[]).map((entry) => ({ ...entry })),
    );
  }
}
