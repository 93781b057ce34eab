/** How long a request as a whole may take: what the options say, or less where its client will not wait for so long. */

import { clampDelayMs } from '../clock.ts';
import { SluiceError } from '../errors.ts';
import type { HeaderBag } from '../wire.ts';

/** A limit, and who has set it. */
export interface TimeLimit {
  /** From the arrival of the request; infinity for none. */
  readonly ms: number;
  readonly by: 'timeouts.totalMs' | typeof serverHeader | typeof clientHeader;
  /** What was said, for messages: a client is answered a little before. */
  readonly saidMs: number;
}

/** Seconds; what Google's SDKs send, and Google reads. */
const serverHeader = 'x-server-timeout';
/** Milliseconds; for everybody else. */
const clientHeader = 'x-request-timeout-ms';

/**
 * So much earlier than its client's own timer a request ends: the error has to be written and read before that. On a
 * busy machine a turn of the event loop and a way over the network take less.
 */
const headStartMs = 50;

/** @param totalMs - 0 for no limit */
export function ownLimit(totalMs: number): TimeLimit {
  return { ms: totalMs === 0 ? Number.POSITIVE_INFINITY : totalMs, by: 'timeouts.totalMs', saidMs: totalMs };
}

/**
 * The least of what the options and the client say. What a client says to Google and is no number of seconds is Google's
 * to refuse.
 *
 * @throws SluiceError `invalid_request` for `x-request-timeout-ms` that is no positive number
 */
export function timeLimit(headers: HeaderBag, own: TimeLimit): TimeLimit {
  const server = headers[serverHeader];
  const client = headers[clientHeader];
  if (server === undefined && client === undefined) return own;
  const seconds = positive(server);
  const ofServer = seconds === null ? own : clientLimit(seconds * 1000, serverHeader);
  const ofClient = client === undefined ? own : clientLimit(asked(client), clientHeader);
  return [ofServer, ofClient].reduce((least, one) => (one.ms < least.ms ? one : least), own);
}

/**
 * The fields of a later call: where the client has told Google how long it waits, Google is told what is left of it.
 *
 * @param fields - name, value, name, value …
 */
export function withTimeLeft(fields: readonly string[], leftMs: number): readonly string[] {
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at] !== serverHeader) continue;
    if (positive(fields[at + 1]) === null) return fields;
    const left = [...fields];
    left[at + 1] = String(Math.max(1, Math.ceil(leftMs / 1000)));
    return left;
  }
  return fields;
}

function clientLimit(askedMs: number, by: TimeLimit['by']): TimeLimit {
  const saidMs = clampDelayMs(askedMs);
  return { ms: saidMs - headStartMs, by, saidMs };
}

function asked(value: string | string[]): number {
  const ms = positive(value);
  if (ms !== null) return ms;
  throw new SluiceError('invalid_request', `The header ${clientHeader} must be there once, as a number of ms above 0.`);
}

function positive(value: string | string[] | undefined): number | null {
  return typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value) && Number(value) > 0 ? Number(value) : null;
}
