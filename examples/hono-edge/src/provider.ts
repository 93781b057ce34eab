/** Where answers come from: what variables name, or a simulator in this process when there are no keys. */

import type { GatewayOptions } from '@sluice/core';
import { demoKey, startSimulator } from '@sluice/simulator';
import { type Environment, optionsFrom } from './environment.ts';

/** A word takes as long as it does from a real model. */
const wordMs = 45;

/** An origin of answers, and who may ask for them. */
export interface Provider {
  readonly options: GatewayOptions;
  readonly isDemo: boolean;
  /** A key that may call, to be printed; null when callers are named by whoever started this. */
  readonly ownKey: string | null;
  close(): Promise<void>;
}

/** Reads the variables of {@link optionsFrom}; without caller keys one is made for this process. */
export async function openProvider(environment: Environment): Promise<Provider> {
  const ownKey = environment.SLUICE_API_KEYS ? null : crypto.randomUUID();
  const callers = ownKey ?? environment.SLUICE_API_KEYS;
  if (environment.GEMINI_API_KEYS || environment.GEMINI_API_KEY) {
    return { options: { ...optionsFrom(environment), callers }, isDemo: false, ownKey, close: async () => {} };
  }
  const { url, close } = await startSimulator({ chunkMs: wordMs, maxJournalEntries: 0 });
  const pools = { gemini: { baseUrl: url, projects: [{ id: 'demo', keys: [demoKey] }] } };
  return { options: { pools, callers }, isDemo: true, ownKey, close };
}
