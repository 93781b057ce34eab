import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { goldenDir } from '@sluice/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Failure } from '../../../src/failure.ts';
import { rows } from '../../../src/provider/gemini/classify.ts';
import { geminiProvider } from '../../../src/provider/gemini/provider.ts';
import type { ErrorAnswer } from '../../../src/provider/provider.ts';

/** Noon in Los Angeles. */
const nowMs = Date.UTC(2026, 10, 21, 20);
const untilMidnightMs = 12 * 3_600_000;
const type = 'type.googleapis.com/google.rpc.';

/** As recorded by the SDKs' tests and in reports; see gemini-wire.md §4.2 for the source of each. */
const bodies = {
  invalidKey: {
    code: 400,
    message: 'API key not valid. Please pass a valid API key.',
    status: 'INVALID_ARGUMENT',
    details: [
      {
        '@type': `${type}ErrorInfo`,
        reason: 'API_KEY_INVALID',
        domain: 'googleapis.com',
        metadata: { service: 'generativelanguage.googleapis.com' },
      },
      {
        '@type': `${type}LocalizedMessage`,
        locale: 'en-US',
        message: 'API key not valid. Please pass a valid API key.',
      },
      { '@type': `${type}DebugInfo`, detail: 'Invalid API key: key1234' },
    ],
  },
  minute: quota(
    [violation('GenerateRequestsPerMinutePerProjectPerModel-FreeTier', 'gemini-2.5-pro')],
    '56s',
    'You exceeded your current quota, please check your plan and billing details. … head to: https://ai.google.dev/gemini-api/docs/rate-limits.\n* Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: 2\nPlease retry in 56.185908122s.',
  ),
  allAtOnce: quota(
    [
      violation('GenerateRequestsPerDayPerProjectPerModel-FreeTier', 'gemini-2.0-flash'),
      violation('GenerateRequestsPerMinutePerProjectPerModel-FreeTier', 'gemini-2.0-flash'),
      violation('GenerateContentInputTokensPerModelPerMinute-FreeTier', 'gemini-2.0-flash'),
    ],
    '47s',
  ),
  notInTier: quota(
    [violation('GenerateRequestsPerDayPerProjectPerModel-FreeTier', 'gemini-2.5-pro')],
    '20s',
    'You exceeded your current quota … limit: 0, model: gemini-2.5-pro\nPlease retry in 20.04466179s.',
  ),
  undetailed: { code: 429, message: 'Resource has been exhausted (e.g. check quota).', status: 'RESOURCE_EXHAUSTED' },
  depleted: {
    code: 429,
    message:
      'Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to manage your project and billing.',
    status: 'RESOURCE_EXHAUSTED',
  },
};

const forKey = { scope: 'key', again: 'other-key', restMs: null, isProofOfNothing: true };
const forProject = { scope: 'project', again: 'other-project', restMs: null, isProofOfNothing: true };
const forQuota = { scope: 'quota', again: 'other-project', pace: 'throttle', isProofOfNothing: true };
const forModel = { scope: 'model', again: 'same-key' };
const forRequest = { scope: 'request', again: 'never' };

