/** What SQLite and the file system complain of, in words that say what to do. Nothing is ever deleted or mended here. */

import { dirname } from 'node:path';
import { isSluiceError, SluiceError } from '@sluice/core';

/** SQLite's primary result codes that mean something to an operator. @see https://sqlite.org/rescode.html */
const busy = 5;
const locked = 6;
const readOnly = 8;
const ioError = 10;
const corrupt = 11;
const full = 13;
const cannotOpen = 14;
const notADatabase = 26;

type Wording = (path: string) => string;

const wordings: Readonly<Record<number, Wording>> = {
  [readOnly]: (path) =>
    'cannot be written. Give this user the right to write to the file and to its folder ' +
    `(chown or chmod ${path} and ${dirname(path)}), or choose another path.`,
  [ioError]: () =>
    'cannot be read or written: the disk or its file system answers with an error. Look at the log of the system, ' +
    'and use a local disk, not a network share.',
  [corrupt]: (path) => damaged(path),
  [full]: () =>
    'has no room: the disk is full. Free some space; nothing else has to be done, and what was acknowledged is there.',
  [cannotOpen]: (path) =>
    `cannot be opened, or ${path}-wal and ${path}-shm cannot be made beside it. ` +
    `Give this user the right to write to the folder ${dirname(path)}.`,
  [notADatabase]: (path) => damaged(path),
};

function damaged(path: string): string {
  return (
    'is damaged, or no SQLite database. Nothing was changed. Stop every process that uses it, then restore a backup ' +
    `of ${path}; or move it away, together with ${path}-wal and ${path}-shm, to begin with nothing.`
  );
}

const fileWordings: Readonly<Record<string, Wording>> = {
  ENOENT: (path) =>
    `cannot be made: the folder ${dirname(path)} does not exist. Make it (mkdir -m 700 ${dirname(path)}), or choose another path.`,
  ENOTDIR: (path) => `cannot be made: ${dirname(path)} is not a folder. Choose another path.`,
  EACCES: (path) =>
    `cannot be made: this user may not write to the folder ${dirname(path)}. Give it the right to, or choose another path.`,
  EROFS: () => 'cannot be made: the file system is mounted for reading only. Choose another path.',
  ENOSPC: () => 'cannot be made: the disk is full. Free some space.',
  EISDIR: (path) => `is a folder. Name a file in it: ${path}/state.db`,
};

/** The error for people. Errors that are none of SQLite's or the file system's come back as they are. */
export function faultOf(error: unknown, path: string): unknown {
  if (isSluiceError(error)) return error;
  const code = primaryCode(error);
  if (code !== null) return unavailable(path, (wordings[code] ?? (() => otherWording(error, code)))(path), error);
  const { code: name } = (error ?? {}) as NodeJS.ErrnoException;
  const wording = fileWordings[name ?? ''];
  return wording === undefined ? error : unavailable(path, wording(path), error);
}

function otherWording(error: unknown, code: number): string {
  return `answers with the SQLite code ${code} (${(error as { readonly errstr?: string }).errstr ?? 'unknown'}).`;
}

/** @param says - goes on after the path, ends with a full stop and what would help */
export function unavailable(path: string, says: string, cause?: unknown): SluiceError {
  return new SluiceError('storage_unavailable', `sqlite ${path} ${says}`, { cause });
}

/** Somebody else holds the lock: worth another try. */
export function isBusy(error: unknown): boolean {
  const code = primaryCode(error);
  return code === busy || code === locked;
}

/** The low byte of SQLite's code; null for errors that are not SQLite's. */
function primaryCode(error: unknown): number | null {
  const { code, errcode } = (error ?? {}) as { readonly code?: unknown; readonly errcode?: unknown };
  return code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' ? errcode & 0xff : null;
}
