/**
 * Reads an answer as it passes, without touching it: has it said something, has it said that it is over,
 * is it an error, how many tokens did it count?
 *
 * It follows the structure of the JSON instead of searching for words, because a model may well write `"finishReason":`
 * into the arguments of a tool call. One reader serves server-sent events, streamed arrays and unary bodies: outside of
 * an object it goes line by line, inside it walks (`bytes/json-walk.ts`).
 */

import { JsonWalk, type Walked } from '../bytes/json-walk.ts';
import type { Grammar } from '../dialect/dialect.ts';
import { EventKind } from './event-kind.ts';
import { wordsOf } from './grammar-words.ts';
import { type Named, Names, nameAt } from './names.ts';
import type { Trail } from './trail.ts';
import { UsageText } from './usage-text.ts';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

const nothing = new Uint8Array();
const byteOrderMark = [0xef, 0xbb, 0xbf];
const dataField = new TextEncoder().encode('data:');
/** What ends a stream of chat completions, behind its bracket. */
const endMark = new TextEncoder().encode('DONE]');
/** Values that stand for "not set" where an enum is written by its name or number. */
const unset = new Set(['', '0', 'FINISH_REASON_UNSPECIFIED', 'BLOCK_REASON_UNSPECIFIED', 'BLOCKED_REASON_UNSPECIFIED']);

/** What is known of an answer so far; one instance reads one answer. */
export class Scan implements Walked {
  /** Content, a finish reason, a block reason or, in an event, a name was seen: there is something to show. */
  hasMeaning = false;
  /** A finish reason or a block reason was seen. More events may follow all the same. */
  isFinished = false;
  /** The last event with content said that it was the last, and called no tool after which the provider might go on. */
  isAtRest = false;
  /** An object whose first key is `error`, or that says of itself that it is one, was seen; it stands from {@link heldFrom} on. */
  isError = false;
  /** Where the error object itself begins and ends; the end is 0 until it was read. Nothing behind it is read. */
  errorFrom = 0;
  errorTo = 0;
  /** Objects that were read to their end. */
  documents = 0;
  /** Those of them that told something: content, an end, tokens. A ping does not. */
  signs = 0;
  /** Bytes read so far. */
  position = 0;
  /** Up to here it is whole events, each with its blank line. */
  eventsTo = 0;

  readonly #grammar: Grammar;
  readonly #walk: JsonWalk;
  /**
   * Where in a line the next byte stands; `indent`: where no field may begin any more, but an object may;
   * `skip`: in what says nothing, or in an object; `other`: in a line of another field, amid an object.
   */
  #line: 'start' | 'indent' | 'field' | 'data' | 'mark' | 'skip' | 'other' = 'start';
  #lineEnd = LF;
  #wordBytes = 0;
  #isArray = false;
  #hasSse = false;
  /** The object being read was begun by a field: each of its lines has the field's name, and a blank one ends the event. */
  #isInField = false;
  /** An event ended before its JSON did. What comes after it cannot be made out. */
  #isBroken = false;
  /** Where the event being read began, or where an object may begin that is no event. */
  #startedAt = 0;
  /** Where the brace of the object being read stands. */
  #openedAt = 0;
  /** The bracket that ends a streamed array was read: it is held back, for an error would have to stand before it. */
  #isClosed = false;
  /** From the first byte of what may be an error until it is known by a key of its object. */
  #isUndecided = false;
  #isContent = false;
  #isFinal = false;
  #isCounted = false;
  #callsTool = false;
  readonly #usage = new UsageText();
  #usageDepth = 1;
  #chunk: Uint8Array = nothing;
  /** Null where events do not say of what kind they are. */
  readonly #event: EventKind | null;
  readonly #onName: ((named: Named) => void) | null;
  /** Null where the remainder of a broken stream cannot be asked for. */
  readonly #trail: Trail | null;
  /** Made for the first name: hardly any answer has one. */
  #names: Names | null = null;
  /** The event being read has named something. */
  #hasNamed = false;
  /** The next value is a name. */
  #isNaming = false;

  /**
   * @param onName - told of what an answer names, as soon as the name has passed
   * @param trail - follows the stream; then only whole events may be shown
   */
  constructor(grammar: Grammar, onName: ((named: Named) => void) | null = null, trail: Trail | null = null) {
    this.#grammar = grammar;
    this.#walk = new JsonWalk(this, wordsOf(grammar));
    this.#event = grammar.events === null ? null : new EventKind(grammar.events);
    this.#onName = onName;
    this.#trail = trail;
  }

  /** The framing that was seen. */
  get form(): 'sse' | 'array' | 'other' {
    return this.#hasSse ? 'sse' : this.#isArray ? 'array' : 'other';
  }

  /** No object is open: what was read so far is whole. */
  get isBetweenEvents(): boolean {
    return this.#walk.depth === 0 && !this.#isBroken;
  }

  /** Something was begun and not ended: an event, a line that could become one, a streamed array. */
  get hasLooseEnd(): boolean {
    return !this.isBetweenEvents || this.#isUndecided || (this.form === 'array' && !this.#isClosed);
  }

