/** Answers as providers send them, in every framing, with everything beside them that must not be taken for what it looks like. */

import type { Grammar } from '../../src/dialect/dialect.ts';
import { gemini } from '../../src/dialect/gemini/dialect.ts';
import { openaiChat } from '../../src/dialect/openai-chat/dialect.ts';
import type { Tape } from './tape.ts';

/** An answer, and what it is made of. */
export interface MadeAnswer {
  readonly grammar: Grammar;
  readonly framing: 'sse' | 'array' | 'unary';
  readonly bytes: Buffer;
  /** Where an event, an end mark or a body begins and ends in `bytes`: a cut in between leaves a half. */
  readonly parts: readonly AnswerPart[];
  /** A raw error stands behind the events, as Google writes it. */
  readonly rawError: unknown;
}

/** A stretch of an answer. */
export interface AnswerPart {
  readonly from: number;
  readonly to: number;
  /** Undefined for an end mark. */
  readonly value: unknown;
}

const texts = [
  'a',
  '',
  'Hé 😀 中文 👩‍👩‍👧',
  '"finishReason":"STOP"',
  '\\',
  '\\"',
  '"}]}}]}',
  '\ndata: {"error":{"code":1}}\n\n',
  '\u2028data: x',
  '{',
  ']',
  '\u0000\u001f',
  'data:',
  ': ping',
  '[DONE]',
];
const finishes = [undefined, 'STOP', null, '', 'MAX_TOKENS', 'FINISH_REASON_UNSPECIFIED', 3, 0, 10];
const errors = [
  { error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } },
  { error: { message: 'é }{ ][ "\\', details: [{ a: [{}] }] }, more: 1 },
  { error: {} },
  { error: 'text' },
];

export function makeAnswer(tape: Tape): MadeAnswer {
  const isOpenai = tape.isOneIn(3);
  const grammar = (isOpenai ? openaiChat : gemini).grammar;
  const framing = tape.pick(['sse', 'sse', 'sse', 'array', 'unary'] as const);
  const event = (): unknown => (tape.isOneIn(12) ? tape.pick(errors) : isOpenai ? chatEvent(tape) : geminiEvent(tape));
  const values = framing === 'unary' ? [event()] : Array.from({ length: 1 + tape.below(4) }, event);
  const rawError = framing === 'sse' && tape.isOneIn(10) ? tape.pick(errors) : undefined;
  const mark = tape.isOneIn(6) ? '\u{feff}' : '';
  const pieces = framing === 'sse' ? sse(values, tape, isOpenai, rawError) : json(values, tape, framing);
  const parts: AnswerPart[] = [];
  let text = mark;
  for (const { before = '', part, value } of pieces) {
    text += before;
    const from = Buffer.byteLength(text);
    text += part;
    if (part !== '') parts.push({ from, to: Buffer.byteLength(text), value });
  }
  return { grammar, framing, bytes: Buffer.from(text), parts, rawError };
}

interface Piece {
  readonly before?: string;
  readonly part: string;
  readonly value?: unknown;
}

function geminiEvent(tape: Tape): unknown {
  const members: [string, unknown][] = [];
  if (!tape.isOneIn(5)) members.push(['candidates', tape.several(2, () => candidate(tape))]);
  if (tape.isOneIn(3)) members.push(['usageMetadata', usage(tape)]);
  if (tape.isOneIn(9))
    members.push(['promptFeedback', { safetyRatings: [{ a: 1 }], blockReason: tape.pick(finishes) }]);
  return assembled(members, tape);
}

function candidate(tape: Tape): unknown {
  const members: [string, unknown][] = [];
  if (!tape.isOneIn(5)) members.push(['content', { role: 'model', parts: tape.several(2, () => part(tape)) }]);
  if (tape.isOneIn(2)) members.push(['finishReason', tape.pick(finishes)]);
  return assembled(members, tape);
}

function part(tape: Tape): unknown {
  const text = tape.pick(texts);
  const args = { candidates: [{ finishReason: 'STOP', content: { parts: [{}] } }], error: { a: text } };
  return tape.pick([
    { text },
    { thought: true, text },
    { functionCall: { name: 'f', args } },
    {},
    { inlineData: text },
  ]);
}