/** What each row is for: an answer that only it should decide, and what follows. */
const cases: [kind: string, what: string, answer: [status: number, error: object], means: object][] = [
  ['key_invalid', 'a key that is not valid', [400, bodies.invalidKey], forKey],
  [
    'key_invalid',
    'a key that has expired',
    [400, { code: 400, message: 'API key expired. Please renew the API key.' }],
    forKey,
  ],
  [
    'key_invalid',
    'a key that is not there',
    [400, { code: 400, message: 'API Key not found. Please pass a valid API key.' }],
    forKey,
  ],
  [
    'key_unauthenticated',
    'a key that is not bound',
    [401, info(401, 'UNAUTHENTICATED', 'ACCESS_TOKEN_TYPE_UNSUPPORTED')],
    forKey,
  ],
  ['key_unauthenticated', 'a 401 that says nothing', [401, {}], forKey],
  [
    'two_credentials',
    'two credentials',
    [400, { code: 400, message: 'Multiple authentication credentials received.' }],
    forRequest,
  ],
  [
    'key_leaked',
    'a leaked key',
    [
      403,
      {
        code: 403,
        message: 'Your API key was reported as leaked. Please use another API key.',
        status: 'PERMISSION_DENIED',
      },
    ],
    forKey,
  ],
  [
    'project_service_disabled',
    'a disabled service, for some minutes',
    [403, info(403, 'PERMISSION_DENIED', 'SERVICE_DISABLED')],
    { ...forProject, restMs: 600_000 },
  ],
  [
    'project_suspended',
    'a suspended project',
    [
      403,
      {
        ...info(403, 'PERMISSION_DENIED', 'CONSUMER_SUSPENDED'),
        message: "Permission denied: Consumer 'api_key:AIza…' has been suspended.",
      },
    ],
    forProject,
  ],
  [
    'project_suspended',
    'a suspended project without details',
    [403, { code: 403, message: "Permission denied: Consumer 'api_key:AIza…' has been suspended." }],
    forProject,
  ],
  [
    'project_suspended',
    'a project without billing',
    [403, info(403, 'PERMISSION_DENIED', 'BILLING_DISABLED')],
    forProject,
  ],
  [
    'project_suspended',
    'a project that is none',
    [403, info(403, 'PERMISSION_DENIED', 'CONSUMER_INVALID')],
    forProject,
  ],
  [
    'project_suspended',
    'an account in a bad state',
    [403, info(403, 'PERMISSION_DENIED', 'ACCOUNT_STATE_INVALID')],
    forProject,
  ],
  [
    'key_restricted',
    'a key for other services',
    [403, info(403, 'PERMISSION_DENIED', 'API_KEY_SERVICE_BLOCKED')],
    forKey,
  ],
  [
    'key_restricted',
    'a key for other addresses',
    [403, info(403, 'PERMISSION_DENIED', 'API_KEY_IP_ADDRESS_BLOCKED')],
    forKey,
  ],
  [
    'key_restricted',
    'a key for other pages',
    [403, info(403, 'PERMISSION_DENIED', 'API_KEY_HTTP_REFERRER_BLOCKED')],
    forKey,
  ],
  [
    'resource_of_another_project',
    "another project's file",
    [
      403,
      {
        code: 403,
        message: 'You do not have permission to access the File abc or it may not exist.',
        status: 'PERMISSION_DENIED',
      },
    ],
    forRequest,
  ],
  [
    'project_unpaid',
    'payment required',
    [402, { code: 'payment_required', message: 'pay' }],
    { ...forProject, restMs: 1_800_000 },
  ],
  [
    'project_unpaid',
    'depleted credits',
    [429, bodies.depleted],
    { ...forProject, restMs: 1_800_000, code: 'quota_exhausted' },
  ],
  [
    'project_unpaid',
    'a spending cap',
    [429, { code: 429, message: 'The project has exceeded its monthly spending cap.' }],
    { ...forProject, restMs: 1_800_000 },
  ],
  [
    'model_not_in_tier',
    'a model that the tier does not have',
    [429, bodies.notInTier],
    { ...forQuota, restMs: 86_400_000 },
  ],
  [
    'quota_day',
    'a quota of the day, whatever short delay comes with it',
    [429, bodies.allAtOnce],
    { ...forQuota, restMs: untilMidnightMs, quotaModel: 'gemini-2.0-flash' },
  ],
  [
    'capacity',
    'no capacity, by reason',
    [429, info(429, 'RESOURCE_EXHAUSTED', 'MODEL_CAPACITY_EXHAUSTED')],
    { ...forModel, pace: 'throttle', isProofOfNothing: true },
  ],
  [
    'capacity',
    'no capacity, by message',
    [503, { code: 503, message: 'No capacity available for model gemini-3-pro on the server' }],
    { ...forModel, pace: 'throttle' },
  ],
  [
    'quota_minute',
    'a quota of the minute',
    [429, bodies.minute],
    { ...forQuota, restMs: 56_000, quotaModel: 'gemini-2.5-pro', retryAfterMs: 56_000 },
  ],
  [
    'quota_minute',
    'a quota of the minute without a delay',
    [429, quota([violation('GenerateRequestsPerMinutePerProjectPerModel')])],
    { ...forQuota, restMs: 60_000 },
  ],
  ['quota_minute', 'a delay alone', [429, quota([], '900ms')], { ...forQuota, restMs: 1_000 }],
  ['quota_long', 'a delay of more than five minutes', [429, quota([], '301s')], { ...forQuota, restMs: 301_000 }],
  [
    'quota_unexplained',
    'a 429 that says nothing',
    [429, bodies.undetailed],
    { ...forQuota, restMs: 5_000, isGrowing: true },
  ],
  [
    'overloaded',
    'an overloaded model',
    [503, { code: 503, message: 'The model is overloaded. Please try again later.', status: 'UNAVAILABLE' }],
    { ...forModel, isProofOfNothing: true },
  ],
  [
    'overloaded',
    'high demand',
    [
      503,
      {
        code: 503,
        message:
          'This model is currently experiencing high demand. Spikes in demand are usually temporary. Please try again later.',
        status: 'UNAVAILABLE',
      },
    ],
    forModel,
  ],
  [
    'upstream_deadline',
    'a deadline of the provider’s own',
    [504, { code: 504, status: 'DEADLINE_EXCEEDED' }],
    { scope: 'model', again: 'never', mayHaveRun: true },
  ],
  [
    'internal',
    'an internal error',
    [500, { code: 500, message: 'An internal error has occurred.', status: 'INTERNAL' }],
    { ...forModel, isProofOfNothing: false },
  ],
  ['internal', 'a bad gateway', [502, {}], forModel],
  ['internal', 'an edge in trouble', [520, {}], forModel],
  ['cancelled', 'a cancelled call', [499, { code: 499, status: 'CANCELLED' }], { scope: 'request', again: 'same-key' }],
  [
    'location_unsupported',
    'the wrong place',
    [400, { code: 400, message: 'User location is not supported for the API use.', status: 'FAILED_PRECONDITION' }],
    forRequest,
  ],
  [
    'refused',
    'a file that is not ready',
    [
      400,
      {
        code: 400,
        message: 'The File 5y6l is not in an ACTIVE state and usage is not allowed.',
        status: 'FAILED_PRECONDITION',
      },
    ],
    forRequest,
  ],
  [
    'refused',
    'a model that is not there',
    [
      404,
      {
        code: 404,
        message:
          'models/X is not found for API version v1beta, or is not supported for generateContent. Call ListModels…',
        status: 'NOT_FOUND',
      },
    ],
    forRequest,
  ],
  [
    'refused',
    'a bad argument',
    [400, { code: 400, message: 'Invalid JSON payload received.', status: 'INVALID_ARGUMENT' }],
    forRequest,
  ],
];

