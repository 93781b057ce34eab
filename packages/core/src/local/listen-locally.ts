/** A gateway behind a port of this machine, for clients that take an address and no `fetch`. */

import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { hardenServer } from '../client/harden-server.ts';
import { SluiceError } from '../errors.ts';
import type { Gateway } from '../gateway.ts';
import { listenerWith, socketAddress, unread } from '../node-listener.ts';
import { LocalDoor } from './local-door.ts';
import { refuseRequest, refuseUpgrade } from './refusal.ts';

const loopback = '127.0.0.1';
const tokenBytes = 32;

/** Who stands behind the key that {@link listenLocally} makes, and what else is served. */
export interface LocalListenerOptions {
  /**
   * The key of the caller on whose account everybody comes in, for a gateway that lists its callers. Without it the
   * gateway is shown the key of the listener itself: right for `callers: 'anyone'`, and for a function that knows it.
   */
  callerKey?: string | undefined;
  /**
   * What takes sessions of the Live API: `nodeUpgrade(gateway, { others: 'refuse' })` of `@sluice/core/live`. The key is
   * wanted there as well. @default none are taken
   */
  live?: LocalUpgrade | undefined;
}

/** A listener for upgrades, as `nodeUpgrade` makes it. */
export interface LocalUpgrade {
  (req: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  isFor(req: IncomingMessage): boolean;
}

/** How a local listener ends. */
export interface CloseOptions {
  /** How long answers and sessions under way may take to finish, in ms; then their connections are cut. @default 1_000 */
  withinMs?: number | undefined;
}

/** A gateway that listens on this machine. `await using` closes it. */
export interface LocalListener extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  /** What each request has to carry in the place of a Gemini key. 256 random bits; another one each time. */
  readonly key: string;
  /** Listens no more, and resolves when no connection is left. The gateway goes on. Later calls wait for the first. */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Opens a gateway to the clients of this machine that take no `fetch`: only on 127.0.0.1, on a free port, and only for
 * those who have the key that it returns.
 *
 * A `Host` other than 127.0.0.1, localhost or [::1] with this port is answered 421 `misdirected_request`, a preflight of a
 * web page 403 `forbidden`, a request without the key 401 `unauthorized`; `server.cors` does not count here. Refusals at
 * this door emit no event. Addresses of uploads begin with `url`, and want the key as well.
 *
 * @throws Error of `node:net` when there is no port to listen on
 * @example
 * import { GoogleGenerativeAI } from '@google/generative-ai';
 *
 * const gateway = createGateway({ keys: process.env.GEMINI_API_KEYS, callers: 'anyone' });
 * const { url, key } = await listenLocally(gateway);
 * const model = new GoogleGenerativeAI(key).getGenerativeModel({ model: 'gemini-2.5-flash' }, { baseUrl: url });
 */
export async function listenLocally(
  gateway: Gateway,
  { callerKey, live }: LocalListenerOptions = {},
): Promise<LocalListener> {
  const server = createServer({ requestTimeout: 0, ...(live && { shouldUpgradeCallback: live.isFor }) });
  hardenServer(server);
  // Alone in its process, also where a cluster shares the ports of its workers.
  await listening(server, { host: loopback, port: 0, exclusive: true });
  const { port } = server.address() as AddressInfo;
  const url = `http://${loopback}:${port}`;
  const key = randomBytes(tokenBytes).toString('hex');
  const door = new LocalDoor({ token: key, callerKey: callerKey ?? null, port });
  const listener = listenerWith(gateway, {
    prefixOf: () => '',
    remoteOf: socketAddress,
    bodyOf: unread,
    publicBaseOf: () => url,
  });

  const onRequest: typeof listener = (req, res) => {
    // A connection that is kept after its answer would hold up the end.
    res.once('close', () => void (server.listening || setImmediate(() => server.closeIdleConnections())));
    const refused = door.refuse(req);
    return refused === null ? listener(req, res) : refuseRequest(req, res, refused);
  };
  server.on('request', onRequest);
  if (live !== undefined) {
    server.on('upgrade', (req, socket, head) => {
      const refused = door.refuse(req) ?? (live(req, socket, head) ? null : notLive());
      if (refused !== null) refuseUpgrade(req, socket, refused);
    });
  }
  const close = closingOf(server);
  return { url, key, close, [Symbol.asyncDispose]: () => close() };
}

function listening(server: Server, where: { host: string; port: number; exclusive: boolean }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Sessions have left the hands of the HTTP server, so every connection is known here. */
function closingOf(server: Server): LocalListener['close'] {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  let closing: Promise<void> | null = null;
  return ({ withinMs = 1_000 } = {}) => {
    closing ??= new Promise((resolve) => {
      const timer = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, withinMs);
      server.close(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    return closing;
  };
}

function notLive(): SluiceError {
  return new SluiceError('not_found', 'Nothing but the Live API is served over an upgrade.');
}
