/** The contract of who asks. */

import type { Cancellation } from '../cancellation.ts';
import type { HeaderBag } from '../wire.ts';

/** Somebody who may call. */
export interface Caller {
  /** What it owns and what it may use goes by this, and it stands in events and logs: never the key. */
  readonly id: string;
  /** How much it may use; nobody counts where there are none. */
  readonly limits?: Readonly<CallerLimits> | undefined;
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

/** What a lookup function may decide by. `Host` is a request as the framework around the gateway sees it. */
export interface CallerQuestion<Host = unknown> {
  readonly method: string;
  /** Path and query as the client sent them, credentials included. */
  readonly target: string;
  /** Lower-case names. */
  readonly headers: HeaderBag;
  /** The one credential of the request in whatever place it came, or null when there is none. */
  readonly credential: string | null;
  /**
   * The request as the framework sees it, with whatever middleware and hooks have put on it: `req` of `node:http` and
   * Express, `request` of Fastify and Next, or what a handler of web standards was called with beside the request (Hono's
   * context). Undefined where no framework stands around the call: in process, and in sessions of the Live API.
   */
  readonly host?: Host | undefined;
}

/**
 * Decides who asks; nobody is answered 401. A request waits for it, for `timeouts.callersMs`. What it throws lets nobody in:
 * a SluiceError is answered as it is, everything else as `callers_unavailable`.
 */
export type CallerLookup<Host = unknown> = (
  question: CallerQuestion<Host>,
) => Caller | null | undefined | Promise<Caller | null | undefined>;

/** A request or a session whose caller is asked for. */
export interface Asked extends Omit<CallerQuestion, 'credential'> {
  /** When nobody waits any more. */
  readonly cancellation?: Cancellation | undefined;
}

/** The station that knows callers. */
export interface Auth {
  /**
   * @throws SluiceError `unauthorized` (the same for a missing and a wrong key), `invalid_request` for two different ones,
   *   `callers_unavailable` when the host's own function cannot tell
   */
  identify(asked: Asked): Caller | Promise<Caller>;
  /**
   * Whether somebody who was let in before and is still here may stay; where only the host could tell, everybody may.
   *
   * @param shown - what it was let in by; null for a token, which speaks for the caller who has minted it
   */
  keeps(id: string, shown: Asked | null): boolean | Promise<boolean>;
  /** The caller who was let in under this id before and shows something it was given then; null when it may not call any more. */
  known(id: string): Caller | null;
}
