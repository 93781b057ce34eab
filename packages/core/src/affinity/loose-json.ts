/**
 * Walks through JSON as leniently as the provider reads it: strings in single quotes, keys without quotes, commas too
 * many, keys that come twice. Whatever it does not understand it steps over, and it builds nothing.
 *
 * `bytes/json-walk.ts` is for answers that come in pieces and knows keys of a few levels only; here the body is whole,
 * every level counts, and what a strict parser drops (the first of two equal keys) is seen.
 */

import { hexAt } from '../bytes/hex.ts';
import { endingOf, type Words } from '../bytes/words.ts';

const SPACE = 0x20;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const LETTER_U = 0x75;
/** Stands for any letter that is none of ASCII. */
const NO_ASCII = 0xff;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** The provider refuses what is deeper than 100. */
const deepestLevel = 128;
const longestKey = 64;
/** A text that is longer is searched by the engine: up to here, looking at bytes one by one costs less. */
const stepBytes = 256;

const decoder = new TextDecoder();

/** What the walk tells. */
export interface LooseVisitor {
  /** Nothing is told of strings and containers under keys that are none of the words. */
  readonly wordsOnly?: boolean;
  /** A string, from behind its opening quote to before its closing one. @returns true to end the walk */
  text(at: LooseWalk, from: number, to: number): boolean;
  /** A container begins, at `at.depth`. @returns true when nothing inside it is to be told */
  enter?(at: LooseWalk): boolean;
  /** The container at `at.depth` is about to close. @returns true to end the walk */
  leave?(at: LooseWalk): boolean;
}

/** Outside of strings most bytes say nothing about where the walk is. */
const meansNothing = new Uint8Array(256).fill(1);
for (const byte of [QUOTE, APOSTROPHE, COLON, OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET])
  meansNothing[byte] = 0;

/** Where the walk is. */
export class LooseWalk {
  readonly body: Uint8Array;
  /** How many containers are open. */
  depth = 0;
  readonly #words: Words;
  readonly #visitor: LooseVisitor;
  readonly #wordsOnly: boolean;
  readonly #keys: number[] = [0];
  readonly #isList: boolean[] = [false];
  #scratch: Uint8Array | null = null;

  /** @param words - keys that are told; every other one is an empty text */
  constructor(body: Uint8Array, words: Words, visitor: LooseVisitor) {
    this.body = body;
    this.#words = words;
    this.#visitor = visitor;
    this.#wordsOnly = visitor.wordsOnly === true;
  }

  /** The last key of the object at `depth`; in a list the key that the list itself stands under. */
  key(depth: number): string {
    return this.#words.list[this.#keys[depth] ?? 0] as string;
  }

  /** The number of {@link key} among the words; 0 for none of them. */
  number(depth: number): number {
    return this.#keys[depth] ?? 0;
  }

  isList(depth: number): boolean {
    return this.#isList[depth] === true;
  }

  /** To the end of the body, to a level too deep, or to where the visitor has had enough. */
  run(): void {
    const end = this.body.length;
    // In steps: engines compile what is called often better than what loops for long.
    for (let at = 0; at < end; ) at = this.#walk(at, Math.min(at + stepBytes, end));
  }

  /** A step. What nearly every string is, short and without escapes, is done here; calls cost more. @returns where it stopped */
  #walk(from: number, until: number): number {
    const { body } = this;
    const wordsOnly = this.#wordsOnly;
    const words = this.#words;
    const { endings } = words;
    const keys = this.#keys;
    let { depth } = this;
    let at = from;
    while (at < until) {
      const byte = body[at] as number;
      at++;
      if (byte === QUOTE || byte === APOSTROPHE) {
        const start = at;
        let hasEscape = false;
        while (at < until) {
          const letter = body[at] as number;
          if (letter === byte) break;
          if (letter === BACKSLASH) {
            hasEscape = true;
            at++;
          }
          at++;
        }
        if (at >= until) return this.#endString(start, closingQuote(body, at, byte), true);
        const to = at;
        at++;
        if (at < body.length && body[at] === COLON && !hasEscape) {
          at++;
          keys[depth] = 0;
          const ending = endingOf(to - start, body[to - 1] as number);
          if (endings[ending] === 1) keys[depth] = words.numberAt(body, start, to);
        } else if (!wordsOnly || keys[depth] !== 0 || hasEscape || isSpace(body[at])) {
          at = this.#endString(start, to, hasEscape);
        }
      } else if (byte < OPEN_BRACKET) {
        if (byte === COLON) this.#readBareKey(at - 1);
        else while (at < until && body[at] === SPACE) at++;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (depth >= deepestLevel) return body.length;
        const isList = byte === OPEN_BRACKET;
        const key = keys[depth] as number;
        depth++;
        this.depth = depth;
        keys[depth] = isList ? key : 0;
        this.#isList[depth] = isList;
        if (!(wordsOnly && key === 0) && this.#visitor.enter?.(this) === true) return this.#skip(at);
      } else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && depth > 0) {
        if (this.#visitor.leave?.(this) === true) return body.length;
        depth--;
        this.depth = depth;
      }
    }
    return at;
  }

