/**
 * Walks through one JSON object as its bytes pass and tells what stands where, without copying or building anything.
 *
 * Only keys down to {@link deepestKey} are known, and only values that somebody waits for; everything else is skipped,
 * long strings with the engine's own search. The walk is linear whatever the input, and any cutting of the same bytes
 * leads to the same calls.
 */

import type { Words } from './words.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const COMMA = 0x2c;
const COLON = 0x3a;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** root, list, entry, content, parts, part, fileData */
const deepestKey = 7;
/** No key that matters is longer. */
const longestWord = 40;
/** The name of a model has 128 letters at most, and may have its collection before it. */
const longestValue = 160;
/** Most strings are short, and a call into the engine costs more than looking at so many bytes. */
const nearBytes = 64;
/** Where one quote is escaped, others are, and each would end a search of the engine. */
const escapedNearBytes = 512;

/** Outside of strings: all but white space, and what tells where the walk is. */
const isOfScalar = new Uint8Array(256).fill(1);
for (const byte of [LF, CR, SPACE, TAB, QUOTE, COMMA, COLON, OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET])
  isOfScalar[byte] = 0;

/** What the walk tells of the known levels; positions are indexes into the chunk that is being fed. */
export interface Walked {
  /** A key was read; `walk.keys[depth]` holds it. @returns true to be told its value if that is a string or a number */
  key(depth: number, word: string): boolean;
  /** The value that was asked for, as far as it is short, and where it ends; a number comes as its first digit. */
  value(word: string, at: number): void;
  /** A value begins in the list or object at `depth`; the key that it stands under is in `walk.keys[depth]`. */
  valueStart(depth: number, isObject: boolean, at: number): void;
  /** The container at `depth + 1` has closed; `depth` 0 means that the object is over. */
  leave(depth: number, at: number): void;
}

/** Which object or list of the path is open, and under which keys. One instance serves any number of objects in turn. */
export class JsonWalk {
  /** How many containers are open. */
  depth = 0;
  /** The last key at each depth, null in lists. */
  readonly keys: (string | null)[] = [null, null, null, null, null, null, null, null];

  readonly #told: Walked;
  readonly #words: Words;
  readonly #isObject: boolean[] = [false, false, false, false, false, false, false, false];
  #expectsKey = false;
  #isAwaited = false;
  #isInString = false;
  #isEscaped = false;
  /** Amid a number, or a word like `true`: what is told of it was told at its first byte. */
  #isInScalar = false;
  #reading: 'nothing' | 'key' | 'value' = 'nothing';
  #word = '';

  /** @param words - the keys that matter; any other one may be told as an empty text */
  constructor(told: Walked, words: Words) {
    this.#told = told;
    this.#words = words;
  }

  get isInString(): boolean {
    return this.#isInString;
  }

  /** Begins an object whose opening brace was just read. */
  open(): void {
    this.depth = 0;
    this.#enter(true);
  }

  /** Walks from `from` to the end of the object, of the line where `stopsAtLines`, or of the chunk. @returns where it stopped */
  feed(chunk: Uint8Array, from: number, stopsAtLines: boolean): number {
    const end = chunk.length;
    let at = this.#isInString ? this.#readString(chunk, from) : from;
    while (at < end && this.depth > 0) {
      if (this.depth > deepestKey) {
        at = this.#skipDeep(chunk, at, stopsAtLines);
        if (stopsAtLines && isLineEnd(chunk[at - 1] as number)) break;
        continue;
      }
      const byte = chunk[at] as number;
      at++;
      if (isOfScalar[byte] === 1) {
        if (!this.#isInScalar) this.#startScalar(byte, at - 1);
        continue;
      }
      this.#isInScalar = false;
      if (byte === SPACE) while (at < end && chunk[at] === SPACE) at++;
      else if (byte === QUOTE) at = this.#startString(chunk, at);
      else if (byte > SPACE) this.#step(byte, at - 1);
      else if (stopsAtLines && isLineEnd(byte)) break;
    }
    return at;
  }

  /** Where keys are not known any more nothing is told, and only levels are counted. */
  #skipDeep(chunk: Uint8Array, from: number, stopsAtLines: boolean): number {
    const end = chunk.length;
    let { depth } = this;
    let at = from;
    while (at < end && depth > deepestKey) {
      const byte = chunk[at] as number;
      at++;
      if (byte === QUOTE) {
        this.#isInString = true;
        this.#isEscaped = false;
        this.#reading = 'nothing';
        at = this.#skipString(chunk, at);
        if (this.#isInString) break;
      } else if (byte >= OPEN_BRACKET) {
        if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
        else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
      } else if (stopsAtLines && isLineEnd(byte)) break;
    }
    this.depth = depth;
    this.#expectsKey = false;
    return at;
  }

  #step(byte: number, at: number): void {
    switch (byte) {
      case COMMA:
        this.#expectsKey = this.depth <= deepestKey && this.#isObject[this.depth] === true;
        this.#isAwaited = false;
        return;
      case COLON:
        this.#expectsKey = false;
        return;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        this.#isAwaited = false;
        this.#told.valueStart(this.depth, byte === OPEN_BRACE, at);
        return this.#enter(byte === OPEN_BRACE);
      default:
        this.#expectsKey = false;
        this.#isAwaited = false;
        this.depth--;
        return this.#told.leave(this.depth, at);
    }
  }

