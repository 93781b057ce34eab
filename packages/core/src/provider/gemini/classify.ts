/**
 * What each refusal of the Gemini API means, as a table: the first row that matches decides.
 *
 * The order matters. A 400 may be the key's fault; a short `retryDelay` may come with a quota that is back tomorrow;
 * `limit: 0` is no matter of time at all. Statuses, reasons and texts are Google's, collected from its documents, its
 * SDKs' tests and reports (as of 2026-11-20).
 */

import { type Failure, failure } from '../../failure.ts';
import { msUntilPacificMidnight } from '../../quota/pacific-day.ts';
import type { ErrorFacts } from './error-facts.ts';

const second = 1_000;
const minute = 60_000;
const day = 86_400_000;
/** A minute quota never asks for longer; what does is a day's. */
const longestMinuteWaitMs = 5 * minute;

interface Row {
  readonly kind: string;
  readonly when: (facts: ErrorFacts) => boolean;
  readonly means: Partial<Failure> | ((facts: ErrorFacts) => Partial<Failure>);
}

const badKey: Partial<Failure> = {
  scope: 'key',
  again: 'other-key',
  code: 'no_usable_key',
  restMs: null,
  isProofOfNothing: true,
};
const badProject: Partial<Failure> = { ...badKey, scope: 'project', again: 'other-project' };
const outOfQuota: Partial<Failure> = {
  scope: 'quota',
  again: 'other-project',
  code: 'quota_exhausted',
  pace: 'throttle',
  isProofOfNothing: true,
};
const busyModel: Partial<Failure> = { scope: 'model', again: 'same-key', isProofOfNothing: true };
const callersFault: Partial<Failure> = { scope: 'request', again: 'never', code: 'invalid_request' };

/** Every row, in order. */
export const rows: readonly Row[] = [
  {
    kind: 'key_invalid',
    when: (facts) =>
      facts.code === 400 &&
      (has(facts, 'API_KEY_INVALID') || /API key (?:not valid|expired|not found)/i.test(facts.message)),
    means: badKey,
  },
  { kind: 'key_unauthenticated', when: ({ code }) => code === 401, means: badKey },
  {
    kind: 'two_credentials',
    when: ({ code, message }) => code === 400 && message.includes('Multiple authentication credentials'),
    means: callersFault,
  },
  {
    kind: 'key_leaked',
    when: ({ code, message }) => code === 403 && message.includes('reported as leaked'),
    means: badKey,
  },
  {
    kind: 'project_service_disabled',
    when: (facts) => facts.code === 403 && has(facts, 'SERVICE_DISABLED'),
    // "wait a few minutes for the action to propagate"
    means: { ...badProject, restMs: 10 * minute },
  },
  {
    kind: 'project_suspended',
    when: (facts) =>
      facts.code === 403 &&
      (has(
        facts,
        'CONSUMER_SUSPENDED',
        'GCP_SUSPENDED',
        'BILLING_DISABLED',
        'ACCOUNT_STATE_INVALID',
        'CONSUMER_INVALID',
      ) ||
        /Consumer .* has been suspended/i.test(facts.message)),
    means: badProject,
  },
  {
    kind: 'key_restricted',
    when: ({ code, reasons }) => code === 403 && reasons.some((reason) => /^API_KEY_\w+_BLOCKED$/.test(reason)),
    means: badKey,
  },
  {
    kind: 'resource_of_another_project',
    when: (facts) =>
      facts.code === 403 &&
      (/permission to access|or it may not exist|not found \(or permission denied\)/i.test(facts.message) ||
        (facts.namesResource && facts.rpc === 'PERMISSION_DENIED')),
    means: callersFault,
  },
  {
    kind: 'project_unpaid',
    when: ({ code, message }) => code === 402 || (code === 429 && /credits are depleted|spending cap/i.test(message)),
    means: { ...badProject, code: 'quota_exhausted', restMs: 30 * minute },
  },
  {
    kind: 'model_not_in_tier',
    when: ({ code, message }) => [429, 403, 503].includes(code) && /limit:\s*0(?!\d|\.\d)/.test(message),
    means: { ...outOfQuota, restMs: day },
  },
  {
    kind: 'quota_day',
    // The Interactions API says it in one word.
    when: ({ code, rpc, quotaIds }) =>
      code === 429 && (rpc === 'QUOTA_EXCEEDED' || quotaIds.some((id) => /PerDay|Daily/.test(id))),
    means: ({ nowMs, quotaModel }) => ({ ...outOfQuota, restMs: msUntilPacificMidnight(nowMs), quotaModel }),
  },
  {
    kind: 'capacity',
    when: (facts) =>
      [429, 503].includes(facts.code) &&
      (has(facts, 'MODEL_CAPACITY_EXHAUSTED') || /No capacity available/i.test(facts.message)),
    means: { ...busyModel, pace: 'throttle' },
  },
  {
    kind: 'quota_minute',
    when: ({ code, quotaIds, retryMs }) =>
      code === 429 &&
      (quotaIds.some((id) => id.includes('PerMinute')) || (retryMs ?? 0) > 0) &&
      (retryMs ?? 0) <= longestMinuteWaitMs,
    means: ({ retryMs, quotaModel }) => ({ ...outOfQuota, restMs: Math.max(second, retryMs ?? minute), quotaModel }),
  },
  {
    kind: 'quota_long',
    when: ({ code, retryMs }) => code === 429 && (retryMs ?? 0) > longestMinuteWaitMs,
    means: ({ retryMs, quotaModel }) => ({ ...outOfQuota, restMs: retryMs, quotaModel }),
  },
  {
    kind: 'quota_unexplained',
    when: ({ code }) => code === 429,
    means: { ...outOfQuota, restMs: 5 * second, isGrowing: true },
  },
  {
    kind: 'overloaded',
    when: ({ code, rpc }) => code === 503 || code === 529 || rpc === 'SERVICE_UNAVAILABLE',
    means: busyModel,
  },
  { kind: 'upstream_deadline', when: ({ code }) => code === 504, means: { again: 'never', mayHaveRun: true } },
  {
    kind: 'internal',
    when: ({ code }) => code === 500 || code === 502 || code >= 505,
    means: { scope: 'model', again: 'same-key' },
  },
  // The client has gone or the backend gave up; nothing was shown, so the journey asks whether somebody still waits.
  { kind: 'cancelled', when: ({ code }) => code === 499, means: { scope: 'request', again: 'same-key' } },
  {
    kind: 'location_unsupported',
    when: ({ code, message }) => code === 400 && message.includes('location is not supported'),
    means: callersFault,
  },
  { kind: 'refused', when: () => true, means: callersFault },
];

/** @returns the failure that an error answer stands for; its message names the kind and the status, never the text */
export function classify(facts: ErrorFacts): Failure {
  const row = rows.find(({ when }) => when(facts)) as Row;
  const means = typeof row.means === 'function' ? row.means(facts) : row.means;
  const said = facts.rpc === '' ? `${facts.code}` : `${facts.code} ${facts.rpc}`;
  const known = failure(row.kind, 'upstream_protocol', `The provider answered ${said} (${row.kind}).`, means);
  // A quota's rest is the truth; the delay that came with it may be a minute's for a day's quota.
  const retryAfterMs = known.scope === 'quota' ? known.restMs : facts.retryMs;
  return retryAfterMs === null ? known : { ...known, retryAfterMs };
}

function has({ reasons }: ErrorFacts, ...wanted: string[]): boolean {
  return wanted.some((reason) => reasons.includes(reason));
}
