/** What lies in the file, and how an older one becomes today's. */

import type { DatabaseSync } from 'node:sqlite';
import { isBusy, unavailable } from './faults.ts';

/** Says that a file is ours: the letters `SLUI`. */
const applicationId = 0x534c5549;

/**
 * One step for each version, from the first. A step that was published is never changed: a new one is added.
 *
 * Times that were told to us are REAL, for they come back as the very numbers that they were.
 */
const migrations: readonly string[] = [
  `CREATE TABLE meters (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     scope TEXT NOT NULL,
     name TEXT NOT NULL,
     second INTEGER NOT NULL,
     requests_now REAL NOT NULL,
     tokens_now REAL NOT NULL,
     requests REAL NOT NULL,
     tokens REAL NOT NULL,
     day_ends_ms INTEGER NOT NULL,
     today INTEGER NOT NULL,
     in_flight INTEGER NOT NULL,
     UNIQUE (scope, name)
   ) STRICT;
   CREATE TABLE windows (
     meter INTEGER NOT NULL,
     second INTEGER NOT NULL,
     requests REAL NOT NULL,
     tokens REAL NOT NULL,
     PRIMARY KEY (meter, second)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE held (
     meter INTEGER NOT NULL,
     id TEXT NOT NULL,
     since_ms REAL NOT NULL,
     until_ms REAL NOT NULL,
     PRIMARY KEY (meter, id)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE rests (
     scope TEXT NOT NULL,
     subject TEXT NOT NULL,
     reason TEXT NOT NULL,
     since_ms REAL NOT NULL,
     until_ms REAL,
     PRIMARY KEY (scope, subject)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE owned (
     name TEXT PRIMARY KEY,
     project TEXT NOT NULL,
     caller TEXT,
     until_ms REAL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX owned_until ON owned (until_ms) WHERE until_ms IS NOT NULL;
   CREATE TABLE claims (
     name TEXT PRIMARY KEY,
     choice TEXT NOT NULL,
     until_ms REAL NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE record (
     id INTEGER PRIMARY KEY,
     at_ms REAL NOT NULL,
     scope TEXT NOT NULL,
     subject TEXT NOT NULL,
     what TEXT NOT NULL,
     why TEXT NOT NULL
   ) STRICT;
   CREATE TABLE instances (
     id TEXT PRIMARY KEY,
     seen_ms REAL NOT NULL
   ) STRICT, WITHOUT ROWID;`,
];

/**
 * Makes the file today's, or refuses it and leaves it as it is. Of several processes one does the work.
 *
 * @throws SluiceError when the file is damaged, newer, or somebody else's
 */
export function migrate(database: DatabaseSync, path: string): void {
  expectSound(database, path);
  if (versionOf(database, path) === migrations.length) return expectWritable(database);
  // Each commit writes whole pages, and ours change a few bytes: small pages make it a third faster.
  database.exec('PRAGMA page_size = 2048; PRAGMA journal_mode = WAL');
  database.exec('BEGIN IMMEDIATE');
  try {
    for (let version = versionOf(database, path); version < migrations.length; version++) {
      database.exec(migrations[version] as string);
    }
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}; COMMIT`);
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function versionOf(database: DatabaseSync, path: string): number {
  const version = number(database, 'user_version');
  const isNew = version === 0 && number(database, 'application_id') === 0 && isEmpty(database);
  if (!isNew && number(database, 'application_id') !== applicationId) {
    throw unavailable(path, 'is a SQLite database of another program. Nothing was changed. Choose another path.');
  }
  if (version <= migrations.length) return version;
  throw unavailable(
    path,
    `has the schema version ${version}, and this @sluice/store-sqlite knows versions up to ${migrations.length}. ` +
      'Nothing was changed. Use the newer @sluice/store-sqlite that wrote it, or choose another path.',
  );
}

function expectSound(database: DatabaseSync, path: string): void {
  const found = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0];
  if (found === 'ok') return;
  throw Object.assign(new Error(`quick_check: ${found} in ${path}`), { code: 'ERR_SQLITE_ERROR', errcode: 11 });
}

/** SQLite opens a file that may only be read as well, and says nothing until somebody writes. */
function expectWritable(database: DatabaseSync): void {
  try {
    database.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${migrations.length}; ROLLBACK`);
  } catch (error) {
    // Somebody else writes, so this can be written.
    if (!isBusy(error)) throw error;
  }
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}

function number(database: DatabaseSync, pragma: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
}