  #enter(isObject: boolean): void {
    this.depth++;
    this.#expectsKey = isObject;
    // What lies deeper is only counted: nesting costs no memory, however deep.
    if (this.depth > deepestKey) return;
    this.#isObject[this.depth] = isObject;
    this.keys[this.depth] = null;
  }

  #startScalar(byte: number, at: number): void {
    this.#isInScalar = true;
    if (this.#isAwaited && byte >= ZERO && byte <= NINE) this.#told.value(String.fromCharCode(byte), at);
    this.#isAwaited = false;
    this.#told.valueStart(this.depth, false, at);
  }

  /** @param from - behind the quote. @returns where it goes on */
  #startString(chunk: Uint8Array, from: number): number {
    this.#isInString = true;
    this.#isEscaped = false;
    this.#word = '';
    if (this.#expectsKey) this.#reading = 'key';
    else {
      this.#reading = this.#isAwaited ? 'value' : 'nothing';
      this.#told.valueStart(this.depth, false, from - 1);
    }
    return this.#readString(chunk, from);
  }

  #readString(chunk: Uint8Array, from: number): number {
    return this.#reading === 'nothing' ? this.#skipString(chunk, from) : this.#readWord(chunk, from);
  }

  /** Nearly every key lies whole in its chunk and is compared where it lies; only one that is cut is put together. */
  #readWord(chunk: Uint8Array, from: number): number {
    if (this.#word === '' && this.#reading === 'key') {
      const end = plainEnd(chunk, from);
      if (end >= 0) {
        this.#endWord(this.#words.find(chunk, from, end), end);
        return end + 1 < chunk.length && chunk[end + 1] === COLON ? end + 2 : end + 1;
      }
    }
    const longest = this.#reading === 'key' ? longestWord : longestValue;
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) {
        this.#endWord(this.#word, at);
        return at + 1;
      }
      if (this.#word.length < longest) this.#word += String.fromCharCode(byte);
    }
    return chunk.length;
  }

  #endWord(word: string, at: number): void {
    this.#isInString = false;
    if (this.#reading === 'value') {
      this.#isAwaited = false;
      return this.#told.value(word, at);
    }
    this.#expectsKey = false;
    this.keys[this.depth] = word;
    this.#isAwaited = this.#told.key(this.depth, word);
  }

  #skipString(chunk: Uint8Array, from: number): number {
    let at = from;
    if (this.#isEscaped) {
      this.#isEscaped = false;
      at++;
    }
    for (let reach = nearBytes; ; reach = escapedNearBytes) {
      const near = Math.min(at + reach, chunk.length);
      while (at < near) {
        const byte = chunk[at];
        if (byte === QUOTE) return this.#endString(at);
        at += byte === BACKSLASH ? 2 : 1;
      }
      if (at >= chunk.length) {
        this.#isEscaped = at > chunk.length;
        return chunk.length;
      }
      const quote = chunk.indexOf(QUOTE, at);
      const isEscaped = backslashesBefore(chunk, quote < 0 ? chunk.length : quote, at) % 2 === 1;
      if (quote < 0) {
        this.#isEscaped = isEscaped;
        return chunk.length;
      }
      if (!isEscaped) return this.#endString(quote);
      at = quote + 1;
    }
  }

  #endString(quote: number): number {
    this.#isInString = false;
    return quote + 1;
  }
}

/** Where the string ends that begins at `from`, when it has no escapes and ends soon and in this chunk; else -1. */
function plainEnd(chunk: Uint8Array, from: number): number {
  const limit = Math.min(from + longestWord, chunk.length);
  for (let at = from; at < limit; at++) {
    const byte = chunk[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) return -1;
  }
  return -1;
}

function isLineEnd(byte: number): boolean {
  return byte === LF || byte === CR;
}

function backslashesBefore(chunk: Uint8Array, end: number, from: number): number {
  let at = end;
  while (at > from && chunk[at - 1] === BACKSLASH) at--;
  return end - at;
}
