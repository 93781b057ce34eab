/** The contract of how a project is chosen among those that may serve a model right now. */

/** A project as a strategy sees it. */
export interface Candidate {
  /** Of its project; kept here because the projects themselves are not looked at for a choice. */
  readonly weight: number;
  /** Calls for this model that are under way. */
  readonly inFlight: number;
  /** Grows by 1 / weight with each use: who had the least of its share comes first among equals. */
  readonly share: number;
}

/** Whom there is to choose from. */
export interface Field<Seat extends Candidate> {
  /** Those that may serve, in no order; at least one. */
  readonly ready: readonly Seat[];
  /** Every project of the pool in the order of the options, whether it may serve or not. */
  readonly all: readonly Seat[];
  isReady(seat: Seat): boolean;
}

/** What a choice may depend on. */
export interface Ask {
  /** How many calls for this model were lent out before. */
  readonly turn: number;
  /** What should stay with one project: a conversation, a caller; null when nothing is known of the request. */
  readonly key: string | null;
  /** The greatest weight of the pool. */
  readonly heaviest: number;
  /** From 0 up to 1, anew with each call. */
  random(): number;
}

/**
 * Chooses one of `ready`. Pure but for `random`, and its cost does not grow with the number of projects: a pool may have
 * ten thousand.
 */
export type Strategy = <Seat extends Candidate>(field: Field<Seat>, ask: Ask) => Seat;
