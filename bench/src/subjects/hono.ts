/** Hono on `@hono/node-server` with one route in it: `hono.ts raw|sluice`. */

import { createServer, type RequestListener } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { announce } from './announce.ts';
import { loadBuilt } from './built.ts';
import { gatewayOptions } from './options.ts';
import { passOnRequest } from './raw-web.ts';

type Core = typeof import('@sluice/core');
type CoreWeb = typeof import('@sluice/core/web');

const handle = process.argv[2] === 'sluice' ? await gatewayHandler() : passOnRequest;
const app = new Hono();
app.all('*', (context) => handle(context.req.raw));
announce(createServer(getRequestListener(app.fetch) as RequestListener));

async function gatewayHandler(): Promise<(request: Request) => Promise<Response>> {
  const { createGateway } = await loadBuilt<Core>('index.js');
  const { fetchHandler } = await loadBuilt<CoreWeb>('web.js');
  return fetchHandler(createGateway(gatewayOptions()));
}
