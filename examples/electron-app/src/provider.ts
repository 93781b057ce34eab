/** Whose keys serve a user who has not saved one yet: those of the environment, or else a simulator's. */

import type { GivenKeys } from '@sluice/electron';
import { demoKey, startSimulator } from '@sluice/simulator';

/** A word takes as long as it does from a real model. */
const wordMs = 45;

export interface Provider {
  readonly given: GivenKeys;
  readonly isDemo: boolean;
}

/** Reads `GEMINI_API_KEYS` (or `GEMINI_API_KEY`) and `GEMINI_BASE_URL`. The simulator lives as long as the process. */
export async function openProvider(environment: NodeJS.ProcessEnv): Promise<Provider> {
  const keys = environment.GEMINI_API_KEYS || environment.GEMINI_API_KEY;
  if (keys) return { given: { keys, baseUrl: environment.GEMINI_BASE_URL || undefined }, isDemo: false };
  const { url } = await startSimulator({ chunkMs: wordMs, maxJournalEntries: 0 });
  return { given: { keys: demoKey, baseUrl: url }, isDemo: true };
}