test.each(cases)('%s: %s', (kind, _, [status, error], means) => {
  const failed = classified(status, { error });
  expect(failed).toMatchObject({ kind, ...means });
});

test('every row of the table has a case here', () => {
  expect([...new Set(cases.map(([kind]) => kind))].sort()).toEqual([...new Set(rows.map(({ kind }) => kind))].sort());
});

test('a 403 on a path that names a resource is a miss, and no key is blamed', () => {
  const text = JSON.stringify({
    error: { code: 403, message: 'The caller does not have permission', status: 'PERMISSION_DENIED' },
  });
  expect(geminiProvider.classify(answer(403, text, { namesResource: true }))).toMatchObject({
    kind: 'resource_of_another_project',
    ...forRequest,
  });
});

describe('the order of the rows matters', () => {
  test('limit 0 is no matter of time, even beside quotas of the day', () => {
    expect(classified(429, { error: bodies.notInTier }).kind).toBe('model_not_in_tier');
  });

  test.each(['limit: 0.5', 'limit: 05', 'limit: 10', 'limit: 20'])('%s is not limit 0', (limit) => {
    expect(classified(429, { error: quota([], '5s', `Quota exceeded, ${limit}`) }).kind).toBe('quota_minute');
  });

  test('an invalid key is the key’s fault although the status is 400', () => {
    expect(classified(400, { error: bodies.invalidKey }).scope).toBe('key');
  });

  test('a leaked key stays a leaked key where the path names a resource', () => {
    const text = JSON.stringify({
      error: { code: 403, message: 'Your API key was reported as leaked.', status: 'PERMISSION_DENIED' },
    });
    expect(geminiProvider.classify(answer(403, text, { namesResource: true })).scope).toBe('key');
  });
});

