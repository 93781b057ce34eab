/** The store in a SQLite file: exact for all processes of one machine, and it outlives them. */

import { resolve } from 'node:path';
import {
  type Admission,
  type AuditEntry,
  type Clock,
  type Eventually,
  type Need,
  type Owned,
  type Reservation,
  type Rest,
  SluiceError,
  type Spent,
  type Store,
  systemClock,
} from '@sluice/core';
import { Claims } from './claims.ts';
import { Connection } from './connection.ts';
import { StateFile } from './file.ts';
import { Owners } from './owners.ts';
import { RecentRests } from './recent-rests.ts';
import { AuditRecord } from './record.ts';
import { Reservations } from './reservations.ts';
import { Rests } from './rests.ts';
import { migrate } from './schema.ts';

/** Where the file is, and how long to wait for it. */
export interface SqliteStoreOptions {
  /** The file. It is made for its owner alone (0600) where there is none; its folder must be there. */
  readonly path: string;
  /** @default systemClock */
  readonly clock?: Clock | undefined;
  /**
   * How long a verb waits while another process writes, in ms, at most 100. The event loop does not stand still
   * meanwhile. Whoever waits longer gets a SluiceError `storage_unavailable`.
   *
   * @default 50
   */
  readonly busyMs?: number | undefined;
}

/** No verb of a store may hold a request for longer. */
const longestBusyMs = 100;

/**
 * Opens a store in a file, and makes the file where there is none.
 *
 * @throws SluiceError `storage_unavailable` when the file cannot be used; the message says why and what would help
 * @example
 * const store = sqliteStore({ path: '/var/lib/sluice/state.db' });
 * console.log(store.name); // sqlite /var/lib/sluice/state.db
 */
export function sqliteStore({ path, clock = systemClock, busyMs = 50 }: SqliteStoreOptions): Store {
  const faults = [
    ...(typeof path === 'string' && path !== '' && !path.startsWith(':')
      ? []
      : [`path: expected the path of a file, got ${JSON.stringify(path)}`]),
    ...(busyMs >= 0 && busyMs <= longestBusyMs
      ? []
      : [`busyMs: expected a number from 0 to ${longestBusyMs}, got ${JSON.stringify(busyMs)}`]),
  ];
  if (faults.length > 0) throw new SluiceError('invalid_options', `sqliteStore: ${faults.join('; ')}`, { faults });
  const file = new StateFile(resolve(path));
  const counters = new Connection(file.path, 'NORMAL', busyMs, (database) => migrate(database, file.path));
  const control = new Connection(file.path, 'FULL', busyMs);
  return new SqliteStore(file, counters, control, clock);
}

/** Counters on one connection, what was decided on another, which a commit of leaves only for the disk. */
export class SqliteStore implements Store {
  readonly name: string;
  readonly isShared = true;
  readonly #file: StateFile;
  readonly #counters: Connection;
  readonly #control: Connection;
  readonly #recent: RecentRests;
  readonly #reservations: Reservations;
  readonly #rests: Rests;
  readonly #owners: Owners;
  readonly #claims: Claims;
  readonly #record: AuditRecord;

  constructor(file: StateFile, counters: Connection, control: Connection, clock: Clock) {
    this.name = `sqlite ${file.path}`;
    this.#file = file;
    this.#counters = counters;
    this.#control = control;
    this.#recent = new RecentRests(clock);
    this.#reservations = new Reservations(file, counters, clock, this.#recent);
    this.#rests = new Rests(control, clock, this.#recent);
    this.#owners = new Owners(control, clock);
    this.#claims = new Claims(counters, control, clock);
    this.#record = new AuditRecord(control);
  }

  reserve(need: Need): Eventually<Admission> {
    return this.#reservations.reserve(need);
  }

  settle(reservation: Reservation, spent: Spent): Eventually<void> {
    return this.#reservations.settle(reservation, spent);
  }

  renew(reservations: readonly Reservation[], leaseMs: number): Eventually<void> {
    return this.#reservations.renew(reservations, leaseMs);
  }

  cool(rest: Rest): Eventually<void> {
    this.#file.check();
    return this.#rests.cool(rest);
  }

  wake(scope: string, subject: string): Eventually<void> {
    this.#file.check();
    return this.#rests.wake(scope, subject);
  }

  rests(): Eventually<readonly Rest[]> {
    return this.#rests.all();
  }

  own(things: readonly Owned[]): Eventually<void> {
    this.#file.check();
    return this.#owners.own(things);
  }

  find(names: readonly string[]): Eventually<readonly (Owned | null)[]> {
    return this.#owners.find(names);
  }

  disown(name: string): Eventually<void> {
    this.#file.check();
    return this.#owners.disown(name);
  }

  claim(name: string, choice: string, ttlMs: number, instead?: string): Eventually<string> {
    this.#file.check();
    return this.#claims.claim(name, choice, ttlMs, instead ?? null);
  }

  append(entry: AuditEntry): Eventually<void> {
    this.#file.check();
    return this.#record.append(entry);
  }

  entries(most: number): Eventually<readonly AuditEntry[]> {
    return this.#record.entries(most);
  }

  instances(): number {
    return this.#reservations.instances;
  }

  async close(): Promise<void> {
    if (this.#counters.database.isOpen) await this.#leave();
    this.#recent.forget();
    this.#counters.close();
    this.#control.close();
  }

  /** Nobody needs to know: whoever goes without a word is counted out half a minute later. */
  async #leave(): Promise<void> {
    try {
      await this.#reservations.leave();
    } catch {}
  }
}
