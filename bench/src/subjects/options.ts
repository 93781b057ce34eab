/**
 * What every gateway is told: a pool of three projects with two keys each, and three callers. What a figure wants
 * otherwise stands in `BENCH_OPTIONS`, as JSON.
 */

import type { GatewayOptions, ProjectLimits } from '@sluice/core';
import { callerKey, providerKeys } from '../traffic.ts';
import { upstreamOrigin } from './announce.ts';

/** Options of a figure's own. They are those of the configuration file, so that the proxy gets the same. */
export interface Tuning extends Pick<GatewayOptions, 'timeouts' | 'queue' | 'cache' | 'overload'> {
  readonly server?: { readonly drainMs: number } | undefined;
  /** One project with these limits in the place of three without. */
  readonly onlyProject?: ProjectLimits | undefined;
}

/** Options for `createGateway`, for the provider that the environment names. */
export function gatewayOptions(): GatewayOptions {
  const { onlyProject, server, ...tuning } = JSON.parse(process.env.BENCH_OPTIONS ?? '{}') as Tuning;
  const projects =
    onlyProject === undefined
      ? [0, 1, 2].map((at) => ({ id: `project-${at}`, keys: providerKeys.slice(at * 2, at * 2 + 2) }))
      : [{ id: 'project-0', keys: [...providerKeys], limits: onlyProject }];
  return {
    pools: { gemini: { baseUrl: upstreamOrigin(), projects } },
    callers: [
      { id: 'alice', key: 'alice-0123456789abcdef' },
      { id: 'bench', key: callerKey },
      { id: 'carol', key: 'carol-0123456789abcdef' },
    ],
    ...tuning,
  };
}
