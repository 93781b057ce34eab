/** Core, loaded by the first request: `next build` evaluates routes, and where Next plays the edge that needs `disarm`. */

import type { Gateway, GatewayOptions } from '@sluice/core';
import { disarm } from './runtime.ts';

type WebEntry = typeof import('@sluice/core/web');

/** Entry `@sluice/core/web`. */
export function webEntry(): Promise<WebEntry> {
  disarm();
  return import('@sluice/core/web');
}

/** `createGateway` of `@sluice/core`. */
export async function makeGateway<Host>(options: GatewayOptions<Host>): Promise<Gateway> {
  disarm();
  const { createGateway } = await import('@sluice/core');
  return createGateway(options);
}
