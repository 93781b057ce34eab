/** What the environment says, laid over what the configuration file says. The environment wins. */

import { parseKeys } from '@sluice/core';
import { dataFolderOf } from './data-folder-name.ts';

/** The variables that the proxy reads; an empty one counts as not set. */
export interface Environment {
  /** The file that was asked for by name. */
  readonly configFile: string | null;
  readonly dataFolder: string;
  readonly port: string | null;
  readonly host: string | null;
  readonly geminiKeys: string | null;
  /** The variable that they stand in. */
  readonly geminiKeysIn: string;
  readonly geminiBaseUrl: string | null;
  readonly callers: string | null;
  /** The variable that they stand in. */
  readonly callersIn: string;
  readonly store: string | null;
}

/** Reads them; nothing is judged yet. */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const read = (name: string): string | null => variables[name]?.trim() || null;
  const firstSet = (names: readonly [string, string]): string => (read(names[0]) === null ? names[1] : names[0]);
  const geminiKeysIn = firstSet(['GEMINI_API_KEYS', 'GEMINI_API_KEY']);
  const callersIn = firstSet(['SLUICE_API_KEYS', 'SLUICE_API_KEY']);
  return {
    configFile: read('SLUICE_CONFIG'),
    dataFolder: dataFolderOf(variables),
    port: read('PORT'),
    host: read('HOST'),
    geminiKeys: read(geminiKeysIn),
    geminiKeysIn,
    geminiBaseUrl: read('GEMINI_BASE_URL'),
    callers: read(callersIn),
    callersIn,
    store: read('SLUICE_STORE'),
  };
}

/** A JSON object of which nothing is known yet. */
export type Raw = Readonly<Record<string, unknown>>;

/** Whether a value can be looked into by name. */
export function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Lays the environment over a configuration that nobody has checked yet. Where the file has the wrong shape, it is left
 * as it is, so that the check can name the fault.
 */
export function withEnvironment(file: Raw, environment: Environment): Raw {
  const { port, host, geminiKeys, geminiBaseUrl, callers, store } = environment;
  let raw = file;
  if (port !== null) raw = inSection(raw, 'server', { port: /^\d+$/.test(port) ? Number(port) : port });
  if (host !== null) raw = inSection(raw, 'server', { host });
  if (callers !== null) raw = { ...raw, callers };
  if (store !== null) raw = inSection(raw, 'store', { url: store });
  if (geminiKeys !== null) raw = inPool({ ...raw, keys: undefined }, { projects: parseKeys(geminiKeys) });
  if (geminiBaseUrl === null) return raw;
  // The short form has no room for an origin: written out, it has.
  if (typeof raw.keys === 'string' && raw.pools === undefined)
    raw = inPool({ ...raw, keys: undefined }, { projects: parseKeys(raw.keys) });
  return inPool(raw, { baseUrl: geminiBaseUrl });
}

/** Adds values to the one pool that there is. */
function inPool(raw: Raw, values: Raw): Raw {
  const pools = raw.pools ?? {};
  return isRaw(pools) ? { ...raw, pools: inSection(pools, 'gemini', values) } : raw;
}

/** Adds values to a section, unless something else than a section stands in its place. */
export function inSection(raw: Raw, name: string, values: Raw): Raw {
  const section = raw[name] ?? {};
  return isRaw(section) ? { ...raw, [name]: { ...section, ...values } } : raw;
}
