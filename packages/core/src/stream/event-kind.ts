/** What an event says of itself, in a language whose events say of what kind they are. */

import type { EventGrammar } from '../dialect/dialect.ts';

/** Reads one event after the other, and a whole answer like one. */
export class EventKind {
  readonly #grammar: EventGrammar;
  #kind = '';
  #status = '';

  constructor(grammar: EventGrammar) {
    this.#grammar = grammar;
  }

  /** An event begins. */
  open(): void {
    this.#kind = '';
    this.#status = '';
  }

  /** @returns true for a key whose value tells something; `under` is the key at the root */
  awaits(depth: number, word: string, under: string | null): boolean {
    const { kind, status, whole } = this.#grammar;
    if (depth === 1) return word === kind || word === status;
    return depth === 2 && word === status && under === whole;
  }

  /** The value of such a key. @returns true when it says that the event is an error */
  tell(depth: number, key: string | null, value: string): boolean {
    const { kind, status, error } = this.#grammar;
    if (depth === 1 && key === kind) this.#kind = value;
    else if (key === status) this.#status = value;
    return depth === 1 && key === kind && value === error;
  }

  /** False for a key before which no error could have told itself. */
  mayBeError(word: string): boolean {
    return this.#grammar.before.includes(word);
  }

  /**
   * The event is over. `nothing`: it is none of this language. `opening`: it says nothing yet. `end`: nothing follows;
   * `ended`: nothing of weight does.
   *
   * @param isEvent - false for a whole answer, which says how it stands now, and is whole however that is
   */
  close(isEvent: boolean): 'nothing' | 'opening' | 'event' | 'ended' | 'end' {
    const { opening, ends, ended } = this.#grammar;
    if (!isEvent) return this.#status === '' ? 'nothing' : 'end';
    if (this.#kind === '') return 'nothing';
    if (ends.includes(this.#kind)) return 'end';
    if (ended.includes(this.#status)) return 'ended';
    return opening.includes(this.#kind) ? 'opening' : 'event';
  }
}
