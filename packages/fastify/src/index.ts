/**
 * Entry `@sluice/fastify`: a gateway as a plugin of a Fastify 5 app.
 *
 * @module
 */

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createGateway, type Gateway, type GatewayOptions, SluiceError } from '@sluice/core';
import { nodeListener } from '@sluice/core/node';
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest, RegisterOptions } from 'fastify';
import { hostOf, mountPathUnder, originOf, remember, remoteOf } from './host.ts';
import { bodyOf, leaveBodiesAlone } from './raw-body.ts';

/** A gateway that was made before, or the options of one that lives as long as the app. */
export type SluiceOptions =
  | {
      gateway: Gateway;
      /**
       * The gateway ends with the app, and requests under way may take so long to finish, in ms; 0 ends them at once.
       *
       * @default the gateway goes on: it belongs to whoever made it
       */
      drainMs?: number | undefined;
    }
  | (GatewayOptions<FastifyRequest> & {
      gateway?: undefined;
      /** How long requests under way may take to finish when the app closes, in ms; 0 ends them at once. @default 10_000 */
      drainMs?: number | undefined;
    });

/**
 * Mounts a gateway in Fastify, under any prefix, encapsulated: parsers of bodies are its own, and hooks of the app run first.
 *
 * Every error of the gateway is answered here, in the client's dialect; none reaches the app's error handlers.
 *
 * @throws SluiceError `invalid_options` that lists every fault, where the app gets ready
 * @example
 * import Fastify from 'fastify';
 *
 * const app = Fastify();
 * app.register(sluice, { prefix: '/gemini', keys: process.env.GEMINI_API_KEYS, callers: process.env.SLUICE_API_KEYS });
 * @example
 * import { createGateway } from '@sluice/core';
 * import Fastify from 'fastify';
 *
 * const gateway = createGateway({ keys: process.env.GEMINI_API_KEYS, callers: process.env.SLUICE_API_KEYS });
 * gateway.on('request', ({ caller, call, status }) => console.log(caller, call, status));
 * const app = Fastify();
 * app.register(sluice, { prefix: '/gemini', gateway, drainMs: 10_000 }); // it ends with the app
 */
export const sluice: FastifyPluginAsync<SluiceOptions> = Object.assign(plug, {
  // Fastify asks it of plugins, and refuses one that is made for another version in its own words.
  [Symbol.for('plugin-meta')]: { name: '@sluice/fastify', fastify: '5.x' },
});

async function plug(app: FastifyInstance, options: SluiceOptions & RegisterOptions): Promise<void> {
  if (app.initialConfig.http2)
    throw new SluiceError('invalid_options', 'The gateway speaks HTTP/1.1: leave http2 out of the options of Fastify.');
  const { prefix, logLevel: _level, logSerializers: _serializers, gateway: given, drainMs, ...own } = options;
  const gateway = given === undefined ? createGateway(own) : handedIn(given, own);
  if (given === undefined || drainMs !== undefined) endWithApp(app, gateway, drainMs ?? 10_000);
  const listener = nodeListener(gateway, { mountPath: mountPathUnder(app.prefix), remoteOf, originOf, bodyOf, hostOf });
  const letGo = letGoWhenClosing(app);
  const handler = (request: FastifyRequest, reply: FastifyReply): void => {
    const { raw } = reply;
    reply.hijack();
    if (raw.headersSent) return void (raw.writableEnded || raw.destroy()); // half an answer of the host's stays half
    for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
    remember(request);
    listener(request.raw, raw.once('finish', letGo));
  };
  leaveBodiesAlone(app);
  for (const url of app.prefix === '' ? ['/*'] : ['', '/*']) app.route({ method: app.supportedMethods, url, handler });
  // For methods that Fastify has no routes for. Without a prefix of our own that handler is the app's to set.
  if (prefix !== undefined && !/^\/?$/.test(prefix)) app.setNotFoundHandler(handler);
}

function endWithApp(app: FastifyInstance, gateway: Gateway, withinMs: number): void {
  let drained: Promise<void> | undefined;
  // Begun before the server closes, which waits for connections; not awaited here, because Fastify times these hooks.
  app.addHook('preClose', (done) => {
    drained = gateway.drain({ withinMs });
    done();
  });
  app.addHook('onClose', async () => {
    await drained;
    await gateway.close();
  });
}

function handedIn(gateway: Gateway, others: object): Gateway {
  const names = Object.keys(others).join(', ');
  if (names === '') return gateway;
  throw new SluiceError('invalid_options', `A gateway was handed in beside ${names}: say that where it is made.`);
}

/** Else the app would wait for clients that keep their connection, and for those that have opened one and say nothing. */
function letGoWhenClosing(app: FastifyInstance): (this: ServerResponse) => void {
  let isClosing = false;
  const silent = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => void silent.add(socket.once('close', () => silent.delete(socket))));
  app.server.prependListener('request', ({ socket }) => silent.delete(socket));
  app.addHook('preClose', (done) => {
    isClosing = true;
    for (const socket of silent) if (socket.bytesRead === 0) socket.destroy();
    done();
  });
  return function letGo() {
    if (isClosing) this.req.socket.destroySoon?.(); // requests that were injected have no such socket
  };
}
