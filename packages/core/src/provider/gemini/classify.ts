/**
 * What each refusal of the Gemini API means, as a table: the first row that matches decides.
 *
 * The order matters. A 400 may be the key's fault; a short `retryDelay` may come with a quota that is back tomorrow;
 * `limit: 0` is no matter of time at all. Statuses, reasons and texts are Google's, collected from its documents, its
 * SDKs' tests and reports (as of 2026-11-20).
 *
 * Google's messages repeat what callers wrote: names of fields, files and models. So a message counts against a key or a
 * project only by how it begins.
 */

import { type Failure, failure } from '../../failure.ts';
import { msUntilPacificMidnight } from '../../quota/pacific-day.ts';
import type { ErrorFacts } from './error-facts.ts';
import type { RefusalKind } from './kinds.ts';

const second = 1_000;
const minute = 60_000;
const day = 86_400_000;
/** A minute quota never asks for longer; what does is a day's. */
const longestMinuteWaitMs = 5 * minute;
/** Neither clock is exact: a day that has just begun here may not have begun there. */
const midnightIsLateMs = 5 * minute;

interface Row {
  readonly kind: RefusalKind;
  readonly when: (facts: ErrorFacts) => boolean;
  readonly means: Partial<Failure> | ((facts: ErrorFacts) => Partial<Failure>);
}

const badKey: Partial<Failure> = { scope: 'key', again: 'other-key', code: 'no_usable_key', isProofOfNothing: true };
const badProject: Partial<Failure> = { ...badKey, scope: 'project', again: 'other-project' };
/** A wrong key is right again when it was enabled, bound or renewed; one try a day finds that out. */
const untilTried: Partial<Failure> = { restMs: day, endedBy: 'probe' };
const forGood: Partial<Failure> = { restMs: null, endedBy: 'operator' };
const outOfQuota: Partial<Failure> = {
  scope: 'quota',
  again: 'other-project',
  code: 'quota_exhausted',
  pace: 'throttle',
  isProofOfNothing: true,
};
const busyModel: Partial<Failure> = { scope: 'model', again: 'same-key', isProofOfNothing: true };
const callersFault: Partial<Failure> = { scope: 'request', again: 'never', code: 'invalid_request' };

const suspended = [
  'CONSUMER_SUSPENDED',
  'GCP_SUSPENDED',
  'BILLING_DISABLED',
  'ACCOUNT_STATE_INVALID',
  'CONSUMER_INVALID',
] as const;
/** What every key of the Gemini API may do. Other methods may ask for more than a key, whichever key it is. */
const forEveryKey = /^(?:(?:Stream|Bidi)?GenerateContent|CountTokens|(?:Batch)?EmbedContents?|ListModels|GetModel)$/;
const ownService = 'generativelanguage.googleapis.com';

