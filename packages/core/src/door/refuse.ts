/** How an error of our own reaches a client that has not seen anything yet: a body in the dialect that it speaks. */

import type { Dialect } from '../dialect/dialect.ts';
import type { SluiceError } from '../errors.ts';
import { type HeaderBag, type Sink, stillFlow } from '../wire.ts';

const encoder = new TextEncoder();

/** RFC 9110 §15.5.22: a 426 has to name what to upgrade to; §7.8: and say so in `connection`. */
const upgradeFields: HeaderBag = { upgrade: 'websocket', connection: 'upgrade, close', 'sec-websocket-version': '13' };

/** @param own - header fields that every answer of this request carries */
export function refuse(client: Sink, error: SluiceError, dialect: Dialect, own: HeaderBag): void {
  const body = refusalBody(error, dialect);
  client.open(stillFlow);
  client.head(error.status, { ...refusalHead(error, body), ...own });
  client.write(body);
  client.end();
}

export function refusalBody(error: SluiceError, dialect: Dialect): Uint8Array {
  return encoder.encode(dialect.errorBody(error));
}

export function refusalHead(error: SluiceError, body: Uint8Array): HeaderBag {
  return {
    'content-type': 'application/json; charset=UTF-8',
    'content-length': String(body.length),
    'x-content-type-options': 'nosniff',
    ...(error.allow === undefined ? {} : { allow: error.allow }),
    ...(error.status === 426 ? upgradeFields : {}),
    ...(error.retryAfterMs === undefined ? {} : { 'retry-after': retryAfter(error.retryAfterMs) }),
  };
}

/** RFC 9110 §10.2.3 knows whole seconds only; a little later is better than too early. */
export function retryAfter(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1000)));
}
