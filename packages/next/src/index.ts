/**
 * Entry `@sluice/next`: a gateway as a catch-all route of Next's app router, on Node and on the edge.
 *
 * @module
 */

import type { Gateway } from '@sluice/core';
import type { NextRequest } from 'next/server.js';
import { brokenOptions, keeperOf, type SluiceOptions } from './kept.ts';
import { makeGateway, webEntry } from './lazily.ts';
import { mounted, type Params, withoutParams } from './mount.ts';
import { originBy } from './origin.ts';
import { plainAnswer, plainRequest } from './plain.ts';
import { basePath, isEdge } from './runtime.ts';

export type { KeptOptions, SluiceOptions } from './kept.ts';
export type { Params } from './mount.ts';

/** What Next calls for one method. */
export type RouteHandler = (request: Request, context: { readonly params: Promise<Params> }) => Promise<Response>;

/** A handler for every method that the app router knows. A route that exports all of them leaves none to Next. */
export type RouteHandlers = Readonly<
  Record<'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', RouteHandler>
>;

/**
 * Makes a gateway the handlers of a catch-all route: `app/gemini/[...path]/route.ts`, at any depth, `[[...path]]` too.
 *
 * From options a gateway is made by the first request, so that `next build` needs no keys. Where a module is evaluated once
 * more, as it is while one develops, the gateway stays, and goes on with the options as they are then.
 *
 * Every error of the gateway is answered in the client's dialect. Options with a fault are answered 500; what is wrong with
 * them stands in the server's log, once.
 *
 * @param optionsOrGateway - a gateway, which belongs to whoever made it, or the options to make one of; a `callers` function
 *   finds Next's request as `host`
 * @example
 * // app/gemini/[...path]/route.ts
 * export const { GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE } = sluice({
 *   keys: process.env.GEMINI_API_KEYS,
 *   callers: process.env.SLUICE_API_KEYS,
 * });
 */
export function sluice(optionsOrGateway: SluiceOptions<NextRequest> | Gateway): RouteHandlers {
  const keeper = keeperOf(optionsOrGateway, makeGateway);
  const handler: RouteHandler = async (request, context) => {
    const params = await context.params;
    const { origin, pathname, search } = new URL(request.url);
    const { mountPath, path, pattern } = mounted(pathname, params);
    const gateway = await keeper.gatewayAt(pattern);
    if (gateway === null) return Response.json(brokenOptions, { status: 500 });
    const { fetchHandler } = await webEntry();
    const publicPath = isEdge ? mountPath : basePath + mountPath;
    const target = path + (isEdge ? withoutParams(search, params) : search);
    const publicOrigin = originBy((name) => request.headers.get(name)) ?? origin;
    const handle = fetchHandler(gateway, { mountPath: publicPath });
    return plainAnswer(await handle(plainRequest(request, publicOrigin + publicPath + target), request));
  };
  return {
    GET: handler,
    HEAD: handler,
    OPTIONS: handler,
    POST: handler,
    PUT: handler,
    PATCH: handler,
    DELETE: handler,
  };
}
