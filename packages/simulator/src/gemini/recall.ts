/** Puts what a request wants from the cache in front of what it says itself. */

import type { SimulatedProject } from '../contract.ts';
import { type Fields, field, list, text } from './body.ts';
import { ownCache } from './cache-calls.ts';
import { Refused } from './refused.ts';
import type { World } from './world.ts';

/** A request with everything that the model reads. */
export interface Recalled {
  readonly fields: Fields;
  /** How many of its tokens came from the cache; null when it names none. */
  readonly cachedTokens: number | null;
}

const instructions = ['systemInstruction', 'tools', 'toolConfig'];

/** Refused when the cached content is not the project's, is for another model, or when instructions come beside it. */
export function recalled(model: string, body: Fields, project: SimulatedProject, world: World): Recalled {
  const name = text(body, 'cachedContent');
  if (name === undefined || name === '') return { fields: body, cachedTokens: null };
  const cache = ownCache(name.replace(/^cachedContents\//, ''), project, world);
  if (cache.model !== model) throw new Refused('cache-of-another-model', { model, cached: cache.model });
  if (instructions.some((wanted) => field(body, wanted) !== undefined)) throw new Refused('cache-and-instructions');
  const cached = Object.fromEntries(instructions.map((wanted) => [wanted, field(cache.fields, wanted)]));
  const contents = [...list(cache.fields, 'contents'), ...list(body, 'contents')];
  return { fields: { ...body, ...cached, contents }, cachedTokens: cache.tokens };
}
