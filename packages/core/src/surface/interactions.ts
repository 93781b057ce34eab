/** The Interactions API as clients call it: which of its calls is which. What is not known passes through. */

import { interactionResumption } from '../dialect/interactions/resumption.ts';
import type { Call } from './surface.ts';
import type { Target } from './target.ts';

/** What speaks the language of interactions, uploads into an environment included. */
export const interactionsPath: RegExp =
  /^\/(?:upload\/)?v[0-9][a-z0-9]*\/(?:interactions|agents|environments|credentials|triggers|voices|webhooks)(?:[/:?]|$)/;

/**
 * @param passed - the call as it is where nothing is known of it
 * @param canBeJudged - false where its answer comes in a form in which its end cannot be seen
 */
export function interactionsCall(passed: Call, { segments, verb }: Target, method: string, canBeJudged: boolean): Call {
  const [, collection, id, what] = segments;
  if (collection !== 'interactions' || verb !== null) return passed;
  const answer = canBeJudged ? 'generation' : 'opaque';
  const streaming = { answer, resumption: interactionResumption } as const;
  if (id === undefined) {
    return method === 'POST'
      ? { ...passed, ...streaming, name: 'interactions.create', wantsJson: true, hasModelInBody: true }
      : passed;
  }
  if (what === undefined && method === 'GET') return { ...passed, name: 'interactions.get', ...streaming };
  if (what === undefined && method === 'DELETE') return { ...passed, name: 'interactions.delete' };
  return what === 'cancel' && method === 'POST' ? { ...passed, name: 'interactions.cancel' } : passed;
}
