/** An app as anybody would write one: a page, sessions, and the gateway under a path. */

import { createGateway, type Gateway, type GatewayOptions } from '@sluice/core';
import { hardenServer } from '@sluice/core/node';
import { sluice } from '@sluice/fastify';
import Fastify, { type FastifyInstance } from 'fastify';
import { pageOf } from './page.ts';
import { openSessions } from './sessions.ts';

/** What the app needs from outside. */
export interface ChatOptions {
  /** Where answers come from. */
  readonly provider: Pick<GatewayOptions, 'keys' | 'pools'>;
  readonly isDemo: boolean;
}

/** The app, and the gateway in it for whoever wants to know what happens there. */
export interface Chat {
  readonly app: FastifyInstance;
  readonly gateway: Gateway;
}

/** Puts the chat together; nothing listens yet. */
export function makeChat({ provider, isDemo }: ChatOptions): Chat {
  const sessions = openSessions();
  const gateway = createGateway({ ...provider, callers: sessions.callers });

  const app = Fastify();
  // What never becomes a request is answered in the gateway's words as well.
  hardenServer(app.server);
  // It ends with the app: answers under way may finish, and nothing new begins.
  app.register(sluice, { prefix: '/gemini', gateway, drainMs: 5_000 });
  app.get('/', { onRequest: sessions.open }, pageOf({ isDemo }));
  return { app, gateway };
}
