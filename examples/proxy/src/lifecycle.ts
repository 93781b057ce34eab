/** Going down: running answers finish, new ones are turned away, and the process leaves with 0. */

import type { Server } from 'node:http';
import type { Gateway } from '@sluice/core';
import type { Logger } from 'pino';
import type { OpenAnswers } from './open-answers.ts';

/** A signal to a whole process group arrives twice: once directly and once passed on by the parent. */
const sameSignalMs = 200;
/** What is written may still lie in a socket when the gateway is done with it; then nobody waits any longer. */
const lastWordsMs = 1000;

/** What to do with signals, and by which clock. */
export interface SignalOptions {
  /** Monotonic ms. */
  readonly now: () => number;
  readonly onFirst: (signal: string) => void;
  readonly onSecond: () => void;
}

/** Tells the first signal from the second; those within {@link sameSignalMs} of the first are the first. */
export function signalCounter({ now, onFirst, onSecond }: SignalOptions): (signal: string) => void {
  let firstAtMs: number | null = null;
  return (signal) => {
    if (firstAtMs === null) {
      firstAtMs = now();
      onFirst(signal);
    } else if (now() - firstAtMs > sameSignalMs) onSecond();
  };
}

/** What goes down, and how. */
export interface Going {
  readonly server: Server;
  readonly gateway: Gateway;
  readonly answers: OpenAnswers;
  readonly log: Logger;
  readonly drainMs: number;
  readonly drainGraceMs: number;
}

/**
 * Takes a server that listens down. Until the grace is over new requests are served; then they are refused as
 * `draining`; what still runs after `drainMs` ends with an error.
 */
export async function goDown({ server, gateway, answers, log, drainMs, drainGraceMs }: Going): Promise<void> {
  log.info({ open: gateway.snapshot().open, drainMs, drainGraceMs }, 'draining');
  const closeIdle = (): void => server.closeIdleConnections();
  answers.letEachBeTheLast(() => setImmediate(closeIdle));
  // While new requests are served they may come on connections that look idle, so these stay until then.
  const graceEnd = setTimeout(closeIdle, drainGraceMs);
  await gateway.drain({ withinMs: drainMs, graceMs: drainGraceMs });
  clearTimeout(graceEnd);
  const isClosed = new Promise((resolve) => server.close(resolve));
  await answers.empty(lastWordsMs);
  server.closeAllConnections();
  await Promise.all([isClosed, gateway.close()]);
}
