/** An error of our own as an answer: a body in the dialect that the client speaks, and the header fields of it. */

import type { SluiceError } from '../errors.ts';
import type { HeaderBag } from '../wire.ts';
import type { Dialect } from './dialect.ts';

const encoder = new TextEncoder();

/** RFC 9110 §15.5.22: a 426 has to name what to upgrade to; §7.8: and say so in `connection`. */
const upgradeFields: HeaderBag = { upgrade: 'websocket', connection: 'upgrade, close', 'sec-websocket-version': '13' };

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
