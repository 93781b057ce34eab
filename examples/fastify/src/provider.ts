/** Where answers come from: Gemini when there are keys, else a simulator in this process. */

import type { GatewayOptions } from '@sluice/core';
import { parseKeys } from '@sluice/core';
import { demoKey, startSimulator } from '@sluice/simulator';

/** A word takes as long as it does from a real model. */
const wordMs = 45;

/** An origin of answers. */
export interface Provider {
  readonly options: Pick<GatewayOptions, 'keys' | 'pools'>;
  readonly isDemo: boolean;
  close(): Promise<void>;
}

/** Reads `GEMINI_API_KEYS` (or `GEMINI_API_KEY`) and `GEMINI_BASE_URL`. */
export async function openProvider(environment: NodeJS.ProcessEnv): Promise<Provider> {
  const keys = environment.GEMINI_API_KEYS || environment.GEMINI_API_KEY;
  if (!keys) return startDemo();
  const baseUrl = environment.GEMINI_BASE_URL || undefined;
  const options = baseUrl === undefined ? { keys } : { pools: { gemini: { baseUrl, projects: parseKeys(keys) } } };
  return { options, isDemo: false, close: async () => {} };
}

async function startDemo(): Promise<Provider> {
  const { url, close } = await startSimulator({ chunkMs: wordMs, maxJournalEntries: 0 });
  const options = { pools: { gemini: { baseUrl: url, projects: [{ id: 'demo', keys: [demoKey] }] } } };
  return { options, isDemo: true, close };
}
