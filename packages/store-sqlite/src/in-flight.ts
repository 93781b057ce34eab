/** Who holds a place and until when. How many they are stands on the meter; they are counted anew where it looks full. */

import type { StatementSync } from 'node:sqlite';
import type { Connection } from './connection.ts';

export class InFlight {
  readonly #add: StatementSync;
  readonly #renew: StatementSync;
  readonly #delete: StatementSync;
  readonly #count: StatementSync;
  readonly #sweep: StatementSync;
  readonly #mend: StatementSync;

  constructor(connection: Connection) {
    this.#add = connection.prepare('INSERT INTO held (meter, id, since_ms, until_ms) VALUES (?, ?, ?, ?)');
    this.#renew = connection.prepare('UPDATE held SET since_ms = ?, until_ms = ? WHERE meter = ? AND id = ?');
    this.#delete = connection.prepare('DELETE FROM held WHERE meter = ? AND id = ?');
    this.#count = connection.prepare(
      `SELECT count(*) AS all_, total(until_ms <= ?) AS past, total(since_ms > ?) AS future FROM held WHERE meter = ?`,
    );
    this.#sweep = connection.prepare('DELETE FROM held WHERE meter = ? AND until_ms <= ?');
    this.#mend = connection.prepare(
      'UPDATE held SET until_ms = until_ms - since_ms + ?1, since_ms = ?1 WHERE meter = ?2 AND since_ms > ?1',
    );
  }

  add(meter: number, id: string, wallMs: number, leaseMs: number): void {
    this.#add.run(meter, id, wallMs, wallMs + leaseMs);
  }

  /** @returns false when its place was counted out, and had to be taken again */
  renew(meter: number, id: string, wallMs: number, leaseMs: number): boolean {
    if (this.#renew.run(wallMs, wallMs + leaseMs, meter, id).changes === 1) return true;
    this.add(meter, id, wallMs, leaseMs);
    return false;
  }

  /** @returns false when it held no place any more */
  delete(meter: number, id: string): boolean {
    return this.#delete.run(meter, id).changes === 1;
  }

  /** Who held it and never came back is counted out. After the clock went back, leases begin anew: else they would never end. */
  countLive(meter: number, wallMs: number): number {
    const { all_, past, future } = this.#count.get(wallMs, wallMs, meter) as Record<string, number>;
    if (future !== 0) this.#mend.run(wallMs, meter);
    if (past !== 0) this.#sweep.run(meter, wallMs);
    return Number(all_) - Number(past);
  }
}
