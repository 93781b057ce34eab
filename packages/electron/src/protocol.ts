/** The gateway under a scheme of its own, for pages that use Google's SDK themselves. */

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { type Gateway, googleErrorBody, SluiceError } from '@sluice/core';
import { fetchHandler } from '@sluice/core/web';

/** Electron's `protocol`, of the default session or of another. */
export interface ProtocolHost {
  handle(scheme: string, handler: (request: Request) => Promise<Response>): void;
  unhandle(scheme: string): void;
}

/** How a gateway is reached under a scheme. */
export interface GatewayScheme {
  /** The base URL for clients: `sluice://gemini`. */
  readonly url: string;
  /** What clients give as their API key. It is made anew each time; hand it only to pages that you trust. */
  readonly key: string;
  close(): void;
}

/** What Electron's `registerSchemesAsPrivileged` takes. */
export interface PrivilegedScheme {
  readonly scheme: string;
  readonly privileges: Readonly<Record<'standard' | 'secure' | 'supportFetchAPI' | 'corsEnabled' | 'stream', true>>;
}

/**
 * What a scheme needs to be fetched from a page. It has to be said before the app is ready, once, together with all
 * other schemes of the app.
 *
 * @example
 * import { protocol } from 'electron';
 *
 * protocol.registerSchemesAsPrivileged([gatewayScheme()]);
 */
export function gatewayScheme(scheme = 'sluice'): PrivilegedScheme {
  const privileges = { standard: true, secure: true, supportFetchAPI: true, corsEnabled: true, stream: true } as const;
  return { scheme, privileges };
}

/**
 * Serves a gateway under `scheme://gemini/…`. Any page of the session can send a request there, and none can be told by
 * it; so the key decides, and whoever has it may call.
 */
export function serveScheme(gateway: Gateway, host: ProtocolHost, scheme = 'sluice'): GatewayScheme {
  const key = randomBytes(24).toString('base64url');
  const handle = fetchHandler(gateway);
  host.handle(scheme, async (request) => {
    const { hostname, searchParams } = new URL(request.url);
    if (hostname !== 'gemini') return refused(new SluiceError('not_found', `The gateway is at ${scheme}://gemini.`));
    // A preflight asks for leave to send a key, and has none. The gateway answers it by its own `server.cors`.
    if (request.method === 'OPTIONS') return handle(request);
    const { headers } = request;
    const bearer = /^Bearer (.+)$/i.exec(headers.get('authorization') ?? '')?.[1];
    const given = headers.get('x-goog-api-key') ?? bearer ?? searchParams.get('key') ?? '';
    if (isSame(given, key)) return handle(request);
    return refused(new SluiceError('unauthorized', 'This needs the key that the app has made for its own pages.'));
  });
  return { url: `${scheme}://gemini`, key, close: () => host.unhandle(scheme) };
}

function isSame(given: string, key: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(key)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function refused(error: SluiceError): Response {
  const headers = { 'content-type': 'application/json; charset=UTF-8' };
  return new Response(googleErrorBody(error), { status: error.status, headers });
}
