/** The contract of who asks. */

import type { Limits } from '../store/store.ts';
import type { HeaderBag } from '../wire.ts';

/** Somebody who may call. */
export interface Caller {
  /** Stands in events and logs; never the key. */
  readonly id: string;
  /** How much it may use; nobody counts where there are none. */
  readonly limits?: Limits | undefined;
}

/** A caller as the options name it. */
export interface CallerOptions {
  /** Yours to choose. */
  id: string;
  /** At least 16 characters, and none of the well-known examples. */
  key: string;
  /** How much it may use. */
  limits?: CallerLimits | undefined;
}

/** Limits of one caller; 0 stands for none. */
export interface CallerLimits {
  /** In any 60 s. @default 0 */
  requestsPerMinute?: number | undefined;
  /** In any 60 s, prompts and answers together; estimated before, put right after. @default 0 */
  tokensPerMinute?: number | undefined;
  /** From midnight to midnight in Los Angeles. @default 0 */
  requestsPerDay?: number | undefined;
  /** Requests at once. @default 0 */
  maxInFlight?: number | undefined;
}

/** What a lookup function may decide by. */
export interface CallerQuestion {
  readonly method: string;
  /** Path and query as the client sent them, credentials included. */
  readonly target: string;
  /** Lower-case names. */
  readonly headers: HeaderBag;
  /** The one credential of the request in whatever place it came, or null when there is none. */
  readonly credential: string | null;
}

/** Decides who asks; null is answered 401. It may take its time, but a request waits for it. */
export type CallerLookup = (question: CallerQuestion) => Caller | null | Promise<Caller | null>;

/** The station that knows callers. */
export interface Auth {
  /** @throws SluiceError `unauthorized` (the same for a missing and a wrong key), `invalid_request` for two different ones */
  identify(question: Omit<CallerQuestion, 'credential'>): Caller | Promise<Caller>;
  /** The caller who was let in under this id before and shows something it was given then; null when it may not call any more. */
  known(id: string): Caller | null;
}
