/** Answers under way: which connection each is on, and whether the connection may outlive it. */

import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** One answer, and where it stands among the open ones. */
interface Entry {
  readonly response: ServerResponse;
  place: number;
}

/** Every answer from the moment its request is read until it is sent or its client is gone. */
export class OpenAnswers {
  /** In no order. A `Set` that changes with every request keeps them all until the next full garbage collection. */
  readonly #open: Entry[] = [];
  readonly #onEmpty = new Set<() => void>();
  /** Null while connections are kept for further requests. */
  #onLast: (() => void) | null = null;

  get size(): number {
    return this.#open.length;
  }

  add(response: ServerResponse): void {
    const entry: Entry = { response, place: this.#open.length };
    this.#open.push(entry);
    if (this.#onLast !== null) response.shouldKeepAlive = false;
    // It comes once; to say so would cost a wrapper for each.
    response.on('close', () => {
      this.#remove(entry);
      this.#onLast?.();
      if (this.#open.length === 0) for (const tell of this.#onEmpty) tell();
    });
  }

  /** Those of one connection: more than one when the client did not wait for its answers. */
  on(socket: Duplex): ServerResponse[] {
    return this.#open.map(({ response }) => response).filter(({ req }) => req.socket === socket);
  }

  /**
   * From now on each answer is the last one of its connection.
   *
   * @param then - called after each of them; an answer whose head was sent before has promised to keep its connection
   */
  letEachBeTheLast(then: () => void): void {
    this.#onLast = then;
    for (const { response } of this.#open) response.shouldKeepAlive = false;
  }

  /** Resolves when no answer is under way, or after `withinMs`. */
  empty(withinMs: number): Promise<void> {
    if (this.#open.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const tell = (): void => {
        clearTimeout(timer);
        this.#onEmpty.delete(tell);
        resolve();
      };
      const timer = setTimeout(tell, withinMs);
      this.#onEmpty.add(tell);
    });
  }

  #remove(entry: Entry): void {
    const last = this.#open.pop() as Entry;
    if (last === entry) return;
    this.#open[entry.place] = last;
    last.place = entry.place;
  }
}
