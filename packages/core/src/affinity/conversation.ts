/** Knows a conversation by how it began: providers cache by prefix, and signatures of thoughts may be a project's own. */

import { platform } from '#platform';
import { Words } from '../bytes/words.ts';
import type { Eventually } from '../store/store.ts';
import { type LooseVisitor, LooseWalk } from './loose-json.ts';

/** Of each text so much is looked at, and its length. */
const mostTextBytes = 4_096;
/** Of the instruction and of the first turn each; what follows is not looked at. */
const mostChars = 32_768;

const words = new Words([
  'systemInstruction',
  'system_instruction',
  'contents',
  'messages',
  'role',
  'parts',
  'content',
  // It differs from one answer to the next.
  'thoughtSignature',
  'thought_signature',
]);
const instructions = new Set(['systemInstruction', 'system_instruction']);
const signatures = new Set(['thoughtSignature', 'thought_signature']);
const decoder = new TextDecoder();

/**
 * The same for every turn of a conversation: a hash over the system instruction and the first turn that is the user's
 * (`contents`, or `messages` with the system messages before it). Null when there is none.
 */
export function conversationOf(body: Uint8Array): Eventually<string | null> {
  const opening = new Opening();
  new LooseWalk(body, words, opening).run();
  const { whole } = opening;
  return whole === null ? null : platform.sha256(whole);
}

/** Whose turns do not open a conversation. */
const answering = new Set(['model', 'assistant', 'tool', 'function']);
const instructing = new Set(['system', 'developer']);

/** Collects how a conversation opens; the rest is walked over, for an instruction may stand behind it. */
class Opening implements LooseVisitor {
  #instruction = '';
  #first = '';
  #turn = '';
  #role = '';

  /** Null when the user has not said anything. */
  get whole(): string | null {
    return this.#first === '' ? null : `${this.#instruction}\n${this.#first}`;
  }

  enter(at: LooseWalk): boolean {
    const top = at.key(1);
    if (at.depth === 2) return !instructions.has(top) && !isTurns(at);
    if (at.depth === 3 && isTurns(at)) {
      this.#turn = '';
      this.#role = '';
      return this.#first !== '';
    }
    return false;
  }

  text(at: LooseWalk, from: number, to: number): boolean {
    const key = at.key(at.depth);
    if (instructions.has(at.key(1))) {
      if (key !== 'role') this.#instruction = added(this.#instruction, at, from, to);
      return at.depth === 1 && this.#first !== '';
    }
    if (at.depth < 3 || !isTurns(at) || signatures.has(key)) return false;
    if (at.depth === 3 && key === 'role') this.#role = decoder.decode(at.body.subarray(from, Math.min(to, from + 32)));
    else this.#turn = added(this.#turn, at, from, to);
    return false;
  }

  leave(at: LooseWalk): boolean {
    if (at.depth === 2) return this.#first !== '' && instructions.has(at.key(1));
    if (at.depth !== 3 || !isTurns(at)) return false;
    if (instructing.has(this.#role)) this.#instruction += this.#turn;
    else if (!answering.has(this.#role)) this.#first = this.#turn;
    const isOpened = this.#first !== '';
    return isOpened && (at.key(1) === 'messages' || this.#instruction !== '');
  }
}

function isTurns(at: LooseWalk): boolean {
  return at.isList(2) && (at.key(1) === 'contents' || at.key(1) === 'messages');
}

function added(text: string, at: LooseWalk, from: number, to: number): string {
  if (text.length >= mostChars) return text;
  return `${text}${to - from}:${decoder.decode(at.body.subarray(from, Math.min(to, from + mostTextBytes)))}\n`;
}
