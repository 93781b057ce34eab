/** What every gateway is told: a pool of three projects with two keys each, and three callers. */

import type { GatewayOptions } from '@sluice/core';
import { callerKey, providerKeys } from '../traffic.ts';
import { upstreamOrigin } from './announce.ts';

/** Options for `createGateway`, for the provider that the environment names. */
export function gatewayOptions(): GatewayOptions {
  const projects = [0, 1, 2].map((at) => ({ id: `project-${at}`, keys: providerKeys.slice(at * 2, at * 2 + 2) }));
  return {
    pools: { gemini: { baseUrl: upstreamOrigin(), projects } },
    callers: [
      { id: 'alice', key: 'alice-0123456789abcdef' },
      { id: 'bench', key: callerKey },
      { id: 'carol', key: 'carol-0123456789abcdef' },
    ],
  };
}