  /** How long the event is that is being read now, in bytes; also of what may become one. */
  get eventBytes(): number {
    if (this.#trail !== null) return this.position - this.eventsTo;
    const isNothing = this.isBetweenEvents && !this.#isUndecided && !this.#isClosed;
    return isNothing ? 0 : this.position - this.#startedAt;
  }

  /** Up to here the answer may be shown; what follows is an error, or may turn out to be one, or may have to come again. */
  get heldFrom(): number {
    const heldFrom = this.isError || this.#isUndecided || this.#isClosed ? this.#startedAt : this.position;
    return this.#trail === null ? heldFrom : Math.min(heldFrom, this.eventsTo);
  }

  /** The last usage object that was read, as text; empty when there was none. */
  usageText(): string {
    return this.#usage.text();
  }

  /** Reads the next piece. Any cutting of the same bytes leads to the same state. */
  feed(chunk: Uint8Array): void {
    this.#chunk = chunk;
    let at = 0;
    while (at < chunk.length && this.errorTo === 0) {
      const isInObject = this.#walk.depth > 0 && (this.#line === 'skip' || this.#walk.isInString);
      at = isInObject ? this.#walkOn(chunk, at) : this.#readOutside(chunk[at] as number, at);
    }
    if (this.#usage.isOpen) this.#usage.cut(chunk);
    this.#names?.cut(chunk);
    this.position += chunk.length;
    this.#chunk = nothing;
  }

  /** An object may stand on several `data:` lines; after each line end the field name is read again. */
  #walkOn(chunk: Uint8Array, from: number): number {
    const at = this.#walk.feed(chunk, from, this.#isInField);
    const last = chunk[at - 1] as number;
    if (this.#isInField && this.#walk.depth > 0 && !this.#walk.isInString && (last === LF || last === CR))
      this.#endLine(last, at);
    return at;
  }

  /** @param to - behind that byte, in the chunk */
  #endLine(byte: number, to: number): void {
    const isSecond = byte === LF && this.#lineEnd === CR;
    const isBlank = this.#line === 'start' && !isSecond;
    if (this.#walk.depth === 0) {
      this.#isUndecided = false;
      if (isBlank) this.#trail?.passed();
      // The second half of a line end belongs to the line that it ends.
      const isEnd = isBlank || (isSecond && this.eventsTo === this.position + to - 1);
      if (isEnd) this.eventsTo = this.position + to;
    } else if (isBlank) this.#isBroken = true;
    this.#line = 'start';
    this.#lineEnd = byte;
  }

  #readOutside(byte: number, at: number): number {
    if (byte === LF || byte === CR) {
      this.#endLine(byte, at + 1);
      return at + 1;
    }
    switch (this.#line) {
      case 'start':
      case 'indent':
        return this.#walk.depth > 0 ? this.#startField(at) : this.#startLine(byte, at);
      case 'field':
        return this.#matchField(byte, at);
      case 'data':
        return this.#readData(byte, at);
      case 'mark':
        return this.#matchMark(byte, at);
      default:
        return at + 1;
    }
  }

  #startLine(byte: number, at: number): number {
    const place = this.position + at;
    if (place < byteOrderMark.length && byteOrderMark.includes(byte)) return at + 1;
    const isStart = this.#line === 'start';
    this.#line = 'indent';
    if (byte === SPACE || byte === TAB || byte === COMMA || this.#isClosed) return at + 1;
    if (byte === CLOSE_BRACKET && this.#isArray) {
      this.#isClosed = true;
      this.#startedAt = place;
      return at + 1;
    }
    if (byte === OPEN_BRACKET) {
      this.#isArray = true;
      return at + 1;
    }
    this.#startedAt = place;
    this.#isUndecided = true;
    if (byte === OPEN_BRACE) return this.#openObject(at, false);
    return isStart ? this.#startField(at) : this.#leaveLine(at);
  }

