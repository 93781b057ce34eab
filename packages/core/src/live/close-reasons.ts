/**
 * What it means when the provider ends a session. Over HTTP the same would be a status and a JSON error; here it is
 * a code that says little, and a few words. So the words become that error again, and the provider's own table judges it.
 *
 * Reasons are Google's (as of 2026-11-20). They repeat what callers wrote, so whatever could count against a key or a
 * project is known only by how it begins.
 */

import * as trouble from '../attempt/trouble.ts';
import type { Closing } from '../channel.ts';
import { type Failure, failure } from '../failure.ts';
import type { Provider } from '../provider/provider.ts';

interface Row {
  readonly says: RegExp;
  /** The HTTP status that the same words come with. */
  readonly status: number;
}

/** In order; the first one that matches decides. Where none does, the code does. */
const byReason: readonly Row[] = [
  { says: /^API key (?:not valid|expired|not found)/i, status: 400 },
  { says: /^(?:Your |This |The )?API key was reported as leaked/i, status: 403 },
  { says: /^(?:Permission denied|Your project has been denied access|Generative Language API has not)/i, status: 403 },
  {
    says: /^(?:Request had invalid authentication|Request is missing required authentication|API keys are not)/i,
    status: 401,
  },
  { says: /^(?:Method doesn't allow unregistered callers|The caller does not have permission)/i, status: 403 },
  {
    says: /^(?:You exceeded your current quota|Resource (?:has been|was) exhausted|Quota exceeded|Your prepayment credits)/i,
    status: 429,
  },
  {
    says: /^(?:The (?:model|service) is (?:currently )?(?:overloaded|unavailable)|This model is currently experiencing)/i,
    status: 503,
  },
  { says: /^Deadline expired/i, status: 504 },
  { says: /^Requested entity was not found|is not found for API version/i, status: 404 },
  { says: /^Operation is not implemented/i, status: 501 },
];

const byCode: ReadonlyMap<number, number> = new Map([
  [1001, 503],
  [1003, 400],
  [1007, 400],
  [1008, 400],
  [1009, 400],
  [1010, 400],
  [1011, 500],
  [1012, 503],
  [1013, 503],
  [1014, 502],
]);

/**
 * What a close of the provider's stands for; null when it is an end like any other.
 *
 * @param hasBegun - the provider has said something before: then a plain good-bye is none
 * @param namesResource - the setup named something that lives in one project
 */
export function failureOf(
  closing: Closing,
  provider: Provider,
  { hasBegun, namesResource, nowMs }: { hasBegun: boolean; namesResource: boolean; nowMs: number },
): Failure | null {
  const { code, reason, isBroken } = closing;
  if (isBroken) return trouble.noHttp(`a frame that WebSocket does not know, or that is too large (${code})`);
  if (code === 1006) return trouble.transportFailure(new Error('closed'), hasBegun);
  const status = byReason.find(({ says }) => says.test(reason))?.status ?? byCode.get(code);
  if (status === undefined || (hasBegun && code === 1001)) return hasBegun ? null : silentEnd(code);
  const text = JSON.stringify({ error: { code: status, message: reason } });
  const known = provider.classify({ status, text, retryAfter: null, namesResource, nowMs });
  return { ...known, message: `The provider closed the session with ${code} (${known.kind}).` };
}

/** One more try tells whether that was an accident. */
function silentEnd(code: number): Failure {
  const message = `The provider closed the session with ${code} before it had said anything.`;
  return failure('empty', 'empty_response', message, { mostTries: 2 });
}
