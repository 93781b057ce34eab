/** A gateway as a listener of `node:http`: each request becomes an exchange. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { versionRefusal } from './client/http-version.ts';
import { mountPrefix, withoutMount } from './client/mount.ts';
import { NodeExchange } from './client/node.ts';
import { answerUnread } from './client/node-answer.ts';
import { publicOriginOf } from './client/public-origin.ts';
import { newRequestId } from './client/request-id.ts';
import { trustedAddresses } from './client/trusted-addresses.ts';
import type { Gateway } from './gateway.ts';

/** How a gateway is mounted. */
export interface NodeListenerOptions {
  /**
   * What precedes the API's own paths: `/gemini`. A function says it of each request, as it stands in `req.url` and without
   * a slash at its end, where a mount path has parameters. Frameworks that strip it from `req.url` need not say it.
   *
   * @default ''
   */
  mountPath?: string | ((req: IncomingMessage) => string) | undefined;
  /** Who is at the other end, for logs. @default the socket's own address */
  remoteOf?: ((req: IncomingMessage) => string | null) | undefined;
  /**
   * The exact bytes of a body that somebody has read before the gateway; null when nobody has.
   * May throw a SluiceError, which is answered in the client's dialect. @default null for every request
   */
  bodyOf?: ((req: IncomingMessage) => Uint8Array | null) | undefined;
  /**
   * The origin under which the client reaches this server, for frameworks that know it: addresses of uploads begin with it.
   * `server.publicOrigin` goes before it; null where the framework does not know either.
   *
   * @default what `server.trustedProxies` forward; else the connection's own address when that is loopback; else `host`
   */
  originOf?: ((req: IncomingMessage) => string | null) | undefined;
  /**
   * The request as the framework sees it: what a `callers` function finds as `question.host`. Frameworks that hand out a
   * request of their own say which. @default Node's own request, with whatever the framework has put on it
   */
  hostOf?: ((req: IncomingMessage) => unknown) | undefined;
}

/** What `node:http` calls with each request. */
export type NodeListener = (req: IncomingMessage, res: ServerResponse) => void;

/**
 * Makes a gateway a listener for `node:http`, for any framework that hands out Node's own request and response.
 *
 * The request's body must not have been read. Behind {@link hardenServer} it answers `Expect: 100-continue` only once the
 * request has been let in, as it does when it is registered for `checkContinue` as well. Node ends a request that takes longer than `server.requestTimeout` (300 s unless it
 * is told otherwise); the gateway has limits of its own, so set that to 0 where large files are uploaded.
 *
 * @example
 * import { createServer } from 'node:http';
 *
 * const gateway = createGateway({ keys: process.env.GEMINI_API_KEYS, callers: process.env.SLUICE_API_KEYS });
 * createServer(nodeListener(gateway)).listen(8787);
 */
export function nodeListener(
  gateway: Gateway,
  { mountPath = '', remoteOf = socketAddress, bodyOf = unread, originOf, hostOf = itself }: NodeListenerOptions = {},
): NodeListener {
  const prefixOf = typeof mountPath === 'function' ? mountPath : always(mountPrefix(mountPath));
  let trusts = { ranges: nobody, isTrusted: trustedAddresses(nobody) };
  function publicBaseOf(req: IncomingMessage): string {
    const { publicOrigin, trustedProxies: ranges } = gateway.settings.server;
    if (trusts.ranges !== ranges) trusts = { ranges, isTrusted: trustedAddresses(ranges) };
    return (publicOrigin ?? originOf?.(req) ?? publicOriginOf(req, trusts.isTrusted)) + mountOf(req, prefixOf(req));
  }
  return listenerWith(gateway, { prefixOf, remoteOf, bodyOf, publicBaseOf, hostOf });
}

/** What a listener asks of each request. */
export interface ListenerQuestions {
  prefixOf(req: IncomingMessage): string;
  remoteOf(req: IncomingMessage): string | null;
  bodyOf(req: IncomingMessage): Uint8Array | null;
  publicBaseOf(req: IncomingMessage): string;
  hostOf?(req: IncomingMessage): unknown;
}

/** {@link nodeListener} for those who know better than the settings where clients reach them. */
export function listenerWith(
  gateway: Gateway,
  { prefixOf, remoteOf, bodyOf, publicBaseOf, hostOf }: ListenerQuestions,
): NodeListener {
  return (req, res) => {
    const { server, slowReaderMs } = gateway.settings;
    if (!gateway.keepsConnections) res.shouldKeepAlive = false;
    const target = withoutMount(req.url ?? '/', prefixOf(req));
    const remote = remoteOf(req);
    const requestId = newRequestId();
    const { method = 'GET', headers } = req;
    const away = gateway.turnAway({ requestId, method, target, headers, remote });
    if (away !== null) return answerUnread(req, res, away);
    const unfit = versionRefusal(req);
    if (unfit !== null) return answerUnread(req, res, unfit);
    const { bodyInMs } = server;
    const host = hostOf?.(req);
    const options = { requestId, target, remote, host, bodyInMs, slowReaderMs, bodyOf, publicBaseOf };
    void gateway.handle(new NodeExchange(req, res, options));
  };
}

const nobody: readonly string[] = [];

function itself(req: IncomingMessage): IncomingMessage {
  return req;
}

function always(prefix: string): () => string {
  return () => prefix;
}

/** Whatever stands before the API's own path, for the client: what a framework has taken off, and what we take off. */
function mountOf(req: IncomingMessage, prefix: string): string {
  return prefix === '' || req.url?.startsWith(prefix) ? strippedOf(req) + prefix : prefix;
}

/** What a framework has taken off the front of `req.url`; those that do so keep the whole of it beside. */
function strippedOf({ url = '', originalUrl }: IncomingMessage & { readonly originalUrl?: unknown }): string {
  if (typeof originalUrl !== 'string' || !originalUrl.endsWith(url)) return '';
  return originalUrl.slice(0, -url.length).replace(/\/+$/, '');
}

export function socketAddress({ socket }: IncomingMessage): string | null {
  return socket.remoteAddress ?? null;
}

export function unread(): null {
  return null;
}
