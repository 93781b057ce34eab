/** The codes of the Interactions API, which are words, and what each means. */

import type { RefusalKind } from '../../../src/provider/gemini/kinds.ts';
import {
  forKey,
  forModel,
  forQuota,
  forRequest,
  type Refusal,
  triedDaily,
  unpaid,
  untilMidnightMs,
} from './refusal.ts';

/** Every code with the status that it comes with (https://ai.google.dev/gemini-api/docs/api-errors, read 2026-11-20). */
const codes: readonly [code: string, status: number, kind: RefusalKind, means: Refusal['means']][] = [
  ['invalid_request', 400, 'refused', forRequest],
  ['failed_precondition', 400, 'refused', forRequest],
  ['parameter_unknown', 400, 'refused', forRequest],
  ['out_of_range', 416, 'refused', forRequest],
  ['authentication', 401, 'key_unauthenticated', { ...forKey, ...triedDaily }],
  ['payment_required', 402, 'project_unpaid', { ...unpaid, code: 'quota_exhausted' }],
  ['permission_denied', 403, 'refused', forRequest],
  ['not_found', 404, 'refused', forRequest],
  ['model_not_found', 404, 'refused', forRequest],
  ['already_exists', 409, 'refused', forRequest],
  ['aborted', 409, 'refused', forRequest],
  ['rate_limit_exceeded', 429, 'quota_minute', { ...forQuota, restMs: 60_000 }],
  ['too_many_requests', 429, 'quota_minute', { ...forQuota, restMs: 60_000 }],
  ['quota_exceeded', 429, 'quota_day', { ...forQuota, restMs: untilMidnightMs }],
  ['cancelled', 499, 'cancelled', { scope: 'request', again: 'same-key' }],
  ['api_error', 500, 'internal', { ...forModel, isProofOfNothing: false }],
  ['unimplemented', 501, 'refused', forRequest],
  ['service_unavailable', 503, 'overloaded', { ...forModel, isProofOfNothing: true }],
  ['deadline_exceeded', 504, 'upstream_deadline', { scope: 'model', again: 'never', mayHaveRun: true }],
];

export const refusedInteractions: readonly Refusal[] = codes.map(([code, status, kind, means]) => ({
  kind,
  what: code,
  from: 'documented',
  status,
  body: { error: { code, message: 'x' } },
  means,
}));