/** Every row, in order. */
export const rows: readonly Row[] = [
  {
    kind: 'key_invalid',
    when: (facts) =>
      facts.code === 400 &&
      (has(facts, 'API_KEY_INVALID') || /^API key (?:not valid|expired|not found)/i.test(facts.message)),
    means: { ...badKey, ...untilTried },
  },
  {
    // A caller who asks for what no key may do would else take one key after the other out of the pool.
    kind: 'method_not_for_keys',
    when: (facts) =>
      (facts.code === 401 || (facts.code === 403 && has(facts, 'API_KEY_SERVICE_BLOCKED'))) &&
      facts.method !== null &&
      !forEveryKey.test(facts.method),
    means: callersFault,
  },
  { kind: 'key_unauthenticated', when: ({ code }) => code === 401, means: { ...badKey, ...untilTried } },
  {
    kind: 'two_credentials',
    when: ({ code, message }) => code === 400 && message.startsWith('Multiple authentication credentials'),
    means: callersFault,
  },
  {
    kind: 'key_leaked',
    when: ({ code, message }) => code === 403 && /^(?:Your |This |The )?API key was reported as leaked/i.test(message),
    means: { ...badKey, ...forGood },
  },
  {
    kind: 'project_service_disabled',
    // Tools may need further APIs; whether those are enabled says nothing of this one.
    when: (facts) =>
      facts.code === 403 &&
      ((has(facts, 'SERVICE_DISABLED') && (facts.service ?? ownService) === ownService) ||
        /^Generative Language API has not been used in project/.test(facts.message)),
    // "wait a few minutes for the action to propagate"
    means: { ...badProject, restMs: 10 * minute, endedBy: 'probe' },
  },
  {
    kind: 'project_suspended',
    when: (facts) =>
      facts.code === 403 &&
      (has(facts, ...suspended) ||
        /^(?:Permission denied: Consumer '[^']*' has been suspended|Your project has been denied access)/i.test(
          facts.message,
        )),
    means: { ...badProject, ...forGood },
  },
  {
    kind: 'key_restricted',
    when: ({ code, reasons }) => code === 403 && reasons.some((reason) => /^API_KEY_\w+_BLOCKED$/.test(reason)),
    means: { ...badKey, ...forGood },
  },
  {
    kind: 'resource_of_another_project',
    when: (facts) =>
      facts.code === 403 &&
      (/permission to access|or it may not exist|not found \(or permission denied\)/i.test(facts.message) ||
        (facts.namesResource && facts.word === 'PERMISSION_DENIED')),
    means: callersFault,
  },
  {
    kind: 'project_unpaid',
    when: ({ code, message }) => code === 402 || (code === 429 && /credits are depleted|spending cap/i.test(message)),
    means: { ...badProject, code: 'quota_exhausted', restMs: 30 * minute, endedBy: 'probe' },
  },
  {
    kind: 'model_not_in_tier',
    when: ({ code, message }) =>
      [429, 403, 503].includes(code) && /\bquota\b[\s\S]*\blimit:\s*0(?!\d|\.\d)/i.test(message),
    means: ({ quotas }) => ({ ...outOfQuota, restMs: day, quotaModel: modelOf(quotas, /./) }),
  },
  {
    kind: 'quota_day',
    // The Interactions API says it in one word.
    when: ({ code, word, quotas }) => code === 429 && (word === 'QUOTA_EXCEEDED' || names(quotas, perDay)),
    means: ({ nowMs, quotas }) => ({ ...outOfQuota, restMs: msUntilReset(nowMs), quotaModel: modelOf(quotas, perDay) }),
  },
  {
    kind: 'capacity',
    when: (facts) =>
      [429, 503].includes(facts.code) &&
      (has(facts, 'MODEL_CAPACITY_EXHAUSTED') || /^No capacity available/i.test(facts.message)),
    means: { ...busyModel, pace: 'throttle' },
  },
  {
    // "your computer or network may be sending automated queries": every key that comes from here meets the same page.
    kind: 'address_blocked',
    when: ({ code, form }) => code === 429 && form === 'page',
    means: { ...callersFault, code: 'quota_exhausted', isProofOfNothing: true },
  },
  {
    kind: 'quota_minute',
    when: (facts) => facts.code === 429 && saysMinute(facts) && (facts.retryMs ?? 0) <= longestMinuteWaitMs,
    means: ({ retryMs, quotas }) => ({
      ...outOfQuota,
      restMs: Math.max(second, retryMs ?? minute),
      quotaModel: modelOf(quotas, perMinute),
    }),
  },
  {
    kind: 'quota_long',
    when: ({ code, retryMs }) => code === 429 && (retryMs ?? 0) > longestMinuteWaitMs,
    means: ({ retryMs, quotas }) => ({ ...outOfQuota, restMs: retryMs, quotaModel: modelOf(quotas, /./) }),
  },
  {
    kind: 'quota_unexplained',
    when: ({ code }) => code === 429,
    // It may as well be want of capacity, and then every project would say the same.
    means: { ...outOfQuota, restMs: 5 * second, isGrowing: true, mostTries: 3 },
  },
  { kind: 'overloaded', when: ({ code, form }) => code === 503 && form === 'error', means: busyModel },
  {
    kind: 'upstream_deadline',
    when: ({ code, form }) => code === 504 && form === 'error',
    means: { again: 'never', mayHaveRun: true },
  },
  { kind: 'internal', when: ({ code }) => code === 500, means: { scope: 'model', again: 'same-key' } },
  {
    kind: 'front_end',
    when: ({ code }) => code >= 502,
    // Behind a front end that gave up waiting, the model may have gone on.
    means: ({ code }) => ({ scope: 'model', again: 'same-key', mayHaveRun: code === 504 || code === 524 }),
  },
  // The client has gone or the backend gave up; nothing was shown, so the journey asks whether somebody still waits.
  { kind: 'cancelled', when: ({ code }) => code === 499, means: { scope: 'request', again: 'same-key' } },
  {
    kind: 'project_needs_billing',
    when: ({ code, message }) =>
      code === 400 &&
      /^(?:User location is not supported for the API use without a billing account|Gemini API free tier is not available)/.test(
        message,
      ),
    means: { ...badProject, restMs: 30 * minute, endedBy: 'probe' },
  },
  {
    // It is the address of the gateway, and that is the same for every project.
    kind: 'location_unsupported',
    when: ({ code, message }) => code === 400 && message.startsWith('User location is not supported'),
    means: callersFault,
  },
  {
    kind: 'file_not_active',
    when: ({ code, message }) => code === 400 && message.includes('is not in an ACTIVE state'),
    means: callersFault,
  },
  {
    kind: 'thought_signature',
    when: ({ code, message }) => code === 400 && /thought[ _]signature/i.test(message),
    means: callersFault,
  },
  { kind: 'refused', when: () => true, means: callersFault },
];

