/** A picture of a gateway at one moment, as plain data: nothing in it is secret and nothing in it changes. */

import type { BreakerState, KeyState, OverloadLevel } from './events.ts';

/** Everything that an operator wants to see at a glance. */
export interface Snapshot {
  readonly pools: readonly PoolSnapshot[];
  /** Breakers that are not simply closed. */
  readonly breakers: readonly BreakerSnapshot[];
  /** Requests under way. */
  readonly open: number;
  /** Those of them whose answer is a stream. */
  readonly streams: number;
  /** Requests that wait for a key. */
  readonly waiting: number;
  /** Bytes that all requests hold in memory: bodies, answers that wait to be judged, and what clients have not taken yet. */
  readonly bufferedBytes: number;
  /** Answers that are kept, and the bytes that they take, which count by themselves. */
  readonly cache: { readonly entries: number; readonly bytes: number };
  readonly isDraining: boolean;
  /** How much is shed just now. */
  readonly overload: OverloadLevel;
  /** Where state is kept, and whether it cannot be reached just now: then this process goes by what it knows itself. */
  readonly store: { readonly name: string; readonly isDegraded: boolean };
}

export interface PoolSnapshot {
  readonly name: string;
  readonly provider: string;
  readonly baseUrl: string;
  readonly projects: readonly ProjectSnapshot[];
}

export interface ProjectSnapshot extends Standing {
  readonly id: string;
  readonly weight: number;
  /** As the options name it; null when they do not. */
  readonly tier: string | null;
  readonly inFlight: number;
  /** By id, never the key itself. */
  readonly keys: readonly ({ readonly id: string } & Standing)[];
  /** Models whose quota is used up here. */
  readonly cooling: readonly ({ readonly model: string | null } & Standing)[];
}

/** Which state something is in, why, since when and until when (wall clock ms; null means until an operator says otherwise). */
export interface Standing {
  readonly state: KeyState;
  readonly reason: string | null;
  readonly sinceMs: number | null;
  readonly untilMs: number | null;
  /** What will end it; null when there is nothing to end. */
  readonly endedBy: 'time' | 'probe' | 'operator' | null;
}

/** A breaker that is not closed, or that has failures in its window. */
export interface BreakerSnapshot {
  /** `host` or `host/model`. */
  readonly target: string;
  readonly state: BreakerState;
  /** Failures among the outcomes of its window; once it is open, those that have opened it. */
  readonly failures: number;
  /** Outcomes in its window, from the first failure on. */
  readonly outcomes: number;
  /** Times in a row that it has opened; 0 when it is closed. */
  readonly opened: number;
  /** Wall clock ms until the next probe; null unless open. */
  readonly untilMs: number | null;
  /** Why it is not closed: the kind of the last failure, or what an operator has said. */
  readonly reason: string | null;
}
