/** The key that is made for whoever starts the proxy on their own machine without naming callers. */

import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '@sluice/core';
import { makeDataFolder, unusable } from './data-folder.ts';

/** Where it lies in the data folder. */
export function callerKeyPath(folder: string): string {
  return join(folder, 'caller-key');
}

/** The key that an earlier start has made, or null; also where nobody may look. Nothing is made or mended. */
export function keptCallerKey(folder: string): string | null {
  try {
    return readFileSync(callerKeyPath(folder), 'utf8').trim();
  } catch {
    return null;
  }
}

/**
 * Reads the key from the data folder, or makes one on the first start, for its owner's eyes alone (0600).
 *
 * The key is written under another name and then linked to its own: two processes that start at once agree on one,
 * and nobody ever reads half of it.
 *
 * @throws SluiceError `invalid_options` when the folder cannot be used, or what lies there is no key
 */
export function localCallerKey(folder: string): string {
  const path = callerKeyPath(folder);
  const found = read(folder, path);
  if (found !== null) return found;
  makeDataFolder(folder);
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, `sluice-${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
    linkOnce(draft, path);
  } catch (error) {
    throw unusable(folder, error);
  } finally {
    rmSync(draft, { force: true });
  }
  const kept = read(folder, path);
  if (kept === null) throw unusable(folder, new Error('what was written is gone'));
  return kept;
}

function read(folder: string, path: string): string | null {
  let key: string;
  try {
    key = readFileSync(path, 'utf8').trim();
    chmodSync(path, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unusable(folder, error);
  }
  if (/^[\x21-\x7e]{16,}$/.test(key)) return key;
  throw new SluiceError(
    'invalid_options',
    `${path} does not hold a caller key. Delete it: the next start makes a new one.`,
  );
}

function linkOnce(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another process was first: its key counts
  }
}
