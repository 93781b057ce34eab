/** What an answer names is written down before its beginning and its end are shown: nobody may ask for it too early. */

import type { Named } from '../stream/names.ts';
import type { Errand } from './errand.ts';
import type { Latch } from './latch.ts';

/** What one attempt learns. */
export class Learning {
  readonly #errand: Errand;
  readonly #project: string;
  readonly #latch: Latch | null;
  #pending: Promise<unknown> | null = null;
  #due: (() => boolean) | null = null;

  /** @param latch - what comes behind a name waits there until the name is written down */
  constructor(errand: Errand, project: string, latch: Latch | null = null) {
    this.#errand = errand;
    this.#project = project;
    this.#latch = latch;
  }

  learn(named: Named): void {
    this.wait(this.#errand.learn(named, this.#project));
    const latch = this.#latch;
    // Whoever sees a name may ask for it at once, perhaps through another gateway of the same store.
    if (latch === null || !latch.isOpen) return;
    latch.halt();
    this.whenDone(() => {
      latch.goOn();
      return true;
    });
  }

  /** Something else is being written down, too. @param done - never rejects; null when there is nothing to wait for */
  wait(done: Promise<unknown> | null): void {
    if (done === null) return;
    const all = this.#pending === null ? done : Promise.all([this.#pending, done]);
    this.#pending = all;
    void all.then(() => {
      if (this.#pending === all) this.#pending = null;
    });
  }

  /** The beginning of the answer is worth showing. @param go - shows it. @returns as {@link whenDone} does */
  show(go: () => boolean): boolean {
    // Nearly always. A function that is kept costs more than the rest of this (docs/decisions/…nothing-outlives-a-request.md).
    if (this.#pending === null) return go();
    this.#due = go;
    return this.whenDone(() => this.hurry());
  }

  /** Shows what only waits to be written down: an error is about to follow, and it may name what can be gone on with. */
  hurry(): boolean {
    const due = this.#due;
    this.#due = null;
    return due === null || due();
  }

  /** @param go - called when all is written down. @returns what it returns where it could be called at once, else true */
  whenDone(go: () => boolean): boolean {
    if (this.#pending === null) return go();
    void this.#pending.then(() => this.whenDone(go));
    return true;
  }
}
