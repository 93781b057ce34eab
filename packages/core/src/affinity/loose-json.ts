/**
 * Walks through JSON as leniently as the provider reads it: strings in single quotes, keys without quotes, commas too
 * many, keys that come twice. Whatever it does not understand it steps over, and it builds nothing.
 *
 * `bytes/json-walk.ts` is for answers that come in pieces and knows keys of a few levels only; here the body is whole,
 * every level counts, and what a strict parser drops (the first of two equal keys) is seen.
 */

import type { Words } from '../bytes/words.ts';

const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** The provider refuses what is deeper than 100. */
const deepestLevel = 128;
const longestKey = 64;

const decoder = new TextDecoder();

/** What the walk tells. */
export interface LooseVisitor {
  /** A string, from behind its opening quote to before its closing one. @returns true to end the walk */
  text(at: LooseWalk, from: number, to: number): boolean;
  /** A container begins, at `at.depth`. @returns true when nothing inside it is to be told */
  enter?(at: LooseWalk): boolean;
  /** The container at `at.depth` is about to close. @returns true to end the walk */
  leave?(at: LooseWalk): boolean;
}

/** Where the walk is. */
export class LooseWalk {
  readonly body: Uint8Array;
  /** How many containers are open. */
  depth = 0;
  readonly #words: Words;
  readonly #visitor: LooseVisitor;
  readonly #keys: string[] = [''];
  readonly #isList: boolean[] = [false];
  /** The container of this depth is being skipped. */
  #mutedAt = Number.POSITIVE_INFINITY;
  #at = 0;

  /** @param words - keys that are told; every other one is an empty text */
  constructor(body: Uint8Array, words: Words, visitor: LooseVisitor) {
    this.body = body;
    this.#words = words;
    this.#visitor = visitor;
  }

  /** The last key of the object at `depth`; in a list the key that the list itself stands under. */
  key(depth: number): string {
    return this.#keys[depth] ?? '';
  }

  isList(depth: number): boolean {
    return this.#isList[depth] === true;
  }

  /** To the end of the body, to a level too deep, or to where the visitor has had enough. */
  run(): void {
    const { body } = this;
    while (this.#at < body.length) {
      const byte = body[this.#at] as number;
      this.#at++;
      if (byte === QUOTE || byte === APOSTROPHE) {
        if (this.#readString(byte)) return;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (this.#enter(byte === OPEN_BRACKET)) return;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        if (this.#leave()) return;
      } else if (isWordByte(byte)) this.#readBareWord();
    }
  }

  #enter(isList: boolean): boolean {
    if (this.depth >= deepestLevel) return true;
    this.depth++;
    this.#keys[this.depth] = isList ? this.key(this.depth - 1) : '';
    this.#isList[this.depth] = isList;
    if (this.depth < this.#mutedAt && this.#visitor.enter?.(this) === true) this.#mutedAt = this.depth;
    return false;
  }

  #leave(): boolean {
    if (this.depth === 0) return false;
    const isOver = this.depth < this.#mutedAt && this.#visitor.leave?.(this) === true;
    if (this.depth === this.#mutedAt) this.#mutedAt = Number.POSITIVE_INFINITY;
    this.depth--;
    return isOver;
  }

  #readString(quote: number): boolean {
    const from = this.#at;
    const to = closingQuote(this.body, from, quote);
    this.#at = to + 1;
    if (this.#isBeforeColon()) {
      this.#keys[this.depth] = this.#wordAt(from, to);
      return false;
    }
    return this.depth < this.#mutedAt && this.#visitor.text(this, from, to);
  }

  #readBareWord(): void {
    const from = this.#at - 1;
    while (this.#at < this.body.length && isWordByte(this.body[this.#at] as number)) this.#at++;
    const to = this.#at;
    if (this.#isBeforeColon()) this.#keys[this.depth] = this.#wordAt(from, to);
  }

  /** What stands before a colon is a key, whatever stands before it. */
  #isBeforeColon(): boolean {
    let at = this.#at;
    while (isSpace(this.body[at])) at++;
    if (this.body[at] !== COLON) return false;
    this.#at = at + 1;
    return true;
  }

  #wordAt(from: number, to: number): string {
    const word = this.#words.find(this.body, from, to);
    if (word !== '' || to - from > longestKey * 6 || this.body.subarray(from, to).indexOf(BACKSLASH) < 0) return word;
    const bytes = new TextEncoder().encode(looseText(this.body, from, to));
    return this.#words.find(bytes, 0, bytes.length);
  }
}

/** The text of a string in a body, its escapes undone; what is no proper escape stays as it is. */
export function looseText(body: Uint8Array, from: number, to: number): string {
  const raw = decoder.decode(body.subarray(from, to));
  if (!raw.includes('\\')) return raw;
  return raw.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, hex: string | undefined, letter: string) =>
    hex === undefined ? (escapes[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Where a string ends; the end of the body when it does not. */
function closingQuote(body: Uint8Array, from: number, quote: number): number {
  const near = Math.min(from + 24, body.length);
  for (let at = from; at < near; at++) {
    if (body[at] === BACKSLASH) break;
    if (body[at] === quote) return at;
  }
  let start = from;
  for (;;) {
    const at = body.indexOf(quote, start);
    if (at < 0) return body.length;
    if (backslashesBefore(body, at, start) % 2 === 0) return at;
    start = at + 1;
  }
}

export function backslashesBefore(body: Uint8Array, end: number, from: number): number {
  let count = 0;
  while (end - count > from && body[end - count - 1] === BACKSLASH) count++;
  return count;
}

export function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Letters, digits, `_` and `$`. */
export function isWordByte(byte: number): boolean {
  const letter = byte | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f || byte === 0x24;
}
