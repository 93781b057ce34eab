/**
 * Entry `@sluice/next/pages`: a gateway as a catch-all API route of Next's pages router.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';
import { createGateway, type Gateway, SluiceError } from '@sluice/core';
import { type NodeListener, nodeListener } from '@sluice/core/node';
import type { NextApiRequest, NextApiResponse } from 'next';
import { brokenOptions, keeperOf, type SluiceOptions } from './kept.ts';
import { mounted } from './mount.ts';
import { originBy } from './origin.ts';

export type { KeptOptions, SluiceOptions } from './kept.ts';

/** What Next calls with each request of an API route. It resolves when the answer is over. */
export type ApiHandler = (req: NextApiRequest, res: NextApiResponse) => Promise<void>;

const nothing = new Uint8Array();
/** Under it Next keeps what it knows of a request. Not documented; without it only `basePath` is not noticed. */
const requestMeta: unique symbol = Symbol.for('NextInternalRequestMeta') as never;

/**
 * Makes a gateway the handler of a catch-all API route: `pages/api/gemini/[...path].ts`, at any depth, `[[...path]]` too.
 *
 * The route must say `bodyParser: false`, so that the bytes that were sent go up. What `sluice` of `@sluice/next` keeps to
 * holds here as well.
 *
 * @param optionsOrGateway - a gateway, which belongs to whoever made it, or the options to make one of; a `callers` function
 *   finds Next's request as `host`
 * @example
 * // pages/api/gemini/[...path].ts
 * export default sluice({ keys: process.env.GEMINI_API_KEYS, callers: process.env.SLUICE_API_KEYS });
 * export const config = { api: { bodyParser: false, externalResolver: true, responseLimit: false } };
 */
export function sluice(optionsOrGateway: SluiceOptions<NextApiRequest> | Gateway): ApiHandler {
  const keeper = keeperOf(optionsOrGateway, createGateway);
  let listener: NodeListener | null = null;
  let served: Gateway | null = null;
  return async (req, res) => {
    const gateway = await keeper.gatewayAt(mountOf(req).pattern);
    if (gateway === null) return res.status(500).json(brokenOptions);
    if (listener === null || served !== gateway) {
      listener = nodeListener(gateway, { mountPath, originOf, bodyOf });
      served = gateway;
    }
    // Next's `compress` would hold back what it compresses, and lose the last words of a stream that breaks.
    req.headers['accept-encoding'] = 'identity';
    // A slash at the end means nothing to Next. What stood before `req.url` belongs to the addresses of uploads.
    req.url = (req.url ?? '/').replace(/(?<=[^/])\/+(?=\?|$)/, '');
    Object.assign(req, { originalUrl: basePathOf(req, req.url) + req.url });
    if (res.destroyed) return; // while the gateway was made
    const over = new Promise<void>((resolve) => res.once('close', resolve));
    listener(req, res);
    return over;
  };
}

function mountOf({ url = '/', query }: NextApiRequest): ReturnType<typeof mounted> {
  return mounted(url.split('?', 1)[0] as string, query);
}

/** What Next has taken off the front. Packages are not bundled into API routes, so it is not told as in the app router. */
function basePathOf(
  req: NextApiRequest & { readonly [requestMeta]?: { readonly initURL?: unknown } },
  url: string,
): string {
  const asked = String(req[requestMeta]?.initURL ?? '').replace(/^\w+:\/\/[^/]*/, '');
  const at = asked.split('?', 1)[0]?.lastIndexOf(url.split('?', 1)[0] as string) ?? -1;
  return at < 0 ? '' : asked.slice(0, at);
}

function mountPath(req: IncomingMessage): string {
  return mountOf(req as NextApiRequest).mountPath;
}

function originOf({ headers }: IncomingMessage): string | null {
  return originBy((name) => (headers[name] === undefined ? null : String(headers[name])));
}

/** @returns null: the bytes are still to come; none when none were sent */
function bodyOf(req: IncomingMessage): Uint8Array | null {
  const { 'content-length': length = 0, 'transfer-encoding': coding } = req.headers;
  if (coding === undefined && Number(length) === 0) return nothing;
  if (!req.readableDidRead && !req.readableEnded) return null;
  throw new SluiceError(
    'invalid_request',
    'The body parser of Next has read this body before the gateway, and the bytes that were sent are gone. Add the line ' +
      'export const config = { api: { bodyParser: false, externalResolver: true, responseLimit: false } } to the file of ' +
      'this route.',
  );
}
