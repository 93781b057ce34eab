/** Where answers come from: what the environment says. */

import { type GatewayOptions, parseKeys } from '@sluice/core';

/** Reads `GEMINI_API_KEYS` (or `GEMINI_API_KEY`) and `GEMINI_BASE_URL`. */
export function provider(environment: NodeJS.ProcessEnv): Pick<GatewayOptions, 'keys' | 'pools'> {
  const keys = environment.GEMINI_API_KEYS || environment.GEMINI_API_KEY;
  const baseUrl = environment.GEMINI_BASE_URL || undefined;
  // `next build` looks at this file, too, and has no keys. The first request will say what is missing.
  if (!keys || baseUrl === undefined) return { keys };
  return { pools: { gemini: { baseUrl, projects: parseKeys(keys) } } };
}
