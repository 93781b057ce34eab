/** Quotas that are used up, and what looks like it. Keys are left out, and the numbers of projects are replaced. */

import {
  dayMs,
  exhausted,
  forModel,
  forQuota,
  forRequest,
  googleError,
  help,
  info,
  metric,
  quota,
  type Refusal,
  retry,
  service,
  untilMidnightMs,
  violation,
} from './refusal.ts';

const exceeded =
  'You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.';
const regional =
  "Quota exceeded for quota metric 'Generate Content API requests per minute' and limit 'GenerateContent request limit per minute for a region' of service 'generativelanguage.googleapis.com' for consumer 'project_number:12345678'.";
const cliTests = 'google-gemini/gemini-cli, packages/core/src/utils/googleQuotaErrors.test.ts';

export const refusedQuotas: readonly Refusal[] = [
  {
    kind: 'model_not_in_tier',
    what: 'a model that the tier does not have, with ids of the day and a delay of seconds',
    from: 'wuchalejs/wuchale#218, with the details that such answers have',
    status: 429,
    body: exhausted(
      `${exceeded} To monitor your current usage, head to: https://ai.dev/rate-limit. \n* Quota exceeded for metric: ${metric}, limit: 0, model: gemini-2.0-flash\n* Quota exceeded for metric: ${service}/generate_content_free_tier_input_token_count, limit: 0, model: gemini-2.0-flash\nPlease retry in 10.689924287s.`,
      help,
      quota(
        violation('GenerateRequestsPerDayPerProjectPerModel-FreeTier', 'gemini-2.0-flash'),
        violation('GenerateRequestsPerMinutePerProjectPerModel-FreeTier', 'gemini-2.0-flash'),
        violation('GenerateContentInputTokensPerModelPerMinute-FreeTier', 'gemini-2.0-flash'),
      ),
      retry('10s'),
    ),
    means: { ...forQuota, restMs: dayMs, quotaModel: 'gemini-2.0-flash', retryAfterMs: dayMs },
  },
  {
    kind: 'quota_day',
    what: 'a quota of the day with a delay of seconds',
    from: 'oppl.ai/llms/gemini_complex_1/JE00B3XR4V72.json',
    status: 429,
    body: exhausted(
      exceeded,
      quota(violation('GenerateRequestsPerDayPerProjectPerModel-FreeTier', 'gemini-2.5-flash', '250')),
      help,
      retry('22s'),
    ),
    means: { ...forQuota, restMs: untilMidnightMs, quotaModel: 'gemini-2.5-flash', retryAfterMs: untilMidnightMs },
  },
  {
    kind: 'quota_day',
    what: 'day, minute and tokens together',
    from: 'googleapis/python-genai#2044',
    status: 429,
    body: exhausted(
      exceeded,
      quota(
        violation('GenerateRequestsPerDayPerProjectPerModel-FreeTier', 'gemini-2.0-flash'),
        violation('GenerateRequestsPerMinutePerProjectPerModel-FreeTier', 'gemini-2.0-flash'),
        violation('GenerateContentInputTokensPerModelPerMinute-FreeTier', 'gemini-2.0-flash'),
      ),
      help,
      retry('47s'),
    ),
    means: { ...forQuota, restMs: untilMidnightMs, quotaModel: 'gemini-2.0-flash' },
  },
  {
    kind: 'capacity',
    what: 'no capacity, with a delay that is no quota',
    from: cliTests,
    status: 503,
    body: googleError(
      503,
      'UNAVAILABLE',
      'No capacity available for model gemini-3.1-pro-preview on the server',
      info('MODEL_CAPACITY_EXHAUSTED', { model: 'gemini-3.1-pro-preview' }),
      retry('9s'),
    ),
    means: { ...forModel, pace: 'throttle', isProofOfNothing: true, retryAfterMs: 9_000 },
  },
  {
    kind: 'capacity',
    what: 'the same as a 429, in a detail without a type',
    from: 'google-gemini/gemini-cli#26633',
    status: 429,
    body: exhausted('No capacity available for model on the server', { reason: 'MODEL_CAPACITY_EXHAUSTED' }),
    means: { ...forModel, pace: 'throttle', isProofOfNothing: true },
  },
  {
    kind: 'address_blocked',
    what: 'a page that takes the gateway for a machine',
    from: 'thooton/muse#6; the tags are constructed',
    status: 429,
    body: "<html><title>Sorry...</title><body>We're sorry but your computer or network may be sending automated queries. To protect our users, we can't process your request right now.</body></html>",
    means: { ...forRequest, code: 'quota_exhausted' },
  },
  {
    kind: 'quota_minute',
    what: 'a quota of the minute',
    from: cliTests,
    status: 429,
    body: exhausted(
      `${exceeded}\n* Quota exceeded for metric: ${metric}, limit: 2\nPlease retry in 56.185908122s.`,
      quota(violation('GenerateRequestsPerMinutePerProjectPerModel-FreeTier', 'gemini-2.5-pro', '2')),
      help,
      retry('56s'),
    ),
    means: { ...forQuota, restMs: 56_000, quotaModel: 'gemini-2.5-pro', retryAfterMs: 56_000 },
  },
  {
    kind: 'quota_minute',
    what: 'a quota of the minute and the region, in older words, for a project that is named',
    from: 'tech-shrimp/gemini-playground#10',
    status: 429,
    body: exhausted(
      regional,
      info('RATE_LIMIT_EXCEEDED', {
        service,
        quota_location: 'us-west4',
        quota_limit_value: '0',
        quota_limit: 'GenerateContentRequestsPerMinutePerProjectPerRegion',
        quota_metric: `${service}/generate_content_requests`,
        consumer: 'projects/12345678',
      }),
    ),
    means: { ...forQuota, restMs: 60_000, consumer: 'projects/12345678' },
  },
  {
    kind: 'quota_minute',
    what: 'the same without details',
    from: 'tech-shrimp/gemini-playground#10, details left out',
    status: 429,
    body: exhausted(regional),
    means: { ...forQuota, restMs: 60_000, consumer: 'projects/12345678' },
  },
  {
    kind: 'quota_minute',
    what: 'a delay in words alone, in a message that is itself the error',
    from: cliTests,
    status: 429,
    body: {
      error: {
        message: JSON.stringify({
          error: {
            code: 429,
            status: 429,
            message: `${exceeded} To monitor your current usage, head to: https://ai.dev/usage?tab=rate-limit. \n* Quota exceeded for metric: ${metric}, limit: 2\nPlease retry in 44.097740004s.`,
            details: [{ detail: `??? to (unknown) : APP_ERROR(8) ${exceeded}` }],
          },
        }),
        code: 429,
        status: 'Too Many Requests',
      },
    },
    means: { ...forQuota, restMs: 44_097.740_004 },
  },
  {
    kind: 'quota_long',
    what: 'a delay of more than five minutes',
    from: cliTests,
    status: 429,
    body: exhausted('Too many requests', retry('301s')),
    means: { ...forQuota, restMs: 301_000, retryAfterMs: 301_000 },
  },
  {
    kind: 'quota_unexplained',
    what: 'a 429 that says nothing',
    from: 'google/generative-ai-docs#236',
    status: 429,
    body: exhausted('Resource has been exhausted (e.g. check quota).'),
    means: { ...forQuota, restMs: 5_000, isGrowing: true, mostTries: 3 },
  },
];
