/** What the app around a gateway knows of a request: who asks, at which address, and under which path. */

import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';

/** The request as Fastify sees it, on the one of Node. */
const seen: unique symbol = Symbol('sluice.seen');
type HostRequest = IncomingMessage & { [seen]?: FastifyRequest };

/** Lets what follows find Fastify's request by Node's. */
export function remember(request: FastifyRequest): void {
  (request.raw as HostRequest)[seen] = request;
}

/** For `callers`: with what hooks and decorators have put on it. */
export function hostOf({ [seen]: request }: HostRequest): FastifyRequest | undefined {
  return request;
}

/** As the option `trustProxy` has it. */
export function remoteOf({ [seen]: request, socket }: HostRequest): string | null {
  try {
    return request?.ip ?? null;
  } catch {
    return socket.remoteAddress ?? null; // a trust function of the host threw, as it does for whoever asks
  }
}

/** As the option `trustProxy` has it, too. Without a host nobody knows better than the connection. */
export function originOf({ [seen]: request }: HostRequest): string | null {
  try {
    return request?.protocol && request.host ? `${request.protocol}://${request.host}` : null;
  } catch {
    return null;
  }
}

/** Parameters never reach over a slash: what is mounted is as many segments, however the client has written them. */
export function mountPathUnder(prefix: string): (req: IncomingMessage) => string {
  const pattern = prefix.replace(/\([^)]*\)/g, '');
  const count = pattern.split('/').filter((segment) => segment !== '').length;
  const mounted = new RegExp(`^(?:/+[^/?#]+){${count}}`);
  return ({ url = '' }) => mounted.exec(url)?.[0] ?? '';
}
