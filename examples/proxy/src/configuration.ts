/** The whole of the settings: file and environment together, checked before anything is opened, made or listened on. */

import { isSluiceError, type ResolvedConfiguration, readConfiguration, SluiceError } from '@sluice/core';
import { isLoopback } from './address.ts';
import { defaultConfigFile, readConfigFile } from './config-file.ts';
import { type Environment, inSection, isRaw, type Raw, readEnvironment, withEnvironment } from './environment.ts';
import { usualFormat } from './log.ts';
import { ownKeyFaults, ownKeys, withoutOwnKeys } from './own-keys.ts';
import { defaultStoreUrl, storeFault } from './store.ts';

/** Settings without fault, of which two things may still be missing: a caller and somebody to call. */
export interface Draft {
  readonly raw: Raw;
  readonly dataFolder: string;
  /** The file that was read, or that would be if it were there. */
  readonly configFile: string;
  readonly hasFile: boolean;
  /** Nobody named a Gemini key: the simulator has to answer. */
  readonly isDemo: boolean;
  /** Nobody named a caller, and only this machine can reach the proxy: a key may be made for it. */
  readonly needsCaller: boolean;
  /** Where the callers were named, for people. */
  readonly callersFrom: CallersFrom;
  /** What was put right, in sentences without an end; whoever starts the process should know. */
  readonly warnings: readonly string[];
}

/** Where the callers come from. A variable that holds one bare key can stand in a shell command as it is. */
export type CallersFrom =
  | 'data-folder'
  | 'file'
  | 'anyone'
  | { readonly variable: string; readonly isBareKey: boolean };

/** What a process that runs already cannot take back. */
export interface Running {
  /** What is listened on, whatever the file says by now. */
  readonly host: string;
  readonly isDemo: boolean;
  readonly hasFile: boolean;
}

/**
 * Reads and checks everything that the process was told.
 *
 * @param running - what the process is already, when it reads again
 * @throws SluiceError `invalid_options` with one line per fault, all of them at once
 */
export function readDraft(variables: NodeJS.ProcessEnv, running: Running | null = null): Draft {
  const told = readEnvironment(variables);
  const configFile = told.configFile ?? defaultConfigFile;
  const file = readConfigFile(told.configFile);
  const hasFile = file !== undefined;
  // It may be about to come back: what it held is not given up for a moment's absence.
  if (!hasFile && running?.hasFile === true) throw invalid([`The configuration file ${configFile} is gone.`]);
  const held = hasFile ? file : {};
  if (!isRaw(held)) throw invalid([`${configFile} must hold an object.`]);
  const own = ownKeys(held, told);
  const { variables: left, warnings } = withoutOwnKeys(variables, own);
  const environment = readEnvironment(left);
  const raw = withDefaults(withEnvironment(held, environment));
  const isDemo = held.keys === undefined && held.pools === undefined && environment.geminiKeys === null;
  const faults = [
    ...ownFaults(raw, environment, isDemo, running),
    ...ownKeyFaults(raw, own),
    ...coreFaults(raw, isDemo).map(withOrigin(environment)),
  ];
  // What was left out may be why something is missing.
  if (faults.length > 0) throw invalid([...faults, ...warnings.map((warning) => `${warning}.`)]);
  return {
    raw,
    dataFolder: environment.dataFolder,
    configFile,
    hasFile,
    isDemo,
    needsCaller: raw.callers === undefined,
    callersFrom: callersFrom(raw, environment),
    warnings,
  };
}

/** Fills in what the draft leaves open. */
export function complete({ raw }: Draft, missing: { callers?: unknown; pools?: unknown }): ResolvedConfiguration {
  return readConfiguration({ ...raw, ...missing });
}

function invalid(faults: readonly string[]): SluiceError {
  const [first = '', ...others] = faults;
  const list = others.length === 0 ? first : [`${faults.length} things are wrong:`, ...faults].join('\n- ');
  return new SluiceError('invalid_options', list, { faults });
}

/** What depends on where the process runs has its defaults here, everything else in the core. */
function withDefaults(raw: Raw): Raw {
  return withDefault(withDefault(raw, 'log', 'format', usualFormat()), 'store', 'url', defaultStoreUrl);
}

function withDefault(raw: Raw, section: string, name: string, value: string): Raw {
  const values = raw[section] ?? {};
  return isRaw(values) && values[name] === undefined ? inSection(raw, section, { [name]: value }) : raw;
}

/** What only the process can judge: a gateway does not know where it is listened on. */
function ownFaults(raw: Raw, environment: Environment, isDemo: boolean, running: Running | null): string[] {
  const { host } = running ?? (isRaw(raw.server) ? raw.server : {});
  // A host that nobody named is the default, which is this machine alone; one of the wrong type is named by the check.
  const isAlone = typeof host !== 'string' || isLoopback(host);
  const { url } = isRaw(raw.store) ? raw.store : {};
  const wrongStore = typeof url === 'string' ? storeFault(url) : null;
  const faults: string[] = [];
  if (isDemo && environment.geminiBaseUrl !== null) {
    faults.push('GEMINI_BASE_URL is set but no key is: set GEMINI_API_KEYS too, or leave both out for the simulator.');
  }
  if (isDemo && running?.isDemo === false) {
    faults.push('No provider key is named any more. Put one back, or start again for demo mode.');
  }
  if (wrongStore !== null) faults.push(`${environment.store === null ? 'store.url' : 'SLUICE_STORE'} ${wrongStore}.`);
  if (environment.callers === 'anyone') {
    faults.push(`${environment.callersIn} holds keys; callers: 'anyone' can only be said in the configuration file.`);
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
  [/^server\.port /, 'port', () => 'PORT'],
  [/^server\.host /, 'host', () => 'HOST'],
  [/^pools\.gemini\.baseUrl /, 'geminiBaseUrl', () => 'GEMINI_BASE_URL'],
  [
    /^pools\.gemini\.projects|^key \d+ of project |^project /,
    'geminiKeys',
    ({ geminiKeysIn }: Environment) => geminiKeysIn,
  ],
  [/^the key of caller |^caller /, 'callers', ({ callersIn }: Environment) => callersIn],
] as const;

function withOrigin(environment: Environment): (fault: string) => string {
  return (fault) => {
    const origin = origins.find(([pattern, name]) => environment[name] !== null && pattern.test(fault));
    return origin === undefined ? fault : `${fault} (from ${origin[2](environment)})`;
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

function callersFrom(raw: Raw, { callers, callersIn }: Environment): CallersFrom {
  if (callers !== null) return { variable: callersIn, isBareKey: !/[,\n=]/.test(callers) };
  if (raw.callers === 'anyone') return 'anyone';
  return raw.callers === undefined ? 'data-folder' : 'file';
}
