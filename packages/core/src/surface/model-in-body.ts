/** Finds the model that a JSON body names, without parsing it: bodies are large, and the name is nearly always in front. */

import { JsonWalk } from '../bytes/json-walk.ts';
import { Words } from '../bytes/words.ts';

const OPEN_BRACE = 0x7b;
/** Who names the model behind this much is served all the same, only not by a lane of its own. */
const mostBytes = 1_048_576;
const pieceBytes = 4_096;
const words = new Words(['model']);

/** @returns the string under `model` at the root; null when there is none within the first MiB */
export function modelInBody(body: Uint8Array): string | null {
  const start = body.subarray(0, 64).indexOf(OPEN_BRACE);
  if (start < 0) return null;
  let model: string | null = null;
  const told = {
    key: (depth: number, word: string) => depth === 1 && word === 'model' && model === null,
    value(word: string) {
      model = word;
    },
    valueStart() {},
    leave() {},
  };
  const walk = new JsonWalk(told, words);
  walk.open();
  const end = Math.min(body.length, mostBytes);
  for (let at = start + 1; at < end && walk.depth > 0 && model === null; at += pieceBytes) {
    walk.feed(body.subarray(at, Math.min(at + pieceBytes, end)), 0, false);
  }
  return model;
}
