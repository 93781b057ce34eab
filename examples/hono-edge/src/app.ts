/** The app in web standards alone: every runtime runs this file as it is. */

import { createGateway, type Gateway, type GatewayOptions } from '@sluice/core';
import { fetchHandler } from '@sluice/core/web';
import { Hono } from 'hono';

/** The app, and the gateway in it for whoever wants to know what happens there. */
export interface EdgeApp {
  fetch(request: Request, ...rest: unknown[]): Response | Promise<Response>;
  readonly gateway: Gateway;
}

/** Puts the app together; nothing listens yet. */
export function makeApp(options: GatewayOptions): EdgeApp {
  const gateway = createGateway(options);
  const handler = fetchHandler(gateway, { mountPath: '/gemini' });

  const app = new Hono();
  app.all('/gemini/*', (c) => handler(c.req.raw, c));
  app.get('/', (c) => c.text('Gemini is under /gemini: point your client there, with a caller key.\n'));
  return { fetch: (request, ...rest) => app.fetch(request, ...(rest as [])), gateway };
}
