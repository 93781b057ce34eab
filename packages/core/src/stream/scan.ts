/**
 * Reads an answer as it passes, without touching it: has it said something, has it said that it is over,
 * is it an error, how many tokens did it count?
 *
 * It follows the structure of the JSON instead of searching for words, because a model may well write `"finishReason":`
 * into the arguments of a tool call. One reader serves server-sent events, streamed arrays and unary bodies: outside of
 * an object it goes line by line, inside it walks (`bytes/json-walk.ts`).
 */

import { joined } from '../bytes/joined.ts';
import { JsonWalk, type Walked } from '../bytes/json-walk.ts';
import { Words } from '../bytes/words.ts';
import type { Grammar } from '../dialect/dialect.ts';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LETTER_D = 0x44;

const decoder = new TextDecoder();
const nothing = new Uint8Array();
const byteOrderMark = [0xef, 0xbb, 0xbf];
const dataField = new TextEncoder().encode('data:');
/** Values that stand for "not set" where an enum is written by its name or number. */
const unset = new Set(['', '0', 'FINISH_REASON_UNSPECIFIED', 'BLOCK_REASON_UNSPECIFIED', 'BLOCKED_REASON_UNSPECIFIED']);

/** What is known of an answer so far; one instance reads one answer. */
export class Scan implements Walked {
  /** Content, a finish reason or a block reason was seen: there is something to show. */
  hasMeaning = false;
  /** A finish reason or a block reason was seen. More events may follow all the same. */
  isFinished = false;
  /** The last event with content said that it was the last, and called no tool after which the provider might go on. */
  isAtRest = false;
  /** An object whose first key is `error` was seen; it stands from {@link heldFrom} on. */
  isError = false;
  /** Where the error object itself begins and ends; the end is 0 until it was read. Nothing behind it is read. */
  errorFrom = 0;
  errorTo = 0;
  /** Objects that were read to their end. */
  documents = 0;
  /** Bytes read so far. */
  position = 0;

  readonly #grammar: Grammar;
  readonly #walk: JsonWalk;
  #line: 'start' | 'field' | 'data' | 'skip' = 'start';
  #fieldBytes = 0;
  #isArray = false;
  #hasSse = false;
  /** Where the event being read began, or where an object may begin that is no event. */
  #startedAt = 0;
  /** Where the brace of the object being read stands. */
  #openedAt = 0;
  /** The bracket that ends a streamed array was read: it is held back, for an error would have to stand before it. */
  #isClosed = false;
  /** From the first byte of what may be an error until the first key of its object is known. */
  #isUndecided = false;
  #isContent = false;
  #isFinal = false;
  #callsTool = false;
  #usage: Uint8Array[] = [];
  #isInUsage = false;
  #usageFrom = 0;
  #chunk: Uint8Array = nothing;

  constructor(grammar: Grammar) {
    this.#grammar = grammar;
    this.#walk = new JsonWalk(this, wordsOf(grammar));
  }

  /** The framing that was seen. */
  get form(): 'sse' | 'array' | 'other' {
    return this.#hasSse ? 'sse' : this.#isArray ? 'array' : 'other';
  }

  /** No object is open: what was read so far is whole. */
  get isBetweenEvents(): boolean {
    return this.#walk.depth === 0;
  }

  /** How long the event is that is being read now, in bytes. */
  get eventBytes(): number {
    return this.isBetweenEvents ? 0 : this.position - this.#startedAt;
  }

  /** Up to here the answer may be shown; what follows is an error, or may turn out to be one. */
  get heldFrom(): number {
    return this.isError || this.#isUndecided || this.#isClosed ? this.#startedAt : this.position;
  }

  /** The last usage object that was read, as text; empty when there was none. */
  usageText(): string {
    return this.#usage.length === 0 ? '' : decoder.decode(joined(this.#usage));
  }

  /** Reads the next piece. Any cutting of the same bytes leads to the same state. */
  feed(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#usageFrom = 0;
    let at = 0;
    while (at < chunk.length && this.errorTo === 0) {
      const isInObject = this.#walk.depth > 0 && (this.#line === 'skip' || this.#walk.isInString);
      at = isInObject ? this.#walkOn(chunk, at) : this.#readOutside(chunk[at] as number, at);
    }
    if (this.#isInUsage) this.#usage.push(chunk.subarray(this.#usageFrom));
    this.position += chunk.length;
    this.#chunk = nothing;
  }

  /** An object may stand on several `data:` lines; after each line end the field name is read again. */
  #walkOn(chunk: Uint8Array, from: number): number {
    const at = this.#walk.feed(chunk, from, this.#hasSse);
    const last = chunk[at - 1];
    if (this.#hasSse && this.#walk.depth > 0 && !this.#walk.isInString && (last === LF || last === CR))
      this.#line = 'start';
    return at;
  }

  #readOutside(byte: number, at: number): number {
    if (byte === LF || byte === CR) {
      this.#line = 'start';
      if (this.isBetweenEvents) this.#isUndecided = false;
      return at + 1;
    }
    switch (this.#line) {
      case 'start':
        return this.#startLine(byte, at);
      case 'field':
        return this.#matchField(byte, at);
      case 'data':
        return this.#readData(byte, at);
      case 'skip':
        return at + 1;
    }
  }