describe('bodies come in many shapes', () => {
  const error = bodies.invalidKey;
  test.each([
    ['wrapped in a list', [{ error }]],
    ['nested', { error: { error } }],
    ['as text in a message', { error: { code: 400, message: JSON.stringify({ error }) } }],
    ['without its own code', { error: { ...error, code: null } }],
  ])('%s', (_, body) => {
    expect(classified(400, body)).toMatchObject({ kind: 'key_invalid', scope: 'key' });
  });

  test('pretty-printed, as Google does', () => {
    expect(geminiProvider.classify(answer(400, JSON.stringify({ error }, null, 2))).kind).toBe('key_invalid');
  });

  test.each<[number, string, string]>([
    [429, '<html><title>Sorry…</title> automated queries</html>', 'quota_unexplained'],
    [502, '<!DOCTYPE html><title>Error 502 (Server Error)!!1</title>', 'internal'],
    [404, '<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>', 'refused'],
    [503, '', 'overloaded'],
    [400, '{"error":{"code":400,"mess', 'refused'],
    [500, 'null', 'internal'],
    [500, '[]', 'internal'],
    [500, '"error"', 'internal'],
    [500, '{"error":"text"}', 'internal'],
    [500, '{"error":{"details":[null,1,"a",{"violations":[null]}]}}', 'internal'],
    [400, 'Bad Request. Invalid upload.', 'refused'],
  ])('%i with what is no error object is judged by its status: %s', (status, text, kind) => {
    expect(geminiProvider.classify(answer(status, text)).kind).toBe(kind);
  });

  test('with status 200, the code of the body counts', () => {
    expect(classified(200, { error: { code: 503, status: 'UNAVAILABLE' } }).kind).toBe('overloaded');
  });

  test.each<[number, string, string]>([
    [429, 'rate_limit_exceeded', 'quota'],
    [429, 'quota_exceeded', 'quota'],
    [503, 'service_unavailable', 'model'],
    [500, 'api_error', 'model'],
    [400, 'invalid_request', 'request'],
    [404, 'model_not_found', 'request'],
    [401, 'authentication', 'key'],
  ])('%i with the code as a word, %s: %s', (status, code, scope) => {
    expect(classified(status, { error: { code, message: 'x' } })).toMatchObject({ scope });
  });

  test('the word for a quota of the day is one', () => {
    expect(classified(429, { error: { code: 'quota_exceeded', message: 'x' } })).toMatchObject({
      kind: 'quota_day',
      restMs: untilMidnightMs,
    });
  });
});

describe('a delay from outside is clamped to a day', () => {
  const dayMs = 86_400_000;
  test.each<[unknown, number]>([
    ['34.074824224s', 34_074.824224],
    ['37s', 37_000],
    ['0.5s', 1_000],
    ['9223372036854775807s', dayMs],
    ['1e9s', dayMs],
    ['999999999999999999999999s', dayMs],
    [{ seconds: 30 }, 30_000],
    [{ seconds: '40', nanos: 5 }, 40_000],
    [{ seconds: 1e300 }, dayMs],
    [{ seconds: 'soon' }, 5_000],
  ])('%j', (retryDelay, restMs) => {
    const body = { error: { code: 429, message: 'x', details: [{ '@type': `${type}RetryInfo`, retryDelay }] } };
    expect(classified(429, body).restMs).toBeCloseTo(restMs, 3);
  });

  test.each(['NaNs', 'Infinitys', 'soon', '', '-3s', '0s', '5', 's', null, [], {}])('%j is no delay', (retryDelay) => {
    const body = { error: { code: 429, message: 'x', details: [{ '@type': `${type}RetryInfo`, retryDelay }] } };
    expect(classified(429, body)).toMatchObject({ kind: 'quota_unexplained', restMs: 5_000 });
  });

  test.each<[string, number]>([
    ['120', 120_000],
    ['999999999999', dayMs],
    [new Date(nowMs + 90_000).toUTCString(), 90_000],
    [new Date(nowMs + 10 * dayMs).toUTCString(), dayMs],
  ])('the header retry-after: %s', (retryAfter, restMs) => {
    expect(geminiProvider.classify(answer(429, '', { retryAfter })).restMs).toBe(restMs);
  });

  test.each(['soon', '-5', '', new Date(nowMs - 90_000).toUTCString()])(
    'a header that asks for no time: %j',
    (retryAfter) => {
      expect(geminiProvider.classify(answer(429, '', { retryAfter })).kind).toBe('quota_unexplained');
    },
  );

  test('the body is believed before the header', () => {
    const text = JSON.stringify({ error: quota([], '20s') });
    expect(geminiProvider.classify(answer(429, text, { retryAfter: '99' })).restMs).toBe(20_000);
  });

  test('whatever number comes, a rest is none or lies within a day', () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.bigInt().map(String), fc.string()), (amount) => {
        const { restMs, retryAfterMs = 0 } = classified(429, { error: quota([], `${amount}s`) });
        for (const ms of [restMs ?? 0, retryAfterMs]) {
          expect(ms).toBeGreaterThanOrEqual(0);
          expect(ms).toBeLessThanOrEqual(dayMs);
        }
      }),
    );
  });
});

