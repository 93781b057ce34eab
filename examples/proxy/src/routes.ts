/** The proxy's own few routes; everything else belongs to the gateway. */

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type Gateway, SluiceError } from '@sluice/core';
import type { Metrics } from './metrics.ts';
import { respondError } from './refusals.ts';

/** What the routes show. */
export interface RouteOptions {
  readonly gateway: Gateway;
  readonly metrics: Metrics;
  /** The page at `/`. */
  readonly page: (request: IncomingMessage, response: ServerResponse) => void;
  readonly isDraining: () => boolean;
  /** What speaks to providers. */
  readonly passOn: RequestListener;
}

type Route = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

const methods = 'GET, HEAD';

/** Nobody is asked for a key here: a load balancer has none, and nothing that is shown is a secret. */
export function routes({ gateway, metrics, page, isDraining, passOn }: RouteOptions): RequestListener {
  const table: ReadonlyMap<string, Route> = new Map<string, Route>([
    ['/', page],
    ['/healthz', (_, response) => json(response, 200, { status: 'ok' })],
    ['/readyz', (_, response) => readiness(response, unreadyReason(gateway, isDraining()), gateway.snapshot().store)],
    ['/metrics', async (_, response) => text(response, metrics.contentType, await metrics.text())],
  ]);
  const longest = Math.max(...[...table.keys()].map((path) => path.length));
  return (request, response) => {
    const { url = '', method } = request;
    const query = url.indexOf('?');
    const length = query < 0 ? url.length : query;
    // Nearly every path is longer: none of it has to be cut out and looked up.
    const route = length > longest ? undefined : table.get(url.slice(0, length));
    if (route === undefined) return passOn(request, response);
    if (method === 'GET' || method === 'HEAD') return void route(request, response);
    const message = `${request.method} is not served here. The header \`allow\` lists the methods.`;
    respondError(response, new SluiceError('method_not_allowed', message, { allow: methods }));
  };
}

/** Why requests should go elsewhere, or null. A key that rests for a moment is no use in that moment. */
function unreadyReason(gateway: Pick<Gateway, 'snapshot'>, isDraining: boolean): string | null {
  if (isDraining) return 'draining';
  const isUsable = gateway
    .snapshot()
    .pools.some(({ projects }) =>
      projects.some((project) => project.state === 'ready' && project.keys.some((key) => key.state === 'ready')),
    );
  return isUsable ? null : 'no usable key';
}

/** Without its store the proxy still serves, and says so. */
function readiness(response: ServerResponse, reason: string | null, store: { isDegraded: boolean }): void {
  const more = store.isDegraded ? { store: 'degraded' } : {};
  if (reason === null) json(response, 200, { status: 'ok', ...more });
  else json(response, 503, { status: 'unavailable', reason, ...more });
}

function json(response: ServerResponse, status: number, value: object): void {
  text(response, 'application/json; charset=UTF-8', JSON.stringify(value), status);
}

function text(response: ServerResponse, contentType: string, body: string, status = 200): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(body); // Node sends the head alone to HEAD
}
