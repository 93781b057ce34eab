/** A line of the log per request: ids, numbers and words of a closed list; no key, no prompt, no header. */

import type { Gateway, RequestEndEvent } from '@sluice/core';
import type { Logger } from 'pino';

/** Which requests get a line. */
type RequestLines = 'all' | 'failed' | 'none';

/** What whoever talks is to blame for: a session that was let in has no status that would say so. */
const faultsOfTalkers: ReadonlySet<string | null> = new Set([
  'invalid_request',
  'invalid_frame',
  'too_large',
  'payload_too_large',
  'request_timeout',
  'not_found',
  'rate_limited',
  'refused',
]);

/** @param wanted - asked with each request: it changes while the process runs */
export function logRequests(gateway: Gateway, log: Logger, wanted: () => RequestLines): void {
  gateway.on('request', (event) => {
    const requests = wanted();
    if (requests === 'none') return;
    const hasFailed = event.outcome === 'failed' || event.status >= 400;
    if (requests === 'failed' && !hasFailed) return;
    const line = requestLine(event);
    // A caller's own fault is its own business, and no warning for whoever watches the proxy.
    const isOwnFault =
      (event.status >= 400 && event.status < 500) || (event.surface === 'live' && faultsOfTalkers.has(event.error));
    if (event.outcome === 'failed' && !isOwnFault) log.warn(line, 'request');
    else log.info(line, 'request');
  });
}

function requestLine(event: RequestEndEvent): object {
  return {
    requestId: event.requestId,
    remote: event.remote ?? undefined,
    caller: event.caller ?? undefined,
    surface: event.surface,
    call: event.call ?? undefined,
    model: event.model ?? undefined,
    status: event.status,
    outcome: event.outcome,
    error: event.error ?? undefined,
    attempts: event.attempts,
    durationMs: rounded(event.durationMs),
    firstByteMs: event.firstByteMs === null ? undefined : rounded(event.firstByteMs),
    requestBytes: event.requestBytes,
    responseBytes: event.responseBytes,
    tokens: event.usage ?? undefined,
  };
}

/** Fractions of a tenth of a ms say nothing about a request. */
function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
