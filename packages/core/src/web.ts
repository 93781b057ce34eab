/**
 * Entry `@sluice/core/web`: a gateway as a function from `Request` to `Response`, free of everything that is Node's.
 *
 * @module
 */

import { mountPrefix } from './client/mount.ts';
import { webExchange } from './client/web.ts';
import type { Gateway } from './gateway.ts';

export { type FetchOptions, fetchUpstream } from './upstream/fetch.ts';

/** How a gateway is mounted. */
export interface FetchHandlerOptions {
  /**
   * What precedes the API's own paths: `/gemini`. Addresses of uploads begin with the origin of the request's URL, or with
   * `server.publicOrigin`, and this. @default ''
   */
  mountPath?: string | undefined;
}

/**
 * What a server of web standards calls with each request.
 *
 * @param host - what a `callers` function finds as `question.host`: Hono's context, for one. Workers call with their `env`.
 */
export type FetchHandler = (request: Request, host?: unknown) => Promise<Response>;

/**
 * Makes a gateway a handler for servers that speak web standards: Hono, Next's route handlers, Workers, Bun, Deno.
 *
 * @example
 * const gateway = createGateway({ keys: 'AIza…', callers: 'anyone' });
 * export default { fetch: fetchHandler(gateway, { mountPath: '/gemini' }) };
 */
export function fetchHandler(gateway: Gateway, { mountPath = '' }: FetchHandlerOptions = {}): FetchHandler {
  const prefix = mountPrefix(mountPath);
  return (request, host) => {
    const { publicOrigin, bodyInMs } = gateway.settings.server;
    const { exchange, response } = webExchange(request, prefix, publicOrigin, host, bodyInMs);
    void gateway.handle(exchange);
    return response;
  };
}
