/** Why something is not the same, each with what it has to look like, so that no reason outlives its difference. */

import type { Outcome } from '../outcome.ts';
import type { Trial } from './trial.ts';

/** Why a capability leads nowhere, direct as well. */
interface Refusal {
  fits(trial: Trial, direct: Outcome, through: Outcome): boolean;
  reason(direct: Outcome): string;
}

/** Why what a client gives is another thing behind the gateway. */
interface Difference {
  /** Makes a value of both sides the same, and nothing but what the reason speaks of. */
  readonly level?: (value: unknown) => unknown;
  /** Or looks at the whole of it. */
  readonly fits?: (trial: Trial, direct: Outcome, through: Outcome) => boolean;
  readonly reason: string;
}

/** Google’s words for what is not there, and the gateway’s. */
const gone =
  /may not exist|or permission denied|Requested entity was not found|There is no .+ here, or it is not yours/;

/** The list of them, in the order in which they are looked at. */
export const differences: readonly Difference[] = [
  {
    level: (value) => (isFields(value) && 'refused' in value && says(value, gone) ? { refused: 'gone' } : value),
    reason:
      'Google answers 403 or 404, in words that differ from kind to kind. The gateway looks for it in all projects and then answers 404 itself, in the same words for what never was, what ' +
      'is gone and what belongs to another caller.',
  },
  {
    level: (value) => (isList(value) ? withoutResponse(value) : value),
    reason:
      'A list is put together by the gateway out of the lists of all projects. Its header fields are the gateway’s, ' +
      'without those of Google’s servers (`server`, `server-timing`, …); this SDK shows them. What is listed is the same.',
  },
  {
    fits: (_, direct, through) => direct.error === null && says(through.error, /The video was answered 403/),
    reason:
      'The operation is the same. But this SDK downloads a video from the address in the answer, which is Google’s own ' +
      'and not the gateway’s, and shows its key to nobody but the address that it was given: Google sees no key. The ' +
      'bytes are to be had with `GET {gateway}/v1beta/files/{id}:download?alt=media` and the caller’s key.',
  },
];

/** The list of them, in the order in which they are looked at. */
export const refusals: readonly Refusal[] = [
  {
    fits: ({ asked }) => asked.direct.length === 0 && asked.through.length === 0,
    reason: (direct) => `The client refuses it itself, and asks nobody: “${direct.error?.message}”`,
  },
  {
    fits: (_, direct) => says(direct.error, /training_data is not specified/),
    reason: () => 'The SDK loses the examples on the way (`tuningDatasetToMldev`), and Google refuses what is left.',
  },
  {
    fits: (_, direct) => says(direct.error, /was not found on this server/),
    reason: () =>
      'The simulated Google does not have it, so all that is shown is that the question arrives and its 404 comes back ' +
      '(an HTML page of Google’s becomes an error in the client’s dialect).',
  },
];

function says(value: unknown, words: RegExp): boolean {
  return words.test(JSON.stringify(value));
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One collection, and how it was answered. */
function isList(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isFields(value) || !('sdkHttpResponse' in value)) return false;
  const others = Object.entries(value).filter(([name]) => name !== 'sdkHttpResponse');
  return others.length === 1 && Array.isArray(others[0]?.[1]);
}

function withoutResponse({ sdkHttpResponse: _, ...list }: Readonly<Record<string, unknown>>): unknown {
  return list;
}
