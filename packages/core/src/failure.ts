/** What went wrong in one attempt, as data. It becomes an error only where it meets the client. */

import type { ErrorCode } from './errors.ts';

/**
 * Whom a failure concerns, and so what it may change:
 * `request` nothing; `quota` the project for one model; `key` one key; `project` all its keys;
 * `model` and `host` feed a breaker, and only these two; `client` went away; `gateway` is our own limit or fault.
 */
export type FailureScope = 'request' | 'quota' | 'key' | 'project' | 'model' | 'host' | 'client' | 'gateway';

/**
 * What may be tried next, if the budget allows: the same key after a pause, or at once with another. What failed on an
 * old connection is sent once more on a fresh one, at once and for nothing.
 */
export type Again = 'never' | 'fresh-connection' | 'same-key' | 'other-key' | 'other-project';

/** One thing that went wrong in an attempt. */
export interface Failure {
  /**
   * A stable word for logs, metrics and the reason of a key's state. What the provider has refused: `RefusalKind` in
   * `provider/gemini/kinds.ts`. What broke on the way: `unreachable`, `tls`, `reset`, `stale`, `no_http`, `no_json`, `redirect`,
   * `timeout`, `slow_client`, `truncated`, `empty`, `too_large`, `circuit_open`, `deadline`, `slow_reader`, `client_gone`, or a code of our own.
   */
  readonly kind: string;
  readonly scope: FailureScope;
  /** What the client is told when there is no answer of the provider to show. */
  readonly code: ErrorCode;
  readonly again: Again;
  /** Whether the next pause is the short one of a passing fault or the long one of a throttle. */
  readonly pace: 'transient' | 'throttle';
  /** How long the key, project or quota rests, in ms; null means until an operator says otherwise. */
  readonly restMs: number | null;
  /**
   * What ends the rest: its `time` alone; a `probe` that is made when the time is over, and begins the rest anew where
   * the provider still refuses; or an `operator`.
   */
  readonly endedBy: 'time' | 'probe' | 'operator';
  /** True when the rest doubles with each such failure in a row, because the provider did not say how long. */
  readonly isGrowing?: boolean | undefined;
  /** The model that the provider counted against, where it differs from the one that was asked for. */
  readonly quotaModel?: string | null | undefined;
  /** `projects/` and the number of the project that the provider counts the key to; null where it did not say. */
  readonly consumer: string | null;
  /** How long the provider asked to wait, in ms; goes out as `retry-after`. */
  readonly retryAfterMs?: number | undefined;
  /** Fewer tries than the settings allow make sense. */
  readonly mostTries?: number | undefined;
  /** True when the provider has certainly done nothing, so that even a call that creates things may be sent again. */
  readonly isProofOfNothing: boolean;
  /** True when the call may have run to its end and been billed (a timeout): a generation is not sent again. */
  readonly mayHaveRun: boolean;
  /** For people; never a key, a prompt or an answer. */
  readonly message: string;
}

/** A failure on its way through sinks, which carry errors. */
export class Trouble extends Error {
  override readonly name = 'Trouble';
  readonly failure: Failure;

  constructor(failure: Failure, cause?: unknown) {
    super(failure.message, { cause });
    this.failure = failure;
  }
}

/** What a failure is unless more is known: the provider's own passing fault, worth a second try with the same key. */
export function failure(kind: string, code: ErrorCode, message: string, more: Partial<Failure> = {}): Failure {
  return {
    kind,
    code,
    message,
    scope: 'model',
    again: 'same-key',
    pace: 'transient',
    restMs: 0,
    endedBy: 'time',
    consumer: null,
    isProofOfNothing: false,
    mayHaveRun: false,
    ...more,
  };
}
