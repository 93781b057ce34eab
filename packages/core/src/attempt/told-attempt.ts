/** What is told of an attempt when it is over. */

import type { AttemptEvent } from '../events.ts';
import type { Failure } from '../failure.ts';
import type { Lease } from '../pool/lease.ts';
import type { Errand } from './errand.ts';

/** What came of it; `status` is 0 where no answer came. */
export type Outcome = Pick<AttemptEvent, 'provider' | 'durationMs'> & {
  readonly status: number;
  readonly failed: Failure | null;
};

export function toldAttempt(
  { pool, project, key }: Lease,
  { requestId, call }: Errand,
  outcome: Outcome,
): AttemptEvent {
  const { provider, durationMs, status, failed } = outcome;
  return {
    requestId,
    provider,
    pool,
    project,
    key: key.id,
    model: call.model,
    outcome: failed?.kind ?? 'ok',
    status: status === 0 ? null : status,
    durationMs,
  };
}
