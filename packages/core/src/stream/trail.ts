/** How far a stream has come whose remainder can be asked for: what it tells, and where its last whole event stands. */

import type { Grammar, Resumption } from '../dialect/dialect.ts';
import type { Named } from './names.ts';

/** One answer's. It goes on from stream to stream, until the answer is whole. */
export class Trail {
  /** What has to be read out of events, with what they name anyway. */
  readonly names: readonly (readonly string[])[];
  /** Whole events so far. */
  events = 0;
  /** The client has heard the beginning, so whatever comes is worth showing. */
  isGoingOn = false;
  readonly #resumption: Resumption;
  #subject: string | null = null;
  /** Where the last whole event stands; null when it did not say. */
  #place: string | null = null;
  /** The same of the event that is being read. */
  #nextPlace: string | null = null;
  #isTelling = false;
  #isEnded = false;

  constructor(grammar: Grammar, resumption: Resumption) {
    this.names = [...grammar.names, [resumption.place]];
    this.#resumption = resumption;
  }

  /** Another stream goes on. What the one before had begun and not ended comes again. */
  goOn(): void {
    this.isGoingOn = true;
    this.#isEnded = false;
    this.#forget();
  }

  /** @returns true for what only says where an event stands, and names nothing */
  heard(named: Named): boolean {
    const place = named[this.#resumption.place];
    if (typeof place === 'string') {
      this.#nextPlace = place;
      return true;
    }
    const subject = this.#resumption.subject.reduce<unknown>(
      (inner, key) => (inner as Named | undefined)?.[key],
      named,
    );
    if (typeof subject === 'string') this.#subject = subject;
    return false;
  }

  /** The object of an event was read to its end. */
  told(): void {
    this.#isTelling = true;
  }

  /** An event is over, or a comment. */
  passed(): void {
    if (!this.#isTelling) return;
    this.events++;
    this.#place = this.#nextPlace;
    this.#forget();
  }

  /** The provider has said why there is nothing more. */
  end(): void {
    this.#isEnded = true;
  }

  /**
   * What tells the remainder of the answer; null when nobody can say. An event that does not say where it stands would come
   * again.
   *
   * @param target - of the call whose stream broke
   */
  remainder(target: string): string | null {
    if (this.#isEnded || (this.events > 0 && this.#place === null)) return null;
    return this.#resumption.remainder(target, this.#subject, this.#place);
  }

  #forget(): void {
    this.#nextPlace = null;
    this.#isTelling = false;
  }
}
