/** Aliases of models in a setup: the frame is changed in that one value, and every other byte stays. */

import { JsonWalk } from '../bytes/json-walk.ts';
import { Words } from '../bytes/words.ts';
import type { ModelRoutes } from '../surface/gemini.ts';
import type { Setup } from './setup.ts';

const OPEN_BRACE = 0x7b;
const words = new Words(['setup', 'model']);
const encoder = new TextEncoder();

/** The setup as the provider is to hear it: with the model that an alias stands for, else as it came. */
export function withoutAlias(setup: Setup, routes: ModelRoutes): Setup {
  const { frame, model } = setup;
  const meant = model === null ? undefined : routes.get(model);
  const place = meant === undefined ? null : placeOfModel(frame.data);
  // Whoever writes it with escapes may mean the alias or not: the provider tells.
  if (meant === undefined || place === null || place.text.replace(/^models\//, '') !== model) return setup;
  const to = encoder.encode(place.text.slice(0, -model.length) + meant);
  const data = new Uint8Array(frame.data.length - place.text.length + to.length);
  data.set(frame.data.subarray(0, place.from));
  data.set(to, place.from);
  data.set(frame.data.subarray(place.from + place.text.length), place.from + to.length);
  return { frame: { ...frame, data }, model: meant };
}

interface Place {
  readonly text: string;
  readonly from: number;
}

/** Where the model stands in a message that is known to be JSON. Of two, the last one counts, as it does for parsers. */
function placeOfModel(data: Uint8Array): Place | null {
  let place: Place | null = null;
  const told = {
    key(depth: number, word: string) {
      if (depth === 1 && word === 'setup') place = null;
      return depth === 2 && word === 'model' && walk.keys[1] === 'setup';
    },
    value(text: string, end: number) {
      place = { text, from: end - text.length };
    },
    valueStart() {},
    leave() {},
  };
  const walk = new JsonWalk(told, words);
  walk.open();
  walk.feed(data, data.indexOf(OPEN_BRACE) + 1, false);
  return place;
}
