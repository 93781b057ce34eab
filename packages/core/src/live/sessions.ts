/** The sessions under way: no more than may be, all told when the gateway goes down. */

import { SluiceError } from '../errors.ts';

/** One session, as the house sees it. */
export interface Session {
  /** Tells the client how long it still has; once it is on, at once, else as soon as it is. */
  goAway(withinMs: number): void;
  /** Ends it. */
  expel(reason: SluiceError): void;
}

/** All of one gateway. */
export class Sessions {
  readonly #open = new Set<Session>();

  /**
   * @param most - 0 for no limit
   * @throws SluiceError `overloaded`
   */
  enter(session: Session, most: number): void {
    if (most > 0 && this.#open.size >= most) {
      const message = `There are ${this.#open.size} sessions already; live.maxSessions allows no more.`;
      throw new SluiceError('overloaded', message, { retryAfterMs: 1_000 });
    }
    this.#open.add(session);
  }

  leave(session: Session): void {
    this.#open.delete(session);
  }

  goAway(withinMs: number): void {
    for (const session of this.#open) session.goAway(withinMs);
  }

  expelAll(reason: SluiceError): void {
    for (const session of [...this.#open]) session.expel(reason);
  }
}
