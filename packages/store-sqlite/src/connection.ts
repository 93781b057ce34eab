/**
 * One connection to the file, and the wait for its lock.
 *
 * SQLite would wait by itself, but `node:sqlite` is synchronous: a lock held by somebody else would stop the event loop
 * for as long. So SQLite never waits here. A lock that is free again in a moment costs a few tries, and for one that is
 * not, the verb answers later.
 */

import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import type { Eventually } from '@sluice/core';
import { faultOf, isBusy, unavailable } from './faults.ts';

/** How safe a commit is: from a crash of the process, or from one of the machine too. */
export type Durability = 'NORMAL' | 'FULL';

/** Tries in one turn of the event loop, and the sleep between two of them. A commit takes about 0.02 ms. */
const triesAtOnce = 4;
const sleepMs = 0.1;
/** The longest wait for others who open the same file: nothing is served yet, and a first start makes the tables. */
const openWithinMs = 1_000;
const nobody = new Int32Array(new SharedArrayBuffer(4));
const busy = Symbol('busy');

export class Connection {
  readonly path: string;
  /** For tests: how large the file may grow, for one. */
  readonly database: DatabaseSync;
  readonly #busyMs: number;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;

  /**
   * @param prepareFile - what has to be done before anything else
   * @throws SluiceError `storage_unavailable` when the file cannot be used
   */
  constructor(path: string, durability: Durability, busyMs: number, prepareFile?: (database: DatabaseSync) => void) {
    this.path = path;
    this.#busyMs = busyMs;
    this.database = opened(path, durability, prepareFile);
    this.#begin = this.prepare('BEGIN IMMEDIATE');
    this.#commit = this.prepare('COMMIT');
  }

  prepare(sql: string): StatementSync {
    return this.database.prepare(sql);
  }

  /** Runs `work` in a transaction that holds the lock from its beginning; all of it happens, or nothing. */
  write<Value>(work: () => Value): Eventually<Value> {
    return this.#whenFree(() => {
      this.#begin.run();
      const value = work();
      this.#commit.run();
      return value;
    });
  }

  /** Runs `work`, which must not write. */
  read<Value>(work: () => Value): Eventually<Value> {
    return this.#whenFree(work);
  }

  /** Harmless when it is closed. */
  close(): void {
    if (this.database.isOpen) this.database.close();
  }

  #whenFree<Value>(work: () => Value): Eventually<Value> {
    for (let tries = 0; tries < triesAtOnce; tries++) {
      if (tries > 0) sleep(sleepMs);
      const value = this.#try(work);
      if (value !== busy) return value;
    }
    return this.#later(work);
  }

  async #later<Value>(work: () => Value): Promise<Value> {
    const untilMs = performance.now() + this.#busyMs;
    while (performance.now() < untilMs) {
      await pause(1);
      const value = this.#try(work);
      if (value !== busy) return value;
    }
    throw lockedFor(this.path, this.#busyMs);
  }

  #try<Value>(work: () => Value): Value | typeof busy {
    if (!this.database.isOpen) throw unavailable(this.path, 'was closed. Open it again with sqliteStore().');
    try {
      return work();
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      if (isBusy(error)) return busy;
      throw faultOf(error, this.path);
    }
  }
}

function opened(path: string, durability: Durability, prepareFile?: (database: DatabaseSync) => void): DatabaseSync {
  const untilMs = performance.now() + openWithinMs;
  for (;;) {
    let database: DatabaseSync | null = null;
    try {
      database = new DatabaseSync(path, { timeout: 0 });
      prepareFile?.(database);
      database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability}`);
      // What the log holds is moved into the file now and then, with two waits for the disk. The pages in it are mostly the
      // same few, so seldom costs no more than often: every 16 MiB.
      database.exec('PRAGMA wal_autocheckpoint = 8192');
      // macOS answers before the disk has written, unless it is asked like this.
      database.exec(`PRAGMA fullfsync = ${durability === 'FULL' ? 1 : 0}`);
      return database;
    } catch (error) {
      if (database?.isOpen) database.close();
      if (!isBusy(error)) throw faultOf(error, path);
      if (performance.now() > untilMs) throw lockedFor(path, openWithinMs);
      sleep(5);
    }
  }
}

function lockedFor(path: string, ms: number): Error {
  return unavailable(
    path,
    `is locked by another program for longer than ${ms} ms. End what holds it open for writing (a backup, a shell of ` +
      'sqlite3 with an open transaction), then ask again.',
  );
}

function sleep(ms: number): void {
  Atomics.wait(nobody, 0, 0, ms);
}