describe("a caller's fault never hurts a key", () => {
  const status = fc.constantFrom(400, 404, 405, 409, 411, 413, 415, 416, 422);
  const keyWords = /API.?key|MULTIPLE|location|credential/i;

  test('whatever the body says that names no key', () => {
    fc.assert(
      fc.property(status, fc.json(), (code, text) => {
        fc.pre(!keyWords.test(text));
        const failed = geminiProvider.classify(answer(code, text));
        expect(failed).toMatchObject({ scope: 'request', again: 'never' });
      }),
    );
  });

  test('whatever message, details and delay it has', () => {
    fc.assert(
      fc.property(status, fc.string({ maxLength: 40 }), fc.string(), (code, message, retryDelay) => {
        fc.pre(!keyWords.test(message));
        const failed = classified(code, {
          error: { code, message, details: [{ retryDelay, reason: 'BAD', violations: [{ quotaId: 'PerDay' }] }] },
        });
        expect(failed.scope).toBe('request');
      }),
    );
  });
});

test('no message repeats what the provider said', () => {
  for (const [, , [status, error]] of cases) {
    const { message } = classified(status, { error: { ...error, message: `${JSON.stringify(error)} canary` } });
    expect(message).not.toContain('canary');
  }
});

test.skipIf(goldenDir === null)('the recorded 429 (skipped: no golden data)', () => {
  const text = readFileSync(join(goldenDir ?? '', 'ai-google/google-429-retry-info.json'), 'utf8');
  expect(geminiProvider.classify(answer(429, text))).toMatchObject({
    kind: 'quota_minute',
    ...forQuota,
    restMs: 34_400,
  });
});

test('one credential goes up, as a header', () => {
  expect(geminiProvider.credential('k')).toEqual(['x-goog-api-key', 'k']);
});

function answer(status: number, text: string, more: Partial<ErrorAnswer> = {}): ErrorAnswer {
  return { status, text, retryAfter: null, namesResource: false, nowMs, ...more };
}

function classified(status: number, body: object): Failure {
  return geminiProvider.classify(answer(status, JSON.stringify(body)));
}

function info(code: number, status: string, reason: string): object {
  return { code, message: 'x', status, details: [{ '@type': `${type}ErrorInfo`, reason, domain: 'googleapis.com' }] };
}

function violation(quotaId: string, model = 'gemini-2.5-flash'): object {
  return {
    quotaMetric: 'generativelanguage.googleapis.com/x',
    quotaId,
    quotaDimensions: { location: 'global', model },
  };
}

function quota(violations: object[], retryDelay?: string, message = 'You exceeded your current quota.'): object {
  const details: object[] = [];
  if (violations.length > 0) details.push({ '@type': `${type}QuotaFailure`, violations });
  details.push({ '@type': `${type}Help`, links: [{ description: 'Learn more', url: 'https://ai.google.dev/' }] });
  if (retryDelay !== undefined) details.push({ '@type': `${type}RetryInfo`, retryDelay });
  return { code: 429, message, status: 'RESOURCE_EXHAUSTED', details };
}
