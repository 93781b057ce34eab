/** Demo mode: without a Gemini key, a simulator in this process answers, and leaves no doubt about what it is. */

import type { GatewayOptions } from '@sluice/core';
import { demoKey, startSimulator } from '@sluice/simulator';

/** A word takes as long as it does from the real one: a stream that anybody can watch. */
const wordMs = 45;

/** A simulator that runs, as a provider to send requests to. */
export interface Demo {
  readonly pools: NonNullable<GatewayOptions['pools']>;
  close(): Promise<void>;
}

/** Starts the simulator on a free port of this machine. */
export async function startDemo(): Promise<Demo> {
  const { url, close } = await startSimulator({ chunkMs: wordMs, maxJournalEntries: 0 });
  return { pools: { gemini: { baseUrl: url, projects: [{ id: 'demo', keys: [demoKey] }] } }, close };
}
