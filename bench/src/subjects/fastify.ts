/** Fastify 5 with one thing in it, as an app would have it: `fastify.ts raw|sluice`. */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fastify, { type FastifyInstance } from 'fastify';
import { announce } from './announce.ts';
import { gatewayOptions } from './options.ts';
import { passOn } from './raw.ts';

const app = fastify();
if (process.argv[2] === 'sluice') await mountGateway(app);
else mountBare(app);
await app.ready();
announce(app.server);

async function mountGateway(app: FastifyInstance): Promise<void> {
  const entry = join(process.env.BENCH_PACKAGES as string, 'fastify', 'dist', 'index.js');
  const { sluice } = (await import(pathToFileURL(entry).href)) as typeof import('@sluice/fastify');
  app.register(sluice, gatewayOptions());
}

function mountBare(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.all('/*', (request, reply) => {
    reply.hijack();
    passOn(request.raw, reply.raw);
  });
}
