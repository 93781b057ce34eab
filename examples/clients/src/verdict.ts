/** What a comparison comes to: the same, or a difference with its reason. */

import { isDeepStrictEqual } from 'node:util';
import type { Comparison } from './comparison.ts';
import { type Outcome, summaryOf, withoutField } from './outcome.ts';

/** One cell of the page. */
export interface Verdict {
  readonly kind: 'same' | 'explained' | 'missing' | 'unexplained';
  readonly text: string;
  /** Why it is not the same; null where nothing needs a reason, or none is known. */
  readonly reason: string | null;
}

interface Explanation {
  readonly scenario: string;
  /** Looks at what really came, so that a reason cannot outlive the difference that it was written for. */
  fits(direct: Outcome, through: Outcome): boolean;
  /** Said of an outcome that is the same in two words and differs in what is in it. */
  readonly detail?: string | undefined;
  readonly reason: string;
}

const explanations: readonly Explanation[] = [
  {
    scenario: 'wrong key',
    fits: (direct, through) => says(direct, 'API key not valid') && says(through, 'This gateway needs a caller key'),
    reason:
      'Google answers a key that it does not know with 400 `INVALID_ARGUMENT`. The gateway has callers of its own and ' +
      'answers 401 `UNAUTHENTICATED` itself, before anything goes to Google. Clients that have a class for 401 use it.',
  },
  {
    scenario: '429',
    fits: (direct, through) =>
      says(through, '"retry-after":"17"') && isDeepStrictEqual(direct, withoutField(through, 'retry-after')),
    detail: 'with `Retry-After`',
    reason:
      'Google says in the body alone when to come back. The gateway passes that body on and adds `Retry-After: 17`, ' +
      'which a client that shows header fields shows as well; nothing else differs.',
  },
  {
    scenario: '429 again',
    fits: (direct, through) => says(direct, 'You exceeded your current quota') && says(through, 'has quota left'),
    detail: 'from the gateway',
    reason:
      'The gateway knows until when the project rests, and answers for it (`QUOTA_EXHAUSTED`, the same status, the ' +
      'remaining delay as `RetryInfo` and `Retry-After`) instead of asking Google once more in vain. With a second ' +
      'project there would be an answer.',
  },
  {
    scenario: '503 once',
    fits: (direct, through) => direct.error !== null && through.error === null && through.values.length > 0,
    reason: 'The gateway asked again before the client had seen anything. Direct, that is left to the client.',
  },
];

const brokenReason =
  'Both end in an error behind the same pieces; never does a cut stream look like a whole one. Direct, it is the reset ' +
  'of the connection. The gateway writes an error in the client’s dialect (502 `UPSTREAM_TRUNCATED`) and then destroys ' +
  'the connection: SDKs that read what stands outside of events (`@google/genai`) or know error events (`openai`) show ' +
  'it if they come to it before the end of the connection, the others show the end of the connection.';

/** Judges a comparison. */
export function verdictOf({ client, scenario, outcomes }: Comparison): Verdict {
  if (outcomes === null) {
    const [call = 'unary'] = scenario.calls;
    return { kind: 'missing', text: 'not asked', reason: client.lacks?.[call] ?? null };
  }
  const { direct, through } = outcomes;
  if (scenario.isBroken) return brokenVerdict(direct, through);
  if (isDeepStrictEqual(direct, through)) {
    const text = direct.error === null ? 'same' : `same: ${summaryOf(direct)}`;
    return { kind: 'same', text, reason: null };
  }
  const known = explanations.find(({ scenario: title, fits }) => title === scenario.title && fits(direct, through));
  return {
    kind: known === undefined ? 'unexplained' : 'explained',
    text: changed(direct, through, known?.detail),
    reason: known?.reason ?? null,
  };
}

/** One client may come one piece further than the other, but both tell the same, and neither believes in an end. */
function brokenVerdict(direct: Outcome, through: Outcome): Verdict {
  const shorter = Math.min(direct.values.length, through.values.length);
  const isBegun = isDeepStrictEqual(direct.values.slice(0, shorter), through.values.slice(0, shorter));
  const isExplained = isBegun && direct.error !== null && through.error !== null;
  if (!isExplained) return { kind: 'unexplained', text: changed(direct, through), reason: null };
  return { kind: 'explained', text: 'an error, as direct', reason: brokenReason };
}

function changed(direct: Outcome, through: Outcome, detail = 'of another content'): string {
  const [before, after] = [summaryOf(direct), summaryOf(through)];
  return before === after ? `${before} ${detail}` : `${before} → ${after}`;
}

function says(outcome: Outcome, words: string): boolean {
  return JSON.stringify(outcome).includes(words);
}