  #startLine(byte: number, at: number): number {
    if (this.isBetweenEvents) {
      if (byte === SPACE || byte === TAB || byte === COMMA || this.#isClosed) return at + 1;
      if (byte === CLOSE_BRACKET) {
        this.#isClosed = true;
        this.#startedAt = this.position + at;
        return at + 1;
      }
      if (this.position + at < byteOrderMark.length && byteOrderMark.includes(byte)) return at + 1;
      if (byte === OPEN_BRACKET) {
        this.#isArray = true;
        return at + 1;
      }
      this.#startedAt = this.position + at;
      this.#isUndecided = true;
      if (byte === OPEN_BRACE) return this.#openObject(at);
    }
    this.#line = 'field';
    this.#fieldBytes = 0;
    return at;
  }

  #matchField(byte: number, at: number): number {
    if (byte !== dataField[this.#fieldBytes]) return this.#leaveLine(at);
    if (++this.#fieldBytes === dataField.length) {
      this.#hasSse = true;
      this.#line = this.isBetweenEvents ? 'data' : 'skip';
    }
    return at + 1;
  }

  #readData(byte: number, at: number): number {
    if (byte === OPEN_BRACE) return this.#openObject(at);
    if (byte === SPACE || byte === OPEN_BRACKET) return at + 1;
    // `[DONE]`, or something that no provider sends; in any case it is not an error object.
    return this.#leaveLine(byte === LETTER_D ? at + 1 : at);
  }

  #leaveLine(at: number): number {
    this.#line = 'skip';
    if (this.isBetweenEvents) this.#isUndecided = false;
    return at;
  }

  #openObject(at: number): number {
    this.#line = 'skip';
    this.#openedAt = this.position + at;
    this.#isContent = false;
    this.#isFinal = false;
    this.#callsTool = false;
    this.#walk.open();
    return at + 1;
  }

  key(depth: number, word: string): boolean {
    if (depth === 1 && this.#isUndecided) {
      this.#isUndecided = false;
      if (word === 'error') {
        this.isError = true;
        this.errorFrom = this.#openedAt;
      }
    }
    const { keys } = this.#walk;
    const { list, finish, block, parts, calls } = this.#grammar;
    switch (depth) {
      case 2:
        return block !== null && word === block[1] && keys[1] === block[0];
      case 3:
        return word === finish && keys[1] === list;
      case 4:
        if (parts === null && this.#isInContent()) this.#seeContent();
        return false;
      case 6:
        if (calls.includes(word) && keys[4] === parts && this.#isInContent()) this.#callsTool = true;
        return false;
      default:
        return false;
    }
  }

  value(word: string): void {
    if (unset.has(word)) return;
    this.isFinished = true;
    this.hasMeaning = true;
    this.#isFinal = true;
  }

  valueStart(depth: number, isObject: boolean, at: number): void {
    const { keys } = this.#walk;
    if (depth === 5 && keys[4] === this.#grammar.parts && this.#isInContent()) this.#seeContent();
    if (depth === 1 && isObject && keys[1] === this.#grammar.usage) {
      this.#isInUsage = true;
      this.#usageFrom = at;
      this.#usage = [];
    }
  }

  leave(depth: number, at: number): void {
    if (depth === 1 && this.#isInUsage) {
      this.#isInUsage = false;
      this.#usage.push(this.#chunk.subarray(this.#usageFrom, at + 1));
    }
    if (depth > 0) return;
    this.documents++;
    if (this.isError) this.errorTo = this.position + at + 1;
    // An object without any key decides nothing and may pass.
    this.#isUndecided = false;
    this.#line = this.#hasSse ? 'skip' : 'start';
    if (this.#isFinal) this.isAtRest = !this.#callsTool;
    else if (this.#isContent) this.isAtRest = false;
  }

  #isInContent(): boolean {
    const { keys } = this.#walk;
    return keys[1] === this.#grammar.list && this.#grammar.content.includes(keys[3] ?? '');
  }

  #seeContent(): void {
    this.#isContent = true;
    this.hasMeaning = true;
  }
}

const compiled = new WeakMap<Grammar, Words>();

/** A grammar's words, made once. */
function wordsOf(grammar: Grammar): Words {
  const known = compiled.get(grammar);
  if (known !== undefined) return known;
  const { list, content, parts, calls, finish, block, usage } = grammar;
  const words = new Words(['error', list, ...content, parts ?? '', ...calls, finish, ...(block ?? []), usage]);
  compiled.set(grammar, words);
  return words;
}
