/** What an error answer of the provider means, and how it would look to the client: judged and cleaned. */

import { joined } from '../bytes/joined.ts';
import type { Failure } from '../failure.ts';
import type { Provider } from '../provider/provider.ts';
import { type Call, registerFiles } from '../surface/surface.ts';
import type { HeaderBag } from '../wire.ts';
import type { ErrorText } from './error-reader.ts';
import { headersDown } from './headers.ts';
import { type HeldAnswer, holdAnswer, holdInnerError } from './held-answer.ts';
import type { Scrubber } from './scrub.ts';

/** Who said no to what. */
export interface Refused {
  readonly provider: Provider;
  readonly scrubber: Scrubber;
  /** The key that went up: it may come back in what the provider says. */
  readonly key: string;
  readonly call: Call;
  readonly headers: HeaderBag;
  /** Wall clock ms. */
  readonly nowMs: number;
}

/** A refusal, judged. */
export interface Refusal {
  readonly failure: Failure;
  readonly held: HeldAnswer;
}

/** An answer with an error status. */
export function judgeRefusal(status: number, { raw, text, isWhole }: ErrorText, refused: Refused): Refusal {
  const { scrubber, key, call } = refused;
  const failure = classify(status, text, refused);
  const headers = headersDown(refused.headers, (value) => scrubber.clean(value, key));
  const answer = { status, headers, raw: joined(raw), text, isWhole, clean: scrubber.clean(text, key) };
  return { failure, held: holdAnswer(answer, failure, call) };
}

/**
 * An error object inside an answer of status 200: what counts is its own code.
 *
 * @returns null when it is no error that can be read
 */
export function judgeInnerError(text: string, refused: Refused): Refusal | null {
  const { scrubber, key, provider } = refused;
  const held = holdInnerError(scrubber.clean(text, key), provider.statusOf);
  return held === null ? null : { failure: classify(200, text, refused), held };
}

function classify(status: number, text: string, { provider, headers, call, nowMs }: Refused): Failure {
  const retryAfter = headers['retry-after'];
  const failure = provider.classify({
    status,
    text,
    retryAfter: typeof retryAfter === 'string' ? retryAfter : null,
    namesResource: call.isSticky,
    nowMs,
  });
  // Two have signed it. Which of them was refused cannot be told, and no key is put away by a token of the caller's.
  const isOfKey = failure.scope === 'key' || failure.scope === 'project';
  return isOfKey && call.name === registerFiles ? { ...failure, scope: 'request', again: 'never' } : failure;
}
