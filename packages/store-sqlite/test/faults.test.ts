/** What can be wrong with a file: each is told in words that say what to do, and nothing is deleted. */

import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isSluiceError, type SluiceError, type Store, systemClock } from '@sluice/core';
import { afterEach, describe, expect, test } from 'vitest';
import { Connection } from '../src/connection.ts';
import { StateFile } from '../src/file.ts';
import { sqliteStore } from '../src/index.ts';
import { migrate } from '../src/schema.ts';
import { SqliteStore } from '../src/sqlite-store.ts';
import { newPath } from './folder.ts';

const scope = 'pool/gemini/main';
const entry = { atMs: 1, scope, subject: 'k', what: 'disabled', why: 'leaked' };
const limits = { requestsPerMinute: 5, tokensPerMinute: 0, requestsPerDay: 0, maxInFlight: 0 };
const need = { scope, meters: [{ name: 'project', limits }], subjects: [], tokens: 0, leaseMs: 1_000 };

const takeDown: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of takeDown.splice(0).reverse()) await one();
});

/** A file with a thousand owners and one line in the record, closed. */
async function filled(path = newPath()): Promise<string> {
  const store = sqliteStore({ path });
  const name = (at: number): string => `pool/gemini/files/with-a-name-of-some-length-${at}`;
  await store.own(
    Array.from({ length: 1_000 }, (_, at) => ({ name: name(at), project: 'main', caller: 'alice', untilMs: null })),
  );
  await store.append(entry);
  await store.close();
  return path;
}

