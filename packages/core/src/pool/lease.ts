/** A borrowed key. It is given back exactly once, with what came of it. */

import { type TokenUsage, totalTokens } from '../events.ts';
import type { Failure } from '../failure.ts';
import type { Course, Plan } from '../plan/plan.ts';
import type { Reservation, Spent } from '../store/store.ts';
import type { Lane, Seat } from './lane.ts';
import type { Key } from './project.ts';

/** What a lease is given back to. */
export interface Lender {
  readonly name: string;
  returned(lease: Lease, failure: Failure | null, usage: () => TokenUsage | null): void;
}

/** @see KeyPool.take */
export class Lease {
  readonly key: Key;
  readonly model: string | null;
  readonly lane: Lane;
  readonly seat: Seat;
  /** What was counted for it beforehand; null when nothing is. */
  reservation: Reservation | null = null;
  /** The estimate that was reserved with it; 0 where tokens are not counted. */
  tokens = 0;
  readonly #lender: Lender;
  readonly #course: Course;
  #isSettled = false;

  constructor(lender: Lender, lane: Lane, seat: Seat, key: Key, { model }: Plan, course: Course) {
    this.#lender = lender;
    this.#course = course;
    this.lane = lane;
    this.seat = seat;
    this.key = key;
    this.model = model;
  }

  get pool(): string {
    return this.#lender.name;
  }

  get project(): string {
    return this.seat.project.id;
  }

  /** What is counted for it as long as it is not settled. */
  get held(): Reservation | null {
    return this.#isSettled ? null : this.reservation;
  }

  /**
   * Later calls do nothing, so every exit may settle.
   *
   * @param failure - null for a call that went well
   * @param usage - what the answer says that it used; asked for only where tokens are counted
   */
  settle(failure: Failure | null, usage: () => TokenUsage | null = unknown): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    const { exhausted } = this.#course;
    if (failure?.scope === 'quota') this.#course.exhausted = [...exhausted, this.project];
    this.#lender.returned(this, failure, usage);
  }
}

function unknown(): null {
  return null;
}

/**
 * What a call has cost, as the provider will have counted it. What proves that nothing was done is taken back; a fault of
 * the caller's own counts as a request; whoever does not say what it used has used what was reserved.
 *
 * @param reservedTokens - the estimate that was made before
 */
export function spentBy(failure: Failure | null, usage: TokenUsage | null, reservedTokens: number): Spent {
  if (usage !== null) return { requests: 1, tokens: totalTokens(usage) };
  if (failure?.isProofOfNothing) return { requests: 0, tokens: 0 };
  return { requests: 1, tokens: failure?.scope === 'request' ? 0 : reservedTokens };
}
