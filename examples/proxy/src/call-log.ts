/** What else is told to whoever looks for a fault: at `debug` each call to a provider, at `trace` how a request was put. */

import type { AttemptEvent, Gateway, RetryEvent } from '@sluice/core';
import type { Logger } from 'pino';

/** Writes those lines. The level is asked for with each one: it changes while the process runs. */
export function logCalls(gateway: Gateway, log: Logger): void {
  gateway.on('attempt', (event) => {
    if (log.isLevelEnabled('debug')) log.debug(attemptLine(event), 'attempt');
  });
  gateway.on('retry', (event) => {
    if (log.isLevelEnabled('debug')) log.debug(retryLine(event), 'retry');
  });
  gateway.on('request', ({ requestId, method, path, isStream, message }) => {
    if (log.isLevelEnabled('trace')) {
      log.trace({ requestId, method, path, isStream, message: message ?? undefined }, 'request put');
    }
  });
}

function attemptLine({ requestId, pool, project, key, model, outcome, status, durationMs }: AttemptEvent): object {
  return {
    requestId,
    pool,
    project,
    key,
    model: model ?? undefined,
    outcome,
    status: status ?? undefined,
    durationMs: Math.round(durationMs * 10) / 10,
  };
}

function retryLine({ requestId, reason, afterMs, isFailover }: RetryEvent): object {
  return { requestId, reason, afterMs: Math.round(afterMs), isFailover };
}