function chatEvent(tape: Tape): unknown {
  const members: [string, unknown][] = [];
  if (!tape.isOneIn(5)) members.push(['choices', tape.several(2, () => choice(tape))]);
  if (tape.isOneIn(3)) members.push(['usage', usage(tape)]);
  return assembled(members, tape);
}

function choice(tape: Tape): unknown {
  const text = tape.pick(texts);
  const content = tape.pick([
    { content: text },
    {},
    { role: 'assistant', content: null },
    { tool_calls: [{ a: text }] },
  ]);
  const members: [string, unknown][] = [[tape.pick(['delta', 'message']), content]];
  if (tape.isOneIn(2)) members.push(['finish_reason', tape.pick(finishes)]);
  return assembled(members, tape);
}

function usage(tape: Tape): unknown {
  return tape.pick([{ promptTokenCount: tape.below(500) }, {}, null, { '}': [{ 'é"': ']' }], usage: 2 }, 7]);
}

/** In any order, and with others between them. */
function assembled(members: [string, unknown][], tape: Tape): unknown {
  const decoys: [string, unknown][] = [
    ['modelVersion', tape.pick(texts)],
    ['finishReason', 'STOP'],
    ['blockReason', 'SAFETY'],
    ['grounding', { parts: [{ text: 'a' }], finishReason: 'STOP', usageMetadata: { a: 1 } }],
    ['x'.repeat(50), [[], [[{}]]]],
    ['content_', -1.5e3],
  ];
  for (const decoy of tape.several(2, () => tape.pick(decoys))) members.push(decoy);
  // An error is told by its key being the first.
  if (tape.isOneIn(8) && members.length > 0) members.push(['error', { code: 1 }]);
  else if (tape.isOneIn(2)) members.reverse();
  return Object.fromEntries(members);
}

/** Lines that a reader of event streams steps over. */
const otherLines = [
  ': ping {"a',
  ':',
  'id: 7',
  'event: {"error',
  'retry: 10',
  'dataset: {"error":{}}',
  ' data: {"error":{}}',
  'x{',
];

function* sse(values: readonly unknown[], tape: Tape, isOpenai: boolean, rawError: unknown): Iterable<Piece> {
  const end = tape.pick(['\r\n', '\n', '\r']);
  const name = tape.pick(['data: ', 'data:', 'data:  ', 'data:\t']);
  const other = (): string => (tape.isOneIn(4) ? tape.pick(otherLines) + end : '');
  for (const value of values) {
    const isList = isOpenai && isError(value) && tape.isOneIn(2);
    const before = other();
    const lines = printed(value, tape.isOneIn(4)).split('\n');
    const text = lines.map((line, at) => (at === 0 ? '' : end + other() + name) + line).join('');
    yield { before, part: name + (isList ? '[' : '') + text, value };
    yield { before: (isList ? ']' : '') + end + other() + end, part: '' };
  }
  if (isOpenai) {
    yield { part: `${name}[DONE]` };
    yield { before: end + end, part: '' };
  }
  if (rawError !== undefined) yield { part: JSON.stringify(rawError, null, 2), value: rawError };
}

function* json(values: readonly unknown[], tape: Tape, framing: 'array' | 'unary'): Iterable<Piece> {
  const isPretty = tape.isOneIn(2);
  const [between, last] = tape.pick([
    ['\n,\r\n', '\n]'],
    [',', ']'],
    [' , ', ']'],
  ] as const);
  for (const [at, value] of values.entries()) {
    const before = framing === 'unary' ? tape.pick(['', '\n', ' ']) : at === 0 ? '[' : between;
    yield { before, part: printed(value, isPretty), value };
  }
  if (framing === 'array') yield { before: last, part: '' };
  yield { before: tape.pick(['', '\n']), part: '' };
}

function printed(value: unknown, isPretty: boolean): string {
  return JSON.stringify(value, null, isPretty ? 2 : undefined);
}

/** What every reader takes for an error: an object whose first key says so. */
export function isError(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.keys(value)[0] === 'error';
}
