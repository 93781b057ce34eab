/** What an attempt is given, and what it gives back. */

import type { Cancellation } from '../cancellation.ts';
import type { Clock } from '../clock.ts';
import type { Emitter, TokenUsage } from '../events.ts';
import type { Failure } from '../failure.ts';
import type { Health } from '../health/health.ts';
import type { TimeLimit } from '../plan/time-limit.ts';
import type { Provider } from '../provider/provider.ts';
import type { Meter } from '../stream/meter.ts';
import type { Named } from '../stream/names.ts';
import type { Trail } from '../stream/trail.ts';
import type { Call } from '../surface/surface.ts';
import type { BodyStream, HeaderBag, Upstream } from '../wire.ts';
import type { Alarms } from './alarms.ts';
import type { Cut } from './cut.ts';
import type { HeldAnswer } from './held-answer.ts';
import type { TimeoutSettings } from './patience.ts';
import type { Scrubber } from './scrub.ts';

/** Bounds of what one attempt may hold; the slice of the settings that attempts keep to. */
export interface LimitSettings {
  readonly maxEventBytes: number;
  readonly maxAnswerBytes: number;
  readonly maxErrorBytes: number;
  /** Of one upload; 0 for no limit. */
  readonly maxUploadBytes: number;
}

/** What every attempt needs; made once per gateway. */
export interface Workshop {
  readonly upstream: Upstream;
  readonly provider: Provider;
  readonly origin: string;
  readonly host: string;
  readonly health: Health;
  readonly scrubber: Scrubber;
  readonly limits: LimitSettings;
  readonly timeouts: TimeoutSettings;
  /** How long a client may send nothing of a body that passes while it comes, in ms. */
  readonly bodyInMs: number;
  readonly alarms: Alarms;
  readonly clock: Clock;
  readonly emitter: Emitter;
}

/** What one attempt is about. */
export interface Errand {
  readonly requestId: string;
  readonly call: Call;
  readonly method: string;
  /** The client's own header fields, ready to go up; a later attempt may have to say that less time is left. */
  headers: readonly string[];
  readonly body: Uint8Array | BodyStream;
  readonly client: Meter;
  /** The client has gone, or the gateway wants the request to end. */
  readonly cancellation: Cancellation;
  readonly deadlineAtMs: number;
  readonly limit: TimeLimit;
  readonly tally: Tally;
  /** What the client has heard already of a stream that goes on. */
  readonly trail?: Trail | undefined;
  /** Reads an answer about resources that a project has given. */
  readResource(body: Uint8Array, project: string): Promise<Uint8Array | null>;
  /** Reads the head of an answer before anything of it is shown, where it tells of more than the answer itself. */
  readonly readHead?: ReadHead | undefined;
  /** Writes down what an answer names that a project gives just now. Never rejects. */
  learn(named: Named, project: string): Promise<void>;
}

/**
 * @param headers - as they came
 * @param down - as the client will see them; may be changed
 * @returns a promise that never rejects while something is still being written down
 */
export type ReadHead = (headers: HeaderBag, down: HeaderBag, project: string) => Promise<void> | null;

/** Where an attempt writes down what it does for the request as a whole. */
export interface Tally {
  /** Adds the header fields of our own to those of an answer. */
  sign(headers: HeaderBag): HeaderBag;
  /** The list that is shown goes without so many projects, because no key opens them. */
  leaveOut(projects: number): void;
  /** The call goes up now. A breaker may forbid it, so not every attempt is a call. */
  sent(): void;
  /** So many bytes of the answer more, or fewer, are held in memory. @returns false when there is no room for them */
  hold(deltaBytes: number): boolean;
}

/** What came of it. */
export interface Report {
  /** Null when the answer went out whole. */
  readonly failure: Failure | null;
  /** The provider's own error answer, cleaned, where there is one to show. */
  readonly held: HeldAnswer | null;
  /**
   * Null when the client has been given everything. Else the provider is done, and the client still takes its time:
   * resolves with null when it has room again, at the end of a whole answer when it has all of it; or with what has ended
   * it before.
   */
  readonly rest: Promise<Failure | null> | null;
  /** Set when the client has been told nothing of the failure, because the stream can be heard on. */
  readonly cut: Cut | null;
  /** What the answer says that it used; read when asked for. */
  usage(): TokenUsage | null;
}
