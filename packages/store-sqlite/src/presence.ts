/** Who else uses the file, and the sweeping that goes with looking around. */

import type { StatementSync } from 'node:sqlite';
import type { Connection } from './connection.ts';

/** How often one looks around; whoever was not seen for three times as long is gone, or has nothing to do. */
const beatMs = 10_000;
const goneMs = 3 * beatMs;
/** What is out of date stays for this long: the wall clock that says so may be a day ahead of time. */
const keptMs = 2 * 86_400_000;
/** Rows of a kind that are swept at a time, so that nobody waits for it. */
const mostSwept = 200;

/** Each takes the moment before which things are out of date. Meters come last: what stands on them has to go then. */
const sweeps: readonly string[] = [
  'DELETE FROM instances WHERE seen_ms < ?',
  `DELETE FROM owned WHERE name IN (SELECT name FROM owned WHERE until_ms < ? LIMIT ${mostSwept})`,
  `DELETE FROM claims WHERE name IN (SELECT name FROM claims WHERE until_ms < ? LIMIT ${mostSwept})`,
  'DELETE FROM rests WHERE until_ms < ?',
  'DELETE FROM held WHERE until_ms < ?',
  `DELETE FROM meters WHERE id IN (
     SELECT id FROM meters WHERE second < ? / 1000 AND id NOT IN (SELECT meter FROM held) LIMIT ${mostSwept})`,
];

export class Presence {
  readonly #id: string;
  readonly #seen: StatementSync;
  readonly #count: StatementSync;
  readonly #leave: StatementSync;
  readonly #sweeps: readonly StatementSync[];
  readonly #orphans: StatementSync;
  #lastMs = Number.NEGATIVE_INFINITY;
  #instances = 1;

  /** @param id - differs from that of any other process */
  constructor(connection: Connection, id: string) {
    this.#id = id;
    this.#seen = connection.prepare(
      'INSERT INTO instances (id, seen_ms) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET seen_ms = excluded.seen_ms',
    );
    this.#count = connection.prepare('SELECT count(*) AS count FROM instances WHERE seen_ms BETWEEN ? AND ?');
    this.#leave = connection.prepare('DELETE FROM instances WHERE id = ?');
    this.#sweeps = sweeps.map((sql) => connection.prepare(sql));
    this.#orphans = connection.prepare('DELETE FROM windows WHERE meter NOT IN (SELECT id FROM meters)');
  }

  get instances(): number {
    return this.#instances;
  }

  /** True once every ten seconds. */
  isDue(wallMs: number): boolean {
    return Math.abs(wallMs - this.#lastMs) >= beatMs;
  }

  /** Shows itself, looks around and sweeps. Only inside a transaction. */
  beat(wallMs: number): void {
    this.#lastMs = wallMs;
    this.#seen.run(this.#id, wallMs);
    this.#instances = Number(this.#count.get(wallMs - goneMs, wallMs + goneMs)?.count);
    const swept = this.#sweeps.map((sweep) => Number(sweep.run(wallMs - keptMs).changes));
    if (swept.at(-1) !== 0) this.#orphans.run();
  }

  leave(): void {
    this.#leave.run(this.#id);
  }
}
