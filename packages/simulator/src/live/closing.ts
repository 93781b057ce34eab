/** How a Live session ends: a code and a few words, where HTTP has a status and an error. */

import { errorBody } from '../gemini/refusal.ts';
import type { Refused } from '../gemini/refused.ts';

/** A close frame. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** RFC 6455 §5.5: what a control frame holds beside its code. */
const maxReasonBytes = 123;

/** A close whose reason is cut to what fits, as Google's are. */
export function closing(code: number, reason: string): Closing {
  const bytes = Buffer.from(reason);
  if (bytes.length <= maxReasonBytes) return { code, reason };
  // A letter that the cut would break is left out.
  return {
    code,
    reason: bytes
      .subarray(0, maxReasonBytes)
      .toString()
      .replace(/\ufffd+$/, ''),
  };
}

const codes: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 1007,
  FAILED_PRECONDITION: 1007,
  RESOURCE_EXHAUSTED: 1011,
  INTERNAL: 1011,
  UNAVAILABLE: 1011,
};

/** The close that says what an error of the API says; whatever has no code of its own is a matter of policy. */
export function closingFor({ reason, blanks }: Refused): Closing {
  const { status, message } = JSON.parse(errorBody(reason, null, { method: 'bidiGenerateContent', ...blanks })).error;
  return closing(codes[status] ?? 1008, message);
}