/** @returns the failure that an error answer stands for; its message names the kind and the status, never the text */
export function classify(facts: ErrorFacts): Failure {
  const row = rows.find(({ when }) => when(facts)) as Row;
  const means = typeof row.means === 'function' ? row.means(facts) : row.means;
  const said = facts.word === '' ? `${facts.code}` : `${facts.code} ${facts.word}`;
  const known = failure(row.kind, 'upstream_protocol', `The provider answered ${said} (${row.kind}).`, means);
  // A quota's rest is the truth; the delay that came with it may be a minute's for a day's quota.
  const retryAfterMs = known.scope === 'quota' ? known.restMs : facts.retryMs;
  return {
    ...known,
    consumer: facts.consumer,
    // An answer that began with success has done something before it failed.
    isProofOfNothing: known.isProofOfNothing && facts.httpStatus >= 400,
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  };
}

const perDay = /per ?day|daily/i;
const perMinute = /per ?minute/i;

function saysMinute(facts: ErrorFacts): boolean {
  const { word, quotas, retryMs } = facts;
  const isWord = word === 'RATE_LIMIT_EXCEEDED' || word === 'TOO_MANY_REQUESTS' || has(facts, 'RATE_LIMIT_EXCEEDED');
  return isWord || names(quotas, perMinute) || (retryMs ?? 0) > 0;
}

function names(quotas: ErrorFacts['quotas'], which: RegExp): boolean {
  return quotas.some(({ id }) => which.test(id));
}

/** The model of the quota that decided; another one that is named beside it may still have room. */
function modelOf(quotas: ErrorFacts['quotas'], which: RegExp): string | null {
  return quotas.find(({ id, model }) => model !== null && which.test(id))?.model ?? null;
}

function msUntilReset(nowMs: number): number {
  const hasJustBegun = msUntilPacificMidnight(nowMs - midnightIsLateMs) <= midnightIsLateMs;
  return hasJustBegun ? midnightIsLateMs : msUntilPacificMidnight(nowMs);
}

function has({ reasons }: ErrorFacts, ...wanted: string[]): boolean {
  return wanted.some((reason) => reasons.includes(reason));
}
