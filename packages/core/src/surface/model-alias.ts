/** Aliases of models inside JSON that goes up: the text is changed in that one value, and every other byte stays. */

import { JsonWalk } from '../bytes/json-walk.ts';
import { Words } from '../bytes/words.ts';

const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;
const encoder = new TextEncoder();

/** What begins a session of the Live API. */
export const setupMessage: readonly string[] = ['setup'];
/** What a token is minted for; Google reads a name in either form. */
export const setupOfToken: readonly string[] = ['bidiGenerateContentSetup', 'bidi_generate_content_setup'];

const words = new Words([...setupMessage, ...setupOfToken, 'model']);

/** A text with the model that an alias stands for in the place of that alias. */
export interface Renamed {
  readonly data: Uint8Array;
  readonly alias: string;
  readonly model: string;
}

/**
 * @param within - the object at the root whose `model` is meant, by its names
 * @returns null where no alias stands there. Whoever writes one with escapes may mean it or not: the provider tells.
 */
export function withModelMeant(
  data: Uint8Array,
  within: readonly string[],
  routes: ReadonlyMap<string, string>,
): Renamed | null {
  const place = placeOfModel(data, within);
  const alias = place === null ? '' : place.text.replace(/^models\//, '');
  const model = routes.get(alias);
  if (place === null || model === undefined) return null;
  const { text, from } = place;
  const to = encoder.encode(text.slice(0, text.length - alias.length) + model);
  const renamed = new Uint8Array(data.length - text.length + to.length);
  renamed.set(data.subarray(0, from));
  renamed.set(to, from);
  renamed.set(data.subarray(from + text.length), from + to.length);
  return { data: renamed, alias, model };
}

interface Place {
  readonly text: string;
  readonly from: number;
}

/** Where the model stands. Of two, the last one counts, as it does for parsers. */
function placeOfModel(data: Uint8Array, within: readonly string[]): Place | null {
  let place: Place | null = null;
  const told = {
    key(depth: number, word: string) {
      if (depth === 1 && within.includes(word)) place = null;
      return depth === 2 && word === 'model' && within.includes(walk.keys[1] ?? '');
    },
    value(text: string, end: number) {
      const from = end - text.length;
      // A number, or a text that is told in part, has no quotes around it.
      place = data[from - 1] === QUOTE && data[end] === QUOTE ? { text, from } : null;
    },
    valueStart() {},
    leave() {},
  };
  const walk = new JsonWalk(told, words);
  walk.open();
  walk.feed(data, data.indexOf(OPEN_BRACE) + 1, false);
  return place;
}
