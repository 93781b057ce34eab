/** Where state is kept: opens the store that an address names, and loads what it needs for it alone. */

import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isSluiceError, SluiceError, type Store } from '@sluice/core';
import { makeDataFolder } from './data-folder.ts';

/** A file in the data folder, when nobody says otherwise. */
export const defaultStoreUrl = 'sqlite:';

const known = 'memory:, sqlite:PATH, redis://HOST:PORT, rediss://HOST:PORT and redis+cluster://HOST:PORT,HOST:PORT';
const longestTryMs = 1_000;
const wayOut = 'SLUICE_STORE=memory: starts without it; state then ends with the process.';

/** What is wrong with an address, or null. It is not repeated: a password may stand in it. */
export function storeFault(url: string): string | null {
  if (url === 'memory:') return null;
  const [, scheme = ''] = /^([a-z][a-z0-9+]{1,19}):/.exec(url) ?? [];
  if (scheme === 'sqlite') return null;
  if (/^rediss?(\+cluster)?$/.test(scheme)) {
    return hasHosts(url) ? null : `names no hosts as ${scheme}://HOST:PORT does`;
  }
  return scheme === '' ? `names no store; known are ${known}` : `names the store "${scheme}:"; known are ${known}`;
}

/**
 * Opens the store.
 *
 * @returns null for memory, which a gateway has of its own
 * @throws SluiceError `invalid_options` when it cannot be used and will not be by waiting; a Redis that cannot be
 * reached just now is none of that
 */
export async function openStore(url: string, dataFolder: string): Promise<Store | null> {
  if (url === 'memory:') return null;
  const path = /^sqlite:(?:\/\/)?(.*)$/.exec(url)?.[1];
  if (path === undefined) return openRedis(url);
  if (path !== '') return openSqlite(path);
  makeDataFolder(dataFolder);
  return openSqlite(join(dataFolder, 'state.db'));
}

/** What keeps a store from answering at the start, or null. The gateway goes on without it; somebody should know. */
export async function troubleOf(store: Store): Promise<string | null> {
  const late = wait(longestTryMs, `no answer within ${longestTryMs} ms`);
  try {
    return await Promise.race([Promise.resolve(store.rests()).then(() => null), late]);
  } catch (error) {
    return (error as Error).message;
  }
}

async function openSqlite(path: string): Promise<Store> {
  try {
    const { sqliteStore } = await import('@sluice/store-sqlite');
    return sqliteStore({ path });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ERR_UNKNOWN_BUILTIN_MODULE') {
      throw refused(`Node ${process.versions.node} was built or started without node:sqlite.`, error);
    }
    if (isSluiceError(error)) throw refused(error.message, error);
    if (!code.startsWith('ERR_SQLITE')) throw error;
    throw refused(`The state file ${path} cannot be used: ${(error as Error).message}`, error);
  }
}

async function openRedis(url: string): Promise<Store> {
  const { redisStore } = await import('@sluice/store-redis');
  try {
    return redisStore({ url });
  } catch (error) {
    // What it says may repeat the address.
    if (isSluiceError(error)) throw refused('The address of the store cannot be read.', undefined);
    throw error;
  }
}

function refused(what: string, cause: unknown): SluiceError {
  return new SluiceError('invalid_options', `${what.replace(/(?<![.!])$/, '.')} ${wayOut}`, { cause });
}

function hasHosts(url: string): boolean {
  const [, login = '', hosts = ''] = /^[^:]+:\/\/([^/?#]*@)?([^/?#@]+)/.exec(url) ?? [];
  return hosts.split(',').every((host) => host !== '' && URL.canParse(`redis://${login}${host}`));
}
