/** The codes that sessions end with (RFC 6455 §7.4): what one side is told when the other has ended it, or we have. */

import type { Scrubber } from '../attempt/scrub.ts';
import type { Closing } from '../channel.ts';
import type { ErrorCode, SluiceError } from '../errors.ts';

/** What is said to a side. */
export interface Farewell {
  readonly code: number;
  readonly reason: string;
}

/** RFC 6455 §5.5: a control frame holds 125 bytes, and the code takes two of them. */
const mostReasonBytes = 123;
/** Of characters that take four bytes each, so many fill a frame: what is shorter was not cut. */
const longReason = 30;
/** Fewer letters of a key tell nothing. */
const shortestBeginning = 5;

const closeCodes: ReadonlyMap<ErrorCode, number> = new Map([
  ['draining', 1001],
  ['invalid_request', 1007],
  ['request_timeout', 1008],
  ['unauthorized', 1008],
  ['not_found', 1008],
  ['resource_key_unavailable', 1008],
  ['payload_too_large', 1009],
  ['rate_limited', 1013],
  ['quota_exhausted', 1013],
  ['no_usable_key', 1013],
  ['circuit_open', 1013],
  ['overloaded', 1013],
  ['storage_unavailable', 1013],
  ['callers_unavailable', 1013],
]);
const serverFault = 1011;

/** An error of our own, as it ends a session: 1013 for what may be well again in a moment, 1011 for what broke. */
export function farewellOf({ code, message }: SluiceError): Farewell {
  return { code: closeCodes.get(code) ?? serverFault, reason: fitting(message) };
}

/**
 * What the provider is told when the client has ended it: the client's own code and reason; and for one that went
 * without a word, or that has broken the rules, that it is gone.
 */
export function toProvider({ code, reason, isBroken }: Closing): Farewell {
  return isBroken || code === 1006 ? { code: 1001, reason: '' } : { code, reason: fitting(reason) };
}

/** What the client is told when the provider has ended it. 1005 stays what it is: a close frame without a code. */
export function toClient({ code, reason, isBroken }: Closing, clean: (text: string) => string): Farewell {
  if (isBroken) return { code: serverFault, reason: `The provider broke the protocol (${code}).` };
  if (code === 1006) return { code: serverFault, reason: 'The connection to the provider broke.' };
  return { code, reason: fitting(clean(reason)) };
}

/**
 * A reason without keys. The provider's own may be cut in the middle of one: the beginning of the key that went up is
 * taken out at its end as well.
 */
export function cleanReason(reason: string, scrubber: Scrubber, key: string): string {
  const clean = scrubber.clean(reason, key);
  if (reason.length < longReason) return clean;
  for (let length = Math.min(key.length - 1, clean.length); length >= shortestBeginning; length--) {
    if (clean.endsWith(key.slice(0, length))) return `${clean.slice(0, -length)}[key]`;
  }
  return clean;
}

/** As much as a close frame holds, and no half of a character. */
export function fitting(reason: string): string {
  const bytes = encoder.encode(reason);
  if (bytes.length <= mostReasonBytes) return reason;
  let end = mostReasonBytes;
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return decoder.decode(bytes.subarray(0, end));
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
