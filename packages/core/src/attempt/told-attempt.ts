/** What is told of an attempt when it is over. */

import type { AttemptEvent } from '../events.ts';
import type { Failure } from '../failure.ts';
import type { Lease } from '../pool/lease.ts';
import type { Errand, Workshop } from './errand.ts';

/** What came of it; `status` is 0 where no answer came. */
export type Outcome = Pick<AttemptEvent, 'provider' | 'durationMs'> & {
  readonly status: number;
  readonly failed: Failure | null;
};

/** Tells of an attempt that is over, where anybody listens. */
export function tellAttempt(
  { emitter, clock, provider }: Workshop,
  lease: Lease,
  errand: Errand,
  { startedAtMs, ...ended }: Omit<Outcome, 'provider' | 'durationMs'> & { readonly startedAtMs: number },
): void {
  if (!emitter.has('attempt')) return;
  const outcome = { provider: provider.name, durationMs: clock.now() - startedAtMs, ...ended };
  emitter.emit('attempt', toldAttempt(lease, errand, outcome));
}

export function toldAttempt(
  { pool, project, key }: Pick<Lease, 'pool' | 'project' | 'key'>,
  { requestId, call }: Pick<Errand, 'requestId' | 'call'>,
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
