/**
 * The gateway by one of its four driver pairs: `core.ts node|web undici|fetch`. It is loaded from the build that the
 * bench has made (`BENCH_PACKAGES`). The web surface stands under `@hono/node-server`, as most people's would.
 */

import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { announce } from './announce.ts';
import { gatewayOptions } from './options.ts';

type Core = typeof import('@sluice/core');
type CoreNode = typeof import('@sluice/core/node');
type CoreWeb = typeof import('@sluice/core/web');

const [, , surface, way] = process.argv;
const { createGateway } = await load<Core>('index.js');
const { nodeListener, undiciUpstream } = await load<CoreNode>('node.js');
const { fetchHandler, fetchUpstream } = await load<CoreWeb>('web.js');

const upstream = way === 'fetch' ? fetchUpstream() : undiciUpstream();
const gateway = createGateway({ ...gatewayOptions(), upstream });
announce(createServer(surface === 'web' ? await underHono() : nodeListener(gateway)));

async function underHono(): Promise<RequestListener> {
  const { getRequestListener } = await import('@hono/node-server');
  return getRequestListener(fetchHandler(gateway)) as RequestListener;
}

function load<Module>(file: string): Promise<Module> {
  return import(pathToFileURL(join(process.env.BENCH_PACKAGES as string, 'core', 'dist', file)).href);
}