  /** What stands before a colon is a key, whatever stands before it. @returns where it goes on */
  #endString(from: number, to: number, hasEscape: boolean): number {
    const { body } = this;
    let at = to + 1;
    while (isSpace(body[at])) at++;
    if (body[at] === COLON) {
      const word = this.#words.numberAt(body, from, to);
      this.#keys[this.depth] = word === 0 && hasEscape ? this.#escapedWordAt(from, to) : word;
      return at + 1;
    }
    if (this.#wordsOnly && this.#keys[this.depth] === 0) return at;
    return this.#visitor.text(this, from, to) ? body.length : at;
  }

  /** Leaves the container that was just entered. @returns where it goes on; the end, for a level too deep */
  #skip(from: number): number {
    const { body } = this;
    const outside = this.depth - 1;
    const end = body.length;
    let { depth } = this;
    let at = from;
    while (at < end && depth > outside) {
      let byte = body[at] as number;
      at++;
      while (meansNothing[byte] === 1 && at < end) {
        byte = body[at] as number;
        at++;
      }
      if (byte === QUOTE || byte === APOSTROPHE) at = closingQuote(body, at, byte) + 1;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (depth >= deepestLevel) return end;
        depth++;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    }
    this.depth = depth;
    return at;
  }

  /** A key without quotes stands before its colon. */
  #readBareKey(colon: number): void {
    const { body } = this;
    let to = colon;
    while (isSpace(body[to - 1])) to--;
    let from = to;
    while (from > 0 && isWordByte(body[from - 1] as number)) from--;
    if (from < to) this.#keys[this.depth] = this.#words.numberAt(body, from, to);
  }

  #escapedWordAt(from: number, to: number): number {
    if (to - from > longestKey * 6) return 0;
    this.#scratch ??= new Uint8Array(longestKey * 6);
    return this.#words.numberAt(this.#scratch, 0, unescapedInto(this.#scratch, this.body, from, to));
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

/** Up to here looking at bytes one by one is faster than a call into the engine. */
const nearBytes = 128;

/**
 * The same as {@link looseText} in bytes, where it is ASCII; what is none is none here either, but need not be the same.
 *
 * @param into - as long as the text at least
 * @returns how long it is without its escapes
 */
export function unescapedInto(into: Uint8Array, body: Uint8Array, from: number, to: number): number {
  let length = 0;
  for (let at = from; at < to; at++) {
    let byte = body[at] as number;
    if (byte === BACKSLASH && at + 1 < to) {
      at++;
      byte = body[at] as number;
      const code = byte === LETTER_U && at + 4 < to ? hexAt(body, at + 1, 4) : -1;
      if (code >= 0) {
        at += 4;
        byte = code < 0x80 ? code : NO_ASCII;
      } else byte = escapedBytes[byte] as number;
    }
    into[length++] = byte;
  }
  return length;
}

/** What the byte behind a backslash stands for: mostly itself. */
const escapedBytes = Uint8Array.from({ length: 256 }, (_, byte) => {
  const letter = String.fromCharCode(byte);
  return (escapes[letter] ?? letter).charCodeAt(0);
});

/** Where a string ends; the end of the body when it does not. */
function closingQuote(body: Uint8Array, from: number, quote: number): number {
  const end = body.length;
  let at = from;
  for (;;) {
    const near = Math.min(at + nearBytes, end);
    while (at < near) {
      const byte = body[at];
      if (byte === quote) return at;
      at += byte === BACKSLASH ? 2 : 1;
    }
    if (at >= end) return end;
    const found = body.indexOf(quote, at);
    if (found < 0) return end;
    if (backslashesBefore(body, found, at) % 2 === 0) return found;
    // Where quotes are escaped, more of them follow.
    at = found + 1;
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
