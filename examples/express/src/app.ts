/** An app as anybody would write one: a page, sessions, and the gateway under a path. */

import type { GatewayOptions } from '@sluice/core';
import { type SluiceHandler, sluice } from '@sluice/express';
import express, { type Express } from 'express';
import { pageOf } from './page.ts';
import { openSessions } from './sessions.ts';

/** What the app needs from outside. */
export interface ChatOptions {
  /** Where answers come from. */
  readonly provider: Pick<GatewayOptions, 'keys' | 'pools'>;
  readonly isDemo: boolean;
}

/** The app, and the gateway in it for whoever takes the process down. */
export interface Chat {
  readonly app: Express;
  readonly gateway: SluiceHandler['gateway'];
}

/** Puts the chat together; nothing listens yet. */
export function makeChat({ provider, isDemo }: ChatOptions): Chat {
  const sessions = openSessions();
  const gemini = sluice({ ...provider, callers: sessions.callers });

  const app = express().disable('x-powered-by');
  // Before any parser of bodies: what the browser sends goes up as it is.
  app.use('/gemini', gemini);
  app.get('/', sessions.open, pageOf({ isDemo }));
  return { app, gateway: gemini.gateway };
}
