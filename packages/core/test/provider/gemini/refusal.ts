/** What refused answers are told with: their bodies, and what usually follows. */

import type { Failure } from '../../../src/failure.ts';
import type { RefusalKind } from '../../../src/provider/gemini/kinds.ts';
import type { ErrorAnswer } from '../../../src/provider/provider.ts';

/** One answer and what it should mean. */
export interface Refusal {
  readonly kind: RefusalKind;
  readonly what: string;
  /** Who has shown such an answer; `documented` and `constructed` say that nobody has. */
  readonly from: string;
  readonly status: number;
  /** A body as JSON, or as the text that it came as. */
  readonly body: object | string;
  readonly more?: Partial<ErrorAnswer>;
  readonly means: Partial<Failure>;
}

/** Noon in Los Angeles. */
export const noonMs = Date.UTC(2026, 10, 21, 20);
export const untilMidnightMs = 12 * 3_600_000;
export const dayMs = 86_400_000;

/** As it would arrive: pretty-printed, as Google does. */
export function answerOf({ status, body, more }: Pick<Refusal, 'status' | 'body' | 'more'>): ErrorAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body, null, 2);
  return { status, text, retryAfter: null, namesResource: false, nowMs: noonMs, ...more };
}

// Bodies

export const service = 'generativelanguage.googleapis.com';
export const metric = `${service}/generate_content_free_tier_requests`;
export const testData = 'FirebaseExtended/vertexai-sdk-test-data, mock-responses/googleai';
export const reasons = 'documented: google/api/error_reason.proto';
const type = 'type.googleapis.com/google.rpc.';

export function googleError(code: number, status: string, message: string, ...details: object[]): object {
  return { error: { code, message, status, ...(details.length === 0 ? {} : { details }) } };
}

export function exhausted(message: string, ...details: object[]): object {
  return googleError(429, 'RESOURCE_EXHAUSTED', message, ...details);
}

export function denied(message: string, ...details: object[]): object {
  return googleError(403, 'PERMISSION_DENIED', message, ...details);
}

export function info(reason: string, metadata: object = { service }): object {
  return { '@type': `${type}ErrorInfo`, reason, domain: 'googleapis.com', metadata };
}

export function localized(message: string): object {
  return { '@type': `${type}LocalizedMessage`, locale: 'en-US', message };
}

export function debugInfo(detail: string): object {
  return { '@type': `${type}DebugInfo`, detail };
}

export function retry(retryDelay: unknown): object {
  return { '@type': `${type}RetryInfo`, retryDelay };
}

export function quota(...violations: object[]): object {
  return { '@type': `${type}QuotaFailure`, violations };
}

export function violation(quotaId: string, model = 'gemini-2.5-flash', quotaValue?: string): object {
  const quotaDimensions = { location: 'global', model };
  return { quotaMetric: metric, quotaId, quotaDimensions, ...(quotaValue === undefined ? {} : { quotaValue }) };
}

export const help = {
  '@type': `${type}Help`,
  links: [
    { description: 'Learn more about Gemini API quotas', url: 'https://ai.google.dev/gemini-api/docs/rate-limits' },
  ],
};

// What follows

export const forKey = { scope: 'key', again: 'other-key', code: 'no_usable_key', isProofOfNothing: true } as const;
export const forProject = { ...forKey, scope: 'project', again: 'other-project' } as const;
export const triedDaily = { restMs: dayMs, endedBy: 'probe' } as const;
export const forGood = { restMs: null, endedBy: 'operator' } as const;
export const unpaid = { ...forProject, restMs: 1_800_000, endedBy: 'probe' } as const;
export const forQuota = {
  scope: 'quota',
  again: 'other-project',
  code: 'quota_exhausted',
  pace: 'throttle',
  endedBy: 'time',
  isProofOfNothing: true,
} as const;
export const forModel = { scope: 'model', again: 'same-key', endedBy: 'time' } as const;
export const forRequest = { scope: 'request', again: 'never', endedBy: 'time' } as const;
