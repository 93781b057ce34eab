/**
 * The gateway by one of its four driver pairs: `core.ts node|web undici|fetch`. It is loaded from the build that the
 * bench has made (`BENCH_PACKAGES`). The web surface stands under `@hono/node-server`, as most people's would.
 */

import { createServer, type RequestListener } from 'node:http';
import { announce } from './announce.ts';
import { loadBuilt } from './built.ts';
import { gatewayOptions } from './options.ts';
import { watchIfAsked } from './watched.ts';

type Core = typeof import('@sluice/core');
type CoreNode = typeof import('@sluice/core/node');
type CoreWeb = typeof import('@sluice/core/web');
type CoreLive = typeof import('@sluice/core/live');

const [, , surface, way] = process.argv;
const { createGateway } = await loadBuilt<Core>('index.js');
const { nodeListener, undiciUpstream } = await loadBuilt<CoreNode>('node.js');
const { fetchHandler, fetchUpstream } = await loadBuilt<CoreWeb>('web.js');

const upstream = way === 'fetch' ? fetchUpstream() : undiciUpstream();
const gateway = createGateway({ ...gatewayOptions(), upstream });
watchIfAsked(gateway);
const server = createServer(surface === 'web' ? await underHono() : nodeListener(gateway));
if (process.env.BENCH_LIVE !== undefined) {
  const { nodeUpgrade } = await loadBuilt<CoreLive>('live.js');
  server.on('upgrade', nodeUpgrade(gateway, { others: 'refuse' }));
}
announce(server);

async function underHono(): Promise<RequestListener> {
  const { getRequestListener } = await import('@hono/node-server');
  return getRequestListener(fetchHandler(gateway)) as RequestListener;
}
