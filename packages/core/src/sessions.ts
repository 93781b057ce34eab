/** The sessions under way: no more than may be, of nobody who may not call any more, all told when the gateway goes down. */

import type { Auth } from './auth/auth.ts';
import { SluiceError } from './errors.ts';

/** The slice of the settings that sessions keep to. */
export interface LiveSettings {
  readonly maxSessions: number;
  readonly setupInMs: number;
  readonly maxFrameBytes: number;
  readonly pingMs: number;
}

/** One session, as the house sees it. */
export interface Session {
  /** Tells the client how long it still has; once it is on, at once, else as soon as it is. */
  goAway(withinMs: number): void;
  /** Whether these callers still know who talks. Never rejects. */
  mayStay(auth: Auth): boolean | Promise<boolean>;
  /** Ends it. */
  expel(reason: SluiceError): void;
}

/** All of one gateway. */
export class Sessions {
  readonly #open = new Set<Session>();
  /** Who may call now; null as long as that has not changed. */
  #auth: Auth | null = null;

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
    // It may have been let in by those who decided before.
    if (this.#auth !== null) void this.#look(session, this.#auth);
  }

  leave(session: Session): void {
    this.#open.delete(session);
  }

  /** Others decide who may call: whoever may not any more is told so and goes. */
  async keepTo(auth: Auth): Promise<void> {
    this.#auth = auth;
    await Promise.all([...this.#open].map((session) => this.#look(session, auth)));
  }

  goAway(withinMs: number): void {
    for (const session of this.#open) session.goAway(withinMs);
  }

  expelAll(reason: SluiceError): void {
    for (const session of [...this.#open]) session.expel(reason);
  }

  async #look(session: Session, auth: Auth): Promise<void> {
    const mayStay = await session.mayStay(auth);
    // Meanwhile others may decide, and they look for themselves.
    if (mayStay || auth !== this.#auth) return;
    session.expel(new SluiceError('unauthorized', "This session's caller may not call here any more."));
  }
}
