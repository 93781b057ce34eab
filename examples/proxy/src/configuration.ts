/** The whole of the settings: file and environment together, checked before anything is opened, made or listened on. */

import { isSluiceError, type ResolvedConfiguration, readConfiguration, SluiceError } from '@sluice/core';
import { isLoopback } from './address.ts';
import { defaultConfigFile, readConfigFile } from './config-file.ts';
import { type Environment, inSection, isRaw, type Raw, readEnvironment, withEnvironment } from './environment.ts';
import { usualFormat } from './log.ts';

/** Settings without fault, of which two things may still be missing: a caller and somebody to call. */
export interface Draft {
  readonly raw: Raw;
  readonly dataFolder: string;
  /** Nobody named a Gemini key: the simulator has to answer. */
  readonly isDemo: boolean;
  /** Nobody named a caller, and only this machine can reach the proxy: a key may be made for it. */
  readonly needsCaller: boolean;
  /** Where the callers were named, for people. */
  readonly callersFrom: CallersFrom;
}

/** Where the callers come from. A variable that holds one bare key can stand in a shell command as it is. */
export type CallersFrom = 'data-folder' | 'variable' | 'variable-list' | 'file' | 'anyone';

/**
 * Reads and checks everything that the process was told.
 *
 * @throws SluiceError `invalid_options` with one line per fault, all of them at once
 */
export function readDraft(variables: NodeJS.ProcessEnv): Draft {
  const environment = readEnvironment(variables);
  const file = readConfigFile(environment.configFile);
  if (!isRaw(file)) throw new SluiceError('invalid_options', `${fileName(environment)} must hold an object.`);
  const raw = withFormat(withEnvironment(file, environment));
  const isDemo = file.keys === undefined && file.pools === undefined && environment.geminiKeys === null;
  const faults = [...ownFaults(raw, environment, isDemo), ...coreFaults(raw, isDemo).map(withOrigin(environment))];
  if (faults.length > 0) throw new SluiceError('invalid_options', listed(faults));
  return {
    raw,
    dataFolder: environment.dataFolder,
    isDemo,
    needsCaller: raw.callers === undefined,
    callersFrom: callersFrom(raw, environment),
  };
}

/** Fills in what the draft leaves open. */
export function complete({ raw }: Draft, missing: { callers?: unknown; pools?: unknown }): ResolvedConfiguration {
  return readConfiguration({ ...raw, ...missing });
}

function listed(faults: readonly string[]): string {
  const [first = '', ...others] = faults;
  return others.length === 0 ? first : [`${faults.length} things are wrong:`, ...faults].join('\n- ');
}

function fileName({ configFile }: Environment): string {
  return configFile ?? defaultConfigFile;
}

function withFormat(raw: Raw): Raw {
  const log = raw.log ?? {};
  return isRaw(log) && log.format === undefined ? inSection(raw, 'log', { format: usualFormat() }) : raw;
}

/** What only the process can judge: a gateway does not know where it is listened on. */
function ownFaults(raw: Raw, environment: Environment, isDemo: boolean): string[] {
  const { host } = isRaw(raw.server) ? raw.server : {};
  // A host that nobody named is the default, which is this machine alone; one of the wrong type is named by the check.
  const isAlone = typeof host !== 'string' || isLoopback(host);
  const faults: string[] = [];
  if (isDemo && environment.geminiBaseUrl !== null) {
    faults.push('GEMINI_BASE_URL is set but no key is: set GEMINI_API_KEYS too, or leave both out for the simulator.');
  }
  if (environment.store !== null && environment.store !== 'memory:') {
    // The value is not repeated: the URL of a store may hold a password.
    faults.push('SLUICE_STORE takes `memory:` alone so far: state is kept in memory and ends with the process.');
  }
  if (environment.callers === 'anyone') {
    faults.push("SLUICE_API_KEYS holds keys; callers: 'anyone' can only be said in the configuration file.");
  }
  if (!isAlone && raw.callers === undefined) {
    faults.push(
      `On ${host} others can reach the proxy, so callers need keys: set SLUICE_API_KEYS to keys of at least 16 characters (parted by commas), or HOST to 127.0.0.1.`,
    );
  }
  if (!isAlone && raw.callers === 'anyone') {
    faults.push(
      `callers: 'anyone' is for 127.0.0.1 alone, and others can reach ${host}: list callers with keys instead.`,
    );
  }
  return faults;
}

/** Where each variable ends up, so that a fault names what was written and not only what became of it. */
const origins = [
  [/^server\.port /, 'port', 'PORT'],
  [/^server\.host /, 'host', 'HOST'],
  [/^pools\.gemini\.baseUrl /, 'geminiBaseUrl', 'GEMINI_BASE_URL'],
  [/^pools\.gemini\.projects|^key \d+ of project |^project /, 'geminiKeys', 'GEMINI_API_KEYS'],
  [/^the key of caller |^caller /, 'callers', 'SLUICE_API_KEYS'],
] as const;

function withOrigin(environment: Environment): (fault: string) => string {
  return (fault) => {
    const origin = origins.find(([pattern, name]) => environment[name] !== null && pattern.test(fault));
    return origin === undefined ? fault : `${fault} (from ${origin[2]})`;
  };
}

/** Checks the rest with something harmless in the place of what is filled in later. */
function coreFaults(raw: Raw, isDemo: boolean): string[] {
  const callers = raw.callers ?? 'anyone';
  const { pools, ...rest } = raw;
  try {
    readConfiguration(isDemo ? { ...rest, keys: 'stand-in-key', callers } : { ...rest, pools, callers });
    return [];
  } catch (error) {
    if (!isSluiceError(error, 'invalid_options')) throw error;
    return [...error.faults];
  }
}

function callersFrom(raw: Raw, { callers }: Environment): CallersFrom {
  if (callers !== null) return /[,\n=]/.test(callers) ? 'variable-list' : 'variable';
  if (raw.callers === 'anyone') return 'anyone';
  return raw.callers === undefined ? 'data-folder' : 'file';
}
