/** The keys that a reader of answers has to know, out of the grammar of their language. */

import { Words } from '../bytes/words.ts';
import type { Grammar } from '../dialect/dialect.ts';

const compiled = new WeakMap<Grammar, Words>();

/** A grammar's words, made once. */
export function wordsOf(grammar: Grammar): Words {
  const known = compiled.get(grammar);
  if (known !== undefined) return known;
  const { list, content, parts, calls, finish, block, usage, names, events } = grammar;
  const kinds = events === null ? [] : [events.kind, events.status, events.whole, ...events.before];
  const words = new Words([
    ...['error', list, ...content, parts ?? '', ...calls, finish, ...(block ?? []), usage],
    ...[...names.flat(), ...kinds],
  ]);
  compiled.set(grammar, words);
  return words;
}
