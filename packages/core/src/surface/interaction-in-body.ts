/** Finds what the body that begins an interaction means for everybody on the way, without parsing it. */

import { JsonWalk } from '../bytes/json-walk.ts';
import { Words } from '../bytes/words.ts';
import type { Call } from './surface.ts';

const OPEN_BRACE = 0x7b;
const LOWER_F = 0x66;
/** Who says behind this much that nothing is to be kept is served all the same, only in one project. */
const mostBytes = 4_194_304;
const pieceBytes = 65_536;
const words = new Words(['model', 'store', 'agent', 'environment', 'background']);

/**
 * The call with its model. One that nothing is kept of leaves nothing behind in any project: it may go to each of them,
 * and again where it did not run. What cannot be read here is kept, for all that is known.
 */
export function interactionInBody(call: Call, body: Uint8Array): Call {
  const { model, isKept } = read(body);
  const named = model === null ? call : { ...call, model: model.replace(/^models\//, '') };
  return isKept ? named : { ...named, isSticky: false, repeat: 'unless-it-ran', resumption: null };
}

function read(body: Uint8Array): { model: string | null; isKept: boolean } {
  let model: string | null = null;
  const stores: boolean[] = [];
  let usesMore = false;
  let isStore = false;
  let piece = body;
  const told = {
    key(depth: number, word: string) {
      if (depth !== 1) return false;
      isStore = word === 'store';
      // An agent works in an environment, and that is made and kept.
      if (word === 'agent' || word === 'environment' || word === 'background') usesMore = true;
      return word === 'model' && model === null;
    },
    value(word: string) {
      model = word;
    },
    valueStart(depth: number, _isObject: boolean, at: number) {
      if (depth !== 1 || !isStore) return;
      isStore = false;
      stores.push(piece[at] !== LOWER_F);
    },
    leave() {},
  };
  const start = body.subarray(0, 64).indexOf(OPEN_BRACE);
  if (start < 0) return { model, isKept: true };
  const walk = new JsonWalk(told, words);
  walk.open();
  const end = Math.min(body.length, mostBytes);
  for (let at = start + 1; at < end && walk.depth > 0; at += pieceBytes) {
    piece = body.subarray(at, Math.min(at + pieceBytes, end));
    walk.feed(piece, 0, false);
  }
  // A body that says it twice is read by its last word, or by its first: nobody knows.
  const isKept = usesMore || walk.depth > 0 || stores.length === 0 || stores.includes(true);
  return { model, isKept };
}
