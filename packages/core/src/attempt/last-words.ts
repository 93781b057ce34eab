/** The last that a client hears of an answer that broke: in its own dialect, and fit for where the answer stands. */

import type { SluiceError } from '../errors.ts';
import type { Scan } from '../stream/scan.ts';
import type { Call } from '../surface/surface.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** An error of our own. */
export function lastWords({ dialect }: Call, { form, isBetweenEvents }: Scan, error: SluiceError): Uint8Array {
  return encoder.encode(dialect.lastWords(error, { form, isBetweenEvents }));
}

/** The same where the client has seen whole events, and nothing else. */
export function lastWordsBehindEvents({ dialect }: Call, error: SluiceError): Uint8Array {
  return encoder.encode(dialect.lastWords(error, { form: 'sse', isBetweenEvents: true }));
}

/** The provider's own error, as it came, in the place that the dialect has for it. */
export function passedOn({ dialect }: Call, { form }: Scan, body: Uint8Array): Uint8Array {
  return encoder.encode(dialect.passOn(decoder.decode(body), { form, isBetweenEvents: true }));
}