  #startField(at: number): number {
    this.#line = 'field';
    this.#wordBytes = 0;
    return at;
  }

  #matchField(byte: number, at: number): number {
    if (byte !== dataField[this.#wordBytes]) return this.#leaveLine(at);
    if (++this.#wordBytes === dataField.length) {
      this.#hasSse = true;
      this.#line = this.#walk.depth === 0 ? 'data' : 'skip';
    }
    return at + 1;
  }

  #readData(byte: number, at: number): number {
    if (byte === OPEN_BRACE) return this.#openObject(at, true);
    if (byte === SPACE || byte === TAB || byte === OPEN_BRACKET) return at + 1;
    this.#line = 'mark';
    this.#wordBytes = 0;
    return at;
  }

  /** `[DONE]`, or something that no provider sends; in any case it is not an error object. */
  #matchMark(byte: number, at: number): number {
    if (byte !== endMark[this.#wordBytes]) return this.#leaveLine(at);
    return ++this.#wordBytes === endMark.length ? this.#leaveLine(at + 1) : at + 1;
  }

  #leaveLine(at: number): number {
    if (this.#walk.depth > 0) this.#line = 'other';
    else {
      this.#line = 'skip';
      this.#isUndecided = false;
    }
    return at;
  }

  #openObject(at: number, isInField: boolean): number {
    this.#line = 'skip';
    this.#isInField = isInField;
    this.#openedAt = this.position + at;
    this.#isContent = false;
    this.#isFinal = false;
    this.#isCounted = false;
    this.#callsTool = false;
    this.#hasNamed = false;
    this.#event?.open();
    this.#walk.open();
    return at + 1;
  }

  key(depth: number, word: string): boolean {
    if (depth === 1 && this.#isUndecided) this.#decide(word);
    // Nobody waits for the value of such a key; at depth 4 it may be content all the same.
    if (word === '' && depth !== 4) return false;
    const { keys } = this.#walk;
    if (this.#event !== null) {
      return (depth <= 2 && this.#event.awaits(depth, word, keys[1] ?? null)) || this.#awaitsName(depth, word);
    }
    const { list, finish, block, parts, calls } = this.#grammar;
    switch (depth) {
      case 2:
        return block !== null && word === block[1] && keys[1] === block[0];
      case 3:
        return keys[1] === list && (word === finish || this.#awaitsName(depth, word));
      case 4:
        if (parts === null && this.#isInContent()) this.#seeContent();
        return false;
      case 6:
        if (calls.includes(word) && keys[4] === parts && this.#isInContent()) this.#callsTool = true;
        return false;
      default:
        return depth > 6 && this.#awaitsName(depth, word);
    }
  }

  #awaitsName(depth: number, word: string): boolean {
    const path = nameAt(this.#trail?.names ?? this.#grammar.names, this.#walk.keys, depth, word);
    if (path === null) return false;
    this.#names ??= new Names(this.#grammar.list, (named) => {
      if (this.#trail?.heard(named)) return;
      this.#hasNamed = true;
      this.#onName?.(named);
    });
    this.#names.expect(path);
    this.#isNaming = true;
    return true;
  }

  /** What begins with a key of an error is one; what says its kind may still turn out to be. */
  #decide(word: string): void {
    if (word === 'error') this.#seeError();
    else if (!this.#event?.mayBeError(word)) this.#isUndecided = false;
  }

  #seeError(): void {
    this.#isUndecided = false;
    this.isError = true;
    this.#trail?.end();
    this.errorFrom = this.#openedAt;
  }

  value(word: string, at: number): void {
    // A number is no name, and comes before it is known where it begins.
    if (this.#isNaming || this.#names?.end(this.#chunk, at)) return;
    if (this.#event !== null) {
      const { depth, keys } = this.#walk;
      const isError = this.#event.tell(depth, keys[depth] ?? null, word);
      if (depth === 1 && keys[1] === this.#grammar.events?.kind && this.#isUndecided) {
        if (isError) this.#seeError();
        else this.#isUndecided = false;
      }
      return;
    }
    if (unset.has(word)) return;
    this.isFinished = true;
    this.hasMeaning = true;
    this.#isFinal = true;
  }

  valueStart(depth: number, isObject: boolean, at: number): void {
    const { keys } = this.#walk;
    if (depth === 5 && keys[4] === this.#grammar.parts && this.#isInContent()) this.#seeContent();
    if (this.#isNaming) {
      this.#isNaming = false;
      this.#names?.begin(this.#chunk, at);
    }
    if (isObject && depth <= 2 && this.#isUsage(depth)) {
      this.#usageDepth = depth;
      this.#isCounted = true;
      this.#usage.begin(at);
    }
  }

  leave(depth: number, at: number): void {
    if (this.#usage.isOpen && depth === this.#usageDepth) this.#usage.end(this.#chunk, at + 1);
    if (depth > 0) return;
    this.documents++;
    this.#trail?.told();
    if (this.#event !== null) this.#closeEvent(this.#event);
    if (this.#isContent || this.#isFinal || this.#isCounted) this.signs++;
    if (this.isError) this.errorTo = this.position + at + 1;
    else if (this.#trail?.isGoingOn) this.hasMeaning = true;
    // An object without any key decides nothing and may pass.
    this.#isUndecided = false;
    this.#line = this.#isInField ? 'skip' : 'indent';
    if (this.#isFinal) this.isAtRest = !this.#callsTool;
    else if (this.#isContent) this.isAtRest = false;
  }

  #closeEvent(event: EventKind): void {
    if (this.isError) return;
    const said = event.close(this.#isInField);
    if (said === 'nothing') return;
    this.#isContent = true;
    if (said !== 'opening' || this.#hasNamed) this.hasMeaning = true;
    if (said === 'end' || said === 'ended') this.isFinished = true;
    this.#isFinal = said === 'end';
  }

  #isUsage(depth: number): boolean {
    const { keys } = this.#walk;
    const { usage, events } = this.#grammar;
    if (depth === 1) return keys[1] === usage;
    return events !== null && keys[2] === usage && keys[1] === events.whole;
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
