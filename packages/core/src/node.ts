/**
 * Entry `@sluice/core/node`: a gateway as a listener of `node:http`, and undici as the way to providers.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { mountPrefix, withoutMount } from './client/mount.ts';
import { answerUnread, NodeExchange } from './client/node.ts';
import { newRequestId } from './client/request-id.ts';
import type { Gateway } from './gateway.ts';

export { type UndiciOptions, undiciUpstream } from './upstream/undici.ts';

/** How a gateway is mounted. */
export interface NodeListenerOptions {
  /** What precedes the API's own paths: `/gemini`. Frameworks that strip it from `req.url` need not say it. @default '' */
  mountPath?: string | undefined;
  /** Who is at the other end, for logs. @default the socket's own address */
  remoteOf?: ((req: IncomingMessage) => string | null) | undefined;
  /**
   * The exact bytes of a body that somebody has read before the gateway; null when nobody has.
   * May throw a SluiceError, which is answered in the client's dialect. @default null for every request
   */
  bodyOf?: ((req: IncomingMessage) => Uint8Array | null) | undefined;
}

/** What `node:http` calls with each request. */
export type NodeListener = (req: IncomingMessage, res: ServerResponse) => void;

/**
 * Makes a gateway a listener for `node:http`, for any framework that hands out Node's own request and response.
 *
 * The request's body must not have been read. Registered for `checkContinue` as well, it answers `Expect: 100-continue`
 * only once the request has been let in.
 *
 * @example
 * import { createServer } from 'node:http';
 *
 * const gateway = createGateway({ keys: process.env.GEMINI_API_KEYS, callers: process.env.SLUICE_API_KEYS });
 * createServer(nodeListener(gateway)).listen(8787);
 */
export function nodeListener(
  gateway: Gateway,
  { mountPath = '', remoteOf = socketAddress, bodyOf = unread }: NodeListenerOptions = {},
): NodeListener {
  const prefix = mountPrefix(mountPath);
  return (req, res) => {
    const { server, slowReaderMs } = gateway.settings;
    if (!gateway.keepsConnections) res.shouldKeepAlive = false;
    const target = withoutMount(req.url ?? '/', prefix);
    const remote = remoteOf(req);
    const requestId = newRequestId();
    const { method = 'GET', headers } = req;
    const away = gateway.turnAway({ requestId, method, target, headers, remote });
    if (away !== null) return answerUnread(req, res, away);
    const { bodyInMs } = server;
    const exchange = new NodeExchange(req, res, { requestId, target, remote, bodyInMs, slowReaderMs, bodyOf });
    void gateway.handle(exchange);
  };
}

function socketAddress({ socket }: IncomingMessage): string | null {
  return socket.remoteAddress ?? null;
}

function unread(): null {
  return null;
}
