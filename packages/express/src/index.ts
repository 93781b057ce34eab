/**
 * Entry `@sluice/express`: a gateway as one line of an Express 5 app.
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createGateway, type Gateway, type GatewayOptions, SluiceError } from '@sluice/core';
import { nodeListener } from '@sluice/core/node';
import type { Request } from 'express';
import { outOfReach } from './out-of-reach.ts';

/** A middleware of Express that answers everything under its mount path. It never calls `next`. */
export interface SluiceHandler {
  (req: IncomingMessage, res: ServerResponse): void;
  /** The gateway behind it: to listen to its events, to look at its keys, to drain it on the way down. */
  readonly gateway: Gateway;
}

/** What Express and its body parsers add to a request. */
type HostRequest = IncomingMessage & {
  readonly ip?: string;
  readonly protocol?: string;
  readonly host?: string;
  readonly body?: unknown;
  readonly rawBody?: unknown;
};

/**
 * Mounts a gateway in Express, under any path: parameters and patterns too.
 *
 * Every error of the gateway is answered here, in the client's dialect; none reaches the app's error handlers. From the
 * moment a request comes in, its response is out of the reach of middleware that fails later.
 *
 * @param optionsOrGateway - a gateway, or the options to make one of; a `callers` function finds Express's `req` as `host`
 * @throws SluiceError `invalid_options` that lists every fault
 * @example
 * import express from 'express';
 *
 * const app = express();
 * app.use('/gemini', sluice({ keys: process.env.GEMINI_API_KEYS, callers: process.env.SLUICE_API_KEYS }));
 * app.use(express.json()); // parsers come after it, so that the gateway sees the bytes as they were sent
 * @example
 * import { nodeUpgrade } from '@sluice/core/live';
 * import express from 'express';
 *
 * const app = express();
 * const gemini = sluice({ keys: process.env.GEMINI_API_KEYS, callers: process.env.SLUICE_API_KEYS });
 * app.use('/gemini', gemini);
 * // Sessions of the Live API: upgrades go to the server, and pass the app by.
 * app.listen(8787).on('upgrade', nodeUpgrade(gemini.gateway, { mountPath: '/gemini', others: 'refuse' }));
 */
export function sluice(optionsOrGateway: GatewayOptions<Request> | Gateway): SluiceHandler {
  const isGateway = typeof (optionsOrGateway as Partial<Gateway> | undefined)?.handle === 'function';
  const gateway = isGateway
    ? (optionsOrGateway as Gateway)
    : createGateway(optionsOrGateway as GatewayOptions<Request>);
  const listener = nodeListener(gateway, { remoteOf, bodyOf, originOf });
  const handler = (req: IncomingMessage, res: ServerResponse): void => {
    if (!res.headersSent) listener(req, outOfReach(req, res));
    else if (!res.writableEnded) res.destroy(); // half an answer of the host's cannot be completed with one of ours
  };
  return Object.assign(handler, { gateway });
}

/** As the setting `trust proxy` has it. */
function remoteOf(req: HostRequest): string | null {
  try {
    return req.ip ?? null;
  } catch {
    return req.socket.remoteAddress ?? null; // a trust function of the host threw, as it does for whoever asks
  }
}

/** As the setting `trust proxy` has it, too. Without a host nobody knows better than the connection. */
function originOf(req: HostRequest): string | null {
  try {
    return req.protocol && req.host ? `${req.protocol}://${req.host}` : null;
  } catch {
    return null;
  }
}

function bodyOf(req: HostRequest): Uint8Array | null {
  if (!req.readableDidRead) return req.readableEnded ? Buffer.alloc(0) : null;
  const { 'content-length': length, 'content-encoding': encoding = 'identity' } = req.headers;
  const bytes = bytesOf(req.rawBody) ?? bytesOf(req.body);
  // Parsers decompress, and decode other alphabets: then there are bytes, but not those that were sent.
  const isExact = length === undefined ? encoding === 'identity' : bytes?.length === Number(length);
  if (bytes !== null && isExact) return bytes;
  throw new SluiceError(
    'invalid_request',
    'express.json() or another parser has read this body before the gateway, and the bytes that were sent are gone. ' +
      'Move the line app.use(…, sluice(…)) above the line of the parser, or let the parser leave this path alone.',
  );
}

function bytesOf(body: unknown): Uint8Array | null {
  if (typeof body === 'string') return Buffer.from(body);
  return body instanceof Uint8Array ? body : null;
}
