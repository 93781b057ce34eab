/** What variables say, whatever a runtime calls them: `process.env`, bindings, `Deno.env`. */

import { type GatewayOptions, parseKeys } from '@sluice/core';

/** All of them are texts, and any may be missing. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads `GEMINI_API_KEYS` (or `GEMINI_API_KEY`), `GEMINI_BASE_URL` and `SLUICE_API_KEYS`. */
export function optionsFrom(environment: Environment): GatewayOptions {
  const { GEMINI_API_KEYS, GEMINI_API_KEY, GEMINI_BASE_URL, SLUICE_API_KEYS: callers } = environment;
  const keys = GEMINI_API_KEYS || GEMINI_API_KEY || '';
  if (!GEMINI_BASE_URL) return { keys, callers };
  return { pools: { gemini: { baseUrl: GEMINI_BASE_URL, projects: parseKeys(keys) } }, callers };
}
