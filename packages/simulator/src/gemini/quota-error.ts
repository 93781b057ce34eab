/** What Google says when a quota is used up: one line and one violation for each limit that is full. */

import type { SimulatedQuota } from '../contract.ts';
import type { GoogleError } from './google-error.ts';
import { help, quotaFailure, retryInfo, service } from './rpc-details.ts';

/** A limit that is full, and its size. */
export interface FullLimit {
  readonly kind: keyof SimulatedQuota;
  readonly limit: string;
}

/** How Google calls a limit; the braces are filled in by the kind of call. */
const names: Readonly<Record<keyof SimulatedQuota, { readonly metric: string; readonly quotaId: string }>> = {
  requestsPerDay: {
    metric: '{family}_free_tier_requests',
    quotaId: '{action}RequestsPerDayPerProjectPerModel-FreeTier',
  },
  requestsPerMinute: {
    metric: '{family}_free_tier_requests',
    quotaId: '{action}RequestsPerMinutePerProjectPerModel-FreeTier',
  },
  tokensPerMinute: {
    metric: '{family}_free_tier_input_token_count',
    quotaId: '{content}InputTokensPerModelPerMinute-FreeTier',
  },
};

const learnMore = help('Learn more about Gemini API quotas', 'https://ai.google.dev/gemini-api/docs/rate-limits');

/** @param full - at least one; Google lists the days first */
export function quotaError(full: readonly FullLimit[]): GoogleError {
  const lines = full.map(
    ({ kind, limit }) =>
      `* Quota exceeded for metric: ${service}/${names[kind].metric}, limit: ${limit}, model: {model}\n`,
  );
  return {
    code: 429,
    message:
      'You exceeded your current quota, please check your plan and billing details. For more information on this error, ' +
      `head to: https://ai.google.dev/gemini-api/docs/rate-limits.\n${lines.join('')}Please retry in {retryIn}.`,
    status: 'RESOURCE_EXHAUSTED',
    details: [quotaFailure(full.map(violation)), learnMore, retryInfo('{retryDelay}')],
  };
}

/** A limit of 0 has no value: JSON of protobuf leaves a zero out. */
function violation({ kind, limit }: FullLimit): Readonly<Record<string, unknown>> {
  return {
    quotaMetric: `${service}/${names[kind].metric}`,
    quotaId: names[kind].quotaId,
    quotaDimensions: { location: 'global', model: '{model}' },
    ...(limit === '0' ? {} : { quotaValue: limit }),
  };
}
