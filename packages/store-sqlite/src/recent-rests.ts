/** What rests, as the file said a moment ago: a call that counts nothing writes nothing, and need not read for it either. */

import type { Clock, Rest } from '@sluice/core';

/** What another process has written is seen after so long at the latest. To read it takes 5 µs or more, most of them for locks. */
const recentMs = 25;

export class RecentRests {
  readonly #clock: Clock;
  readonly #byScope = new Map<string, readonly Rest[]>();
  #untilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The rests of a scope, over or not; undefined where they have to be read. */
  of(scope: string): readonly Rest[] | undefined {
    const nowMs = this.#clock.now();
    if (nowMs >= this.#untilMs) {
      // All at once: so what is kept is never more than was asked for in that time.
      this.#byScope.clear();
      this.#untilMs = nowMs + recentMs;
    }
    return this.#byScope.get(scope);
  }

  /** They have just been read. */
  keep(scope: string, rests: readonly Rest[]): void {
    this.#byScope.set(scope, rests);
  }

  /** This process has changed something: that holds at once. */
  forget(): void {
    this.#byScope.clear();
  }
}
