/** One Google project and its keys: who is fit for work, who rests, and why. */

import type { KeyState } from '../events.ts';
import type { Rest } from '../snapshot.ts';

/** Why something rests, and from when to when: on the monotonic clock, and null for "until an operator says otherwise". */
export interface Resting {
  readonly reason: string;
  readonly sinceMs: number;
  readonly untilMs: number | null;
}

/** One key of a project. */
export interface Key {
  /** `project#1`: the place in the options, never a part of the key. */
  readonly id: string;
  readonly secret: string;
  resting: Resting | null;
}

/** A project as the pool works with it. */
export class Project {
  readonly id: string;
  readonly weight: number;
  readonly keys: readonly Key[];
  inFlight = 0;
  resting: Resting | null = null;
  /** Keys that may be used, in no order. */
  readonly #usable: Key[];
  #next = 0;

  constructor(id: string, weight: number, secrets: readonly string[]) {
    this.id = id;
    this.weight = weight;
    this.keys = secrets.map((secret, index) => ({ id: `${id}#${index + 1}`, secret, resting: null }));
    this.#usable = [...this.keys];
  }

  get isUsable(): boolean {
    return this.resting === null && this.#usable.length > 0;
  }

  /** Keys of a project share its quota, so they simply take turns. */
  nextKey(): Key {
    this.#next = (this.#next + 1) % this.#usable.length;
    return this.#usable[this.#next] as Key;
  }

  rest(key: Key, resting: Resting): void {
    const index = this.#usable.indexOf(key);
    if (index >= 0) this.#usable.splice(index, 1);
    key.resting = resting;
  }

  wake(key: Key): void {
    if (key.resting === null) return;
    key.resting = null;
    this.#usable.push(key);
  }
}

/** What ends by itself cools; what waits for an operator is disabled. */
export function stateOf(resting: Resting | null): KeyState {
  if (resting === null) return 'ready';
  return resting.untilMs === null ? 'disabled' : 'cooling';
}

/** How a rest looks from outside; `offsetMs` turns the monotonic clock into the wall's. */
export function restSnapshot(resting: Resting | null, offsetMs: number): Rest {
  if (resting === null) return { state: 'ready', reason: null, sinceMs: null, untilMs: null };
  return {
    state: stateOf(resting),
    reason: resting.reason,
    sinceMs: Math.round(resting.sinceMs + offsetMs),
    untilMs: resting.untilMs === null ? null : Math.round(resting.untilMs + offsetMs),
  };
}
