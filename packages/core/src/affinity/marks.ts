/** A first look at a body: could it name a resource at all? Most cannot, and then nothing of them is read. */

import { fields, fieldWords, modelField } from './fields.ts';
import { backslashesBefore, isSpace, isWordByte } from './loose-json.ts';

const COLON = 0x3a;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BACKSLASH = 0x5c;
/** Each letter of a key may be an escape of six bytes. */
const longestKeyBytes = 400;
/** What a tuned or dynamic model begins with, or an escape. */
const firstOfTuned = new Set([0x74, 0x64, BACKSLASH]);
/** Up to here looking at bytes one by one is faster than a call into the engine. */
const nearBytes = 32;

/**
 * True when a key of the body is one of the fields that may name something, or has an escape in it.
 *
 * It goes from colon to colon, since each key stands before one: long texts have few, and Base64 has none. A colon in
 * a text may raise a false alarm, which costs a walk and nothing else.
 */
export function mayNameResources(body: Uint8Array): boolean {
  for (let at = nextColon(body, 0); at >= 0; at = nextColon(body, at + 1)) {
    if (mayEndField(body, at) && isMark(body, at)) return true;
  }
  return false;
}

function nextColon(body: Uint8Array, from: number): number {
  const near = Math.min(from + nearBytes, body.length);
  for (let at = from; at < near; at++) if (body[at] === COLON) return at;
  return near === body.length ? -1 : body.indexOf(COLON, near);
}

/** Three letters settle nearly every key. No field is shorter. */
const tailLetters = 3;
const tails = tailsOf(fields.keys());

/** False when no field ends here, however it is spelt. */
function mayEndField(body: Uint8Array, colon: number): boolean {
  let end = colon;
  let last = body[end - 1];
  if (isSpace(last)) {
    while (isSpace(body[end - 1])) end--;
    last = body[end - 1];
  }
  if (last === QUOTE || last === APOSTROPHE) end--;
  if (end < tailLetters) return false;
  const third = body[end - 3] as number;
  const second = body[end - 2] as number;
  const first = body[end - 1] as number;
  return tails[tailOf(third, second, first)] === 1 || isOfEscape(third) || isOfEscape(second) || isOfEscape(first);
}

function tailOf(third: number, second: number, first: number): number {
  return ((third * 31 + second) * 31 + first) & 0xfff;
}

/** An escaped letter ends in two hexadecimal digits, and the first of them is a number. */
function isOfEscape(byte: number): boolean {
  return byte === BACKSLASH || (byte >= 0x30 && byte <= 0x39);
}

/** The ends of the words; also with the last digit of an escape for the third letter, where that is a letter itself. */
function tailsOf(words: Iterable<string>): Uint8Array {
  const table = new Uint8Array(0x1000);
  for (const word of words) {
    const [third, second, first] = [...word.slice(-tailLetters)].map((letter) => letter.charCodeAt(0)) as number[];
    const digit = ((third as number) & 0xf).toString(16);
    for (const byte of [third as number, digit.charCodeAt(0), digit.toUpperCase().charCodeAt(0)]) {
      table[tailOf(byte, second as number, first as number)] = 1;
    }
  }
  return table;
}

function isMark(body: Uint8Array, colon: number): boolean {
  let end = colon;
  while (isSpace(body[end - 1])) end--;
  const last = body[end - 1] as number;
  let start = end;
  if (last === QUOTE || last === APOSTROPHE) {
    end--;
    start = end;
    const least = Math.max(0, end - longestKeyBytes);
    let hasEscape = false;
    while (start > least && body[start - 1] !== last) {
      start--;
      if (body[start] === BACKSLASH) hasEscape = true;
    }
    // An odd number of backslashes before the closing quote: this is inside of a text that quotes something.
    if (hasEscape) return backslashesBefore(body, end, start) % 2 === 0;
  } else while (start > 0 && end - start < longestKeyBytes && isWordByte(body[start - 1] as number)) start--;
  const word = fieldWords.find(body, start, end);
  if (word === '' || !fields.has(word)) return false;
  return word !== modelField || isTuned(body, colon + 1);
}

function isTuned(body: Uint8Array, from: number): boolean {
  let at = from;
  while (isSpace(body[at])) at++;
  return firstOfTuned.has(body[at + 1] as number);
}
