/** A second opinion: the whole answer is taken apart by the WHATWG's rules for event streams, and by `JSON.parse`. */

import { createParser } from 'eventsource-parser';
import type { Grammar } from '../../src/dialect/dialect.ts';
import { isError, type MadeAnswer } from './answers.ts';

/** What an answer says, for whoever reads all of it at once. */
export interface Opinion {
  readonly isFinished: boolean;
  readonly hasMeaning: boolean;
  /** The last usage object; null when there was none. */
  readonly usage: unknown;
  /** The error object that ends it; null when there is none. */
  readonly error: unknown;
  readonly documents: number;
}

type Json = Record<string, unknown>;

export function opinionOf(answer: MadeAnswer): Opinion {
  return opinionOn(valuesIn(answer), answer.grammar);
}

export function opinionOn(values: readonly unknown[], grammar: Grammar): Opinion {
  let opinion: Opinion = { isFinished: false, hasMeaning: false, usage: null, error: null, documents: 0 };
  for (const value of values) {
    if (value === undefined) continue;
    opinion = isError(value)
      ? { ...opinion, error: value, documents: opinion.documents + 1 }
      : withEvent(opinion, value as Json, grammar);
    if (opinion.error !== null) break;
  }
  return opinion;
}

function valuesIn({ framing, bytes, rawError }: MadeAnswer): unknown[] {
  const text = bytes.toString().replace(/^\u{feff}/u, '');
  if (framing === 'unary') return [JSON.parse(text)];
  if (framing === 'array') return JSON.parse(text) as unknown[];
  const values: unknown[] = [];
  const raw = rawError === undefined ? '' : JSON.stringify(rawError, null, 2);
  const parser = createParser({
    onEvent({ data }) {
      if (data.trim() === '[DONE]') return;
      const value: unknown = JSON.parse(data);
      values.push(Array.isArray(value) ? value[0] : value);
    },
  });
  parser.feed(text.slice(0, text.length - raw.length));
  return rawError === undefined ? values : [...values, JSON.parse(raw)];
}

/** Values by which an enum says that it is not set. */
const unset: readonly unknown[] = [
  undefined,
  null,
  '',
  0,
  'FINISH_REASON_UNSPECIFIED',
  'BLOCK_REASON_UNSPECIFIED',
  'BLOCKED_REASON_UNSPECIFIED',
];

function withEvent(before: Opinion, event: Json, { list, content, parts, finish, block, usage }: Grammar): Opinion {
  const entries = (event[list] ?? []) as Json[];
  const reasons = entries.map((entry) => entry[finish]);
  if (block !== null) reasons.push((event[block[0]] as Json | undefined)?.[block[1]]);
  const isFinished = reasons.some((reason) => !unset.includes(reason));
  const contents = entries.flatMap((entry) => content.map((name) => entry[name] as Json | undefined));
  const hasContent = contents.some((one) => Object.keys((parts === null ? one : one?.[parts]) ?? {}).length > 0);
  const counted = event[usage];
  return {
    isFinished: before.isFinished || isFinished,
    hasMeaning: before.hasMeaning || isFinished || hasContent,
    usage: typeof counted === 'object' && counted !== null ? counted : before.usage,
    error: null,
    documents: before.documents + 1,
  };
}