function thrownBy(act: () => unknown): SluiceError {
  try {
    act();
  } catch (error) {
    if (isSluiceError(error, 'storage_unavailable') || isSluiceError(error, 'invalid_options')) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function messageOf(path: string): string {
  const error = thrownBy(() => sqliteStore({ path }));
  expect(error).toMatchObject({ code: 'storage_unavailable', status: 503 });
  return error.message;
}

/** Rights mean nothing to root, so it becomes nobody for a moment. */
function asNobody<Value>(act: () => Value): Value {
  if (process.getuid?.() !== 0) return act();
  process.setegid?.(65534);
  process.seteuid?.(65534);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

describe('opening', () => {
  test('a folder that does not exist is named, with the command that makes it', () => {
    const path = `${newPath()}.d/state.db`;
    const folder = dirname(path);
    expect(messageOf(path)).toBe(
      `sqlite ${path} cannot be made: the folder ${folder} does not exist. ` +
        `Make it (mkdir -m 700 ${folder}), or choose another path.`,
    );
    expect(existsSync(folder)).toBe(false);
  });

  test('a folder in the place of the file', () => {
    const path = newPath();
    mkdirSync(path);
    expect(messageOf(path)).toBe(`sqlite ${path} is a folder. Name a file in it: ${path}/state.db`);
  });

  test('a file in the place of the folder', () => {
    const file = newPath();
    writeFileSync(file, '');
    const path = `${file}/state.db`;
    expect(messageOf(path)).toBe(`sqlite ${path} cannot be made: ${file} is not a folder. Choose another path.`);
  });

  test('a folder where nothing may be made', () => {
    const folder = newPath();
    mkdirSync(folder, { mode: 0o555 });
    chmodSync(dirname(folder), 0o755);
    const path = `${folder}/state.db`;
    expect(asNobody(() => messageOf(path))).toBe(
      `sqlite ${path} cannot be made: this user may not write to the folder ${folder}. ` +
        'Give it the right to, or choose another path.',
    );
  });

  test('a file that may only be read', async () => {
    const folder = newPath();
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    const path = await filled(`${folder}/state.db`);
    chmodSync(path, 0o444);
    const before = readFileSync(path);
    expect(asNobody(() => messageOf(path))).toBe(
      `sqlite ${path} cannot be written. Give this user the right to write to the file and to its folder ` +
        `(chown or chmod ${path} and ${folder}), or choose another path.`,
    );
    expect(readFileSync(path)).toEqual(before);
  });

  test('a file that may be written, in a folder that may not', async () => {
    const folder = newPath();
    mkdirSync(folder);
    const path = await filled(`${folder}/state.db`);
    chmodSync(path, 0o666);
    chmodSync(folder, 0o555);
    expect(asNobody(() => messageOf(path))).toBe(
      `sqlite ${path} cannot be written. Give this user the right to write to the file and to its folder ` +
        `(chown or chmod ${path} and ${folder}), or choose another path.`,
    );
  });

  test('something else in the place of the log', async () => {
    const path = await filled();
    mkdirSync(`${path}-wal`);
    expect(messageOf(path)).toBe(
      `sqlite ${path} cannot be opened, or ${path}-wal and ${path}-shm cannot be made beside it. ` +
        `Give this user the right to write to the folder ${dirname(path)}.`,
    );
  });

  const damaged = (path: string): string =>
    `sqlite ${path} is damaged, or no SQLite database. Nothing was changed. Stop every process that uses it, then ` +
    `restore a backup of ${path}; or move it away, together with ${path}-wal and ${path}-shm, to begin with nothing.`;

  test.each([
    ['a damaged page', (path: string) => overwrite(path, statSync(path).size - 6 * 2048, 2_048)],
    ['a damaged first page', (path: string) => overwrite(path, 100, 1_000)],
    ['half a file', (path: string) => truncateSync(path, Math.floor(statSync(path).size / 4096) * 2048)],
    [
      'another kind of file',
      (path: string) => writeFileSync(path, 'This is a letter, and no database at all.\n'.repeat(99)),
    ],
  ])('%s', async (_what, spoil) => {
    const path = await filled();
    spoil(path);
    const before = readFileSync(path);
    for (let start = 0; start < 2; start++) expect(messageOf(path)).toBe(damaged(path));
    expect(readFileSync(path)).toEqual(before);
  });

  test('a newer schema: both versions are named', async () => {
    const path = await filled();
    change(path, 'PRAGMA user_version = 99');
    const before = readFileSync(path);
    expect(messageOf(path)).toBe(
      `sqlite ${path} has the schema version 99, and this @sluice/store-sqlite knows versions up to 1. Nothing was ` +
        'changed. Use the newer @sluice/store-sqlite that wrote it, or choose another path.',
    );
    expect(readFileSync(path)).toEqual(before);
  });

  test.each(['CREATE TABLE bookmarks (url TEXT)', 'PRAGMA application_id = 7', 'PRAGMA user_version = 1'])(
    'the database of another program (%s)',
    (sql) => {
      const path = newPath();
      change(path, sql);
      const before = readFileSync(path);
      expect(messageOf(path)).toBe(
        `sqlite ${path} is a SQLite database of another program. Nothing was changed. Choose another path.`,
      );
      expect(readFileSync(path)).toEqual(before);
    },
  );

  test('a file that somebody keeps for himself', async () => {
    const path = await filled();
    const other = new DatabaseSync(path);
    takeDown.push(() => other.close());
    other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
    expect(messageOf(path)).toContain(`sqlite ${path} is locked by another program for longer than 1000 ms.`);
  });

  test.each([
    [{ path: '' }, 'path: expected the path of a file, got ""'],
    [{ path: ':memory:' }, 'path: expected the path of a file, got ":memory:"'],
    [{ path: 'state.db', busyMs: 5_000 }, 'busyMs: expected a number from 0 to 100, got 5000'],
    [{ path: 'state.db', busyMs: Number.NaN }, 'busyMs: expected a number from 0 to 100, got null'],
  ])('options that are none (%j)', (options, fault) => {
    const error = thrownBy(() => sqliteStore(options));
    expect(error).toMatchObject({ code: 'invalid_options', message: `sqliteStore: ${fault}`, faults: [fault] });
    expect(existsSync('state.db')).toBe(false);
  });
});

describe('a new file', () => {
  test('belongs to its owner alone, with all that lies beside it, whatever the umask', async () => {
    const before = process.umask(0);
    const path = newPath();
    const store = sqliteStore({ path });
    process.umask(before);
    takeDown.push(() => store.close());
    await store.append(entry);
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(store.name).toBe(`sqlite ${path}`);
  });

  test('may be there already, empty', async () => {
    const path = newPath();
    writeFileSync(path, '');
    await filled(path);
    const store = sqliteStore({ path });
    takeDown.push(() => store.close());
    expect(await store.entries(9)).toEqual([entry]);
  });
});

describe('while it runs', () => {
  test('a full disk is told, nothing acknowledged is lost, and it goes on by itself when there is room', async () => {
    const path = newPath();
    const { store, allow } = storeWithLittleRoom(path);
    const told = new Set<string>();
    const owned: string[] = [];
    let count = 0;
    // Each time another statement is the one that finds no room.
    for (let pages = 0; pages < 40; pages++) {
      allow(pages);
      for (let at = 0; at < 12; at++) {
        const name = `files/${count++}/${'x'.repeat(300)}`;
        try {
          await store.own([{ name, project: 'main', caller: 'alice', untilMs: null }]);
          owned.push(name);
        } catch (error) {
          told.add((error as Error).message);
        }
        try {
          await store.reserve({ ...need, scope: `${scope}/${count}/${'x'.repeat(300)}` });
        } catch (error) {
          told.add((error as Error).message);
        }
      }
    }
    expect(owned.length).toBeGreaterThan(0);
    expect(owned.length).toBeLessThan(count);
    expect([...told]).toEqual([
      `sqlite ${path} has no room: the disk is full. Free some space; nothing else has to be done, and what was ` +
        'acknowledged is there.',
    ]);
    expect(await store.find(owned)).not.toContain(null);

    allow(10_000);
    await store.append(entry);
    let admitted = 0;
    for (let ask = 0; ask < 9; ask++) if ((await store.reserve(need)).reservation !== null) admitted++;
    expect(admitted).toBe(5);
    await store.close();
    const again = sqliteStore({ path });
    takeDown.push(() => again.close());
    expect(await again.find(owned)).not.toContain(null);
    expect(await again.entries(9)).toEqual([entry]);
  });

  test('a reservation that found no room took nothing', async () => {
    const path = newPath();
    const { store, allow } = storeWithLittleRoom(path);
    const names = Array.from({ length: 30 }, (_, at) => ({ name: `model:${at}${'x'.repeat(400)}`, limits }));
    await store.reserve(need);
    allow(0);
    await expect(
      Promise.resolve().then(() => store.reserve({ ...need, meters: [...need.meters, ...names] })),
    ).rejects.toThrow('the disk is full');
    allow(10_000);
    let admitted = 0;
    for (let ask = 0; ask < 9; ask++) if ((await store.reserve(need)).reservation !== null) admitted++;
    expect(admitted).toBe(4);
  });

  test('of things written in one breath either all are written or none', async () => {
    const store = sqliteStore({ path: newPath() });
    takeDown.push(() => store.close());
    const thing = { name: 'files/1', project: 'main', caller: 'alice', untilMs: null };
    const broken = { ...thing, name: Symbol('no name') as unknown as string };
    await expect(Promise.resolve().then(() => store.own([thing, broken]))).rejects.toThrow();
    expect(await store.find(['files/1'])).toEqual([null]);
    await store.own([thing]);
    expect(await store.find(['files/1'])).toEqual([thing]);
  });

  test('a page that is damaged under way', async () => {
    const path = await filled();
    const store = sqliteStore({ path });
    takeDown.push(() => store.close());
    overwrite(path, 4096, statSync(path).size - 4096);
    const names = Array.from({ length: 1_000 }, (_, at) => `pool/gemini/files/with-a-name-of-some-length-${at}`);
    expect(thrownBy(() => store.find(names)).message).toContain(`sqlite ${path} is damaged, or no SQLite database.`);
  });

  test.each([
    ['deleted', (path: string) => rmSync(path)],
    [
      'replaced',
      (path: string) => {
        renameSync(path, `${path}.old`);
        writeFileSync(path, '');
      },
    ],
  ])('a file that was %s: nothing is acknowledged that would be lost', async (what, act) => {
    const path = await filled();
    const store = sqliteStore({ path });
    takeDown.push(() => store.close());
    act(path);
    const calls: ((store: Store) => unknown)[] = [
      (one) => one.append(entry),
      (one) => one.cool({ scope, subject: 'k', reason: 'r', sinceMs: 1, untilMs: null }),
      (one) => one.own([{ name: 'f', project: 'p', caller: null, untilMs: null }]),
      (one) => one.wake(scope, 'k'),
      (one) => one.reserve(need),
    ];
    for (const call of calls) {
      expect(thrownBy(() => call(store)).message).toBe(
        `sqlite ${path} was ${what} while it was in use. Nothing more is written to it. ` +
          'Put it back and restart every process that uses it.',
      );
    }
  });
});

/** @returns `allow` says how many pages the file may grow beyond what it is */
function storeWithLittleRoom(path: string): { store: SqliteStore; allow: (pages: number) => void } {
  const file = new StateFile(path);
  const counters = new Connection(path, 'NORMAL', 50, (database) => migrate(database, path));
  const control = new Connection(path, 'FULL', 50);
  const store = new SqliteStore(file, counters, control, systemClock);
  takeDown.push(() => store.close());
  const allow = (pages: number): void => {
    for (const { database } of [counters, control]) {
      const now = Number(Object.values(database.prepare('PRAGMA page_count').get() ?? {})[0]);
      database.exec(`PRAGMA max_page_count = ${now + pages}`);
    }
  };
  return { store, allow };
}

function change(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

function overwrite(path: string, from: number, bytes: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(bytes, 0xa5), 0, bytes, from);
  closeSync(file);
}
