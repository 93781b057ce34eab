import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { goldenDir, goldenExchanges } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import type { Failure } from '../../../src/failure.ts';
import { rows } from '../../../src/provider/gemini/classify.ts';
import { geminiProvider } from '../../../src/provider/gemini/provider.ts';
import { msUntilPacificMidnight } from '../../../src/quota/pacific-day.ts';
import {
  answerOf,
  dayMs,
  debugInfo,
  denied,
  exhausted,
  googleError,
  info,
  noonMs,
  quota,
  type Refusal,
  retry,
  violation,
} from './refusal.ts';
import { refusals } from './refusals.ts';

test.each(refusals)('$kind: $what', (refusal) => {
  expect(classified(refusal)).toMatchObject({ kind: refusal.kind, consumer: null, ...refusal.means });
});

test('every row of the table has an answer here, and stands once', () => {
  expect([...new Set(refusals.map(({ kind }) => kind))].sort()).toEqual(rows.map(({ kind }) => kind).sort());
});

describe('the order of the rows matters', () => {
  const dayId = violation('GenerateRequestsPerDayPerProjectPerModel-FreeTier');
  const minuteId = violation('GenerateRequestsPerMinutePerProjectPerModel-FreeTier');

  test.each<[kind: string, what: string, Pick<Refusal, 'status' | 'body' | 'more'>]>([
    [
      'model_not_in_tier',
      'limit 0 beside ids of the day and a short delay',
      { status: 429, body: exhausted('Quota exceeded for metric: x, limit: 0', quota(dayId), retry('9s')) },
    ],
    ['quota_day', 'a day beside a minute', { status: 429, body: exhausted('x', quota(minuteId, dayId), retry('9s')) }],
    [
      'project_unpaid',
      'no credits beside ids of the minute',
      { status: 429, body: exhausted('Your prepayment credits are depleted.', quota(minuteId)) },
    ],
    [
      'capacity',
      'no capacity beside a delay',
      { status: 429, body: exhausted('x', info('MODEL_CAPACITY_EXHAUSTED'), retry('9s')) },
    ],
    [
      'key_leaked',
      'a leaked key on the path of a resource',
      { status: 403, body: denied('Your API key was reported as leaked.'), more: { namesResource: true } },
    ],
    [
      'project_suspended',
      'a suspended project on the path of a resource',
      { status: 403, body: denied('x', info('CONSUMER_SUSPENDED')), more: { namesResource: true } },
    ],
    [
      'quota_long',
      'an id of the minute with a delay that is too long for one',
      { status: 429, body: exhausted('x', quota(minuteId), retry('3600s')) },
    ],
    [
      'address_blocked',
      'a page, whatever delay its header asks for',
      { status: 429, body: '<html>Sorry…</html>', more: { retryAfter: '30' } },
    ],
  ])('%s: %s', (kind, _, refusal) => {
    expect(classified(refusal).kind).toBe(kind);
  });

  test.each(['limit: 0.5', 'limit: 05', 'limit: 10', 'limit: 20'])('%s is not limit 0', (limit) => {
    const body = exhausted(`Quota exceeded for metric: x, ${limit}`, retry('5s'));
    expect(classified({ status: 429, body }).kind).toBe('quota_minute');
  });
});

describe('a quota is counted against the model that it names', () => {
  const perDay = 'GenerateRequestsPerDayPerProjectPerModel-FreeTier';
  const perMinute = 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier';

  test('even where another model was asked for', () => {
    const body = exhausted('x', quota(violation(perDay, 'models/gemini-2.5-flash')));
    expect(classified({ status: 429, body })).toMatchObject({ kind: 'quota_day', quotaModel: 'gemini-2.5-flash' });
  });

  test('the id that decides says which, not the first one of the list', () => {
    const body = exhausted('x', quota(violation(perMinute, 'small'), violation(perDay, 'large')));
    expect(classified({ status: 429, body })).toMatchObject({ kind: 'quota_day', quotaModel: 'large' });
  });

  test('an id without a model counts against the one that was asked for', () => {
    const body = exhausted('x', quota({ quotaId: 'RequestsPerMinute-limit' }));
    expect(classified({ status: 429, body })).toMatchObject({ kind: 'quota_minute', quotaModel: null });
  });
});

describe('the rest of a day', () => {
  const body = exhausted('x', quota(violation('GenerateRequestsPerDayPerProjectPerModel-FreeTier')), retry('9s'));
  const midnightMs = noonMs + msUntilPacificMidnight(noonMs);
  const restAt = (nowMs: number): number | null => classified({ status: 429, body, more: { nowMs } }).restMs;

  test('ends at midnight in Los Angeles', () => {
    expect(restAt(noonMs)).toBe(12 * 3_600_000);
    expect(restAt(midnightMs - 1_000)).toBe(1_000);
    expect(restAt(midnightMs + 3_600_000)).toBe(23 * 3_600_000);
  });

  test('is five minutes while the day may not have begun at the other end', () => {
    expect(restAt(midnightMs)).toBe(300_000);
    expect(restAt(midnightMs + 60_000)).toBe(300_000);
    expect(restAt(midnightMs + 300_001)).toBe(dayMs - 300_001);
  });
});

describe('what has begun with success proves nothing', () => {
  test.each([
    ['service_unavailable', 'overloaded'],
    ['rate_limit_exceeded', 'quota_minute'],
  ])('an error event %s', (code, kind) => {
    const body = { event_type: 'error', error: { code, message: 'x' } };
    expect(classified({ status: 200, body })).toMatchObject({ kind, isProofOfNothing: false });
    expect(classified({ status: 503, body })).toMatchObject({ kind, isProofOfNothing: true });
  });
});

test('a failure never repeats what the provider said', () => {
  for (const { status, body, more } of refusals) {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const canary = text.replaceAll(/"(message|detail|reason|description)":"([^"]*)"/g, '"$1":"$2 canary"');
    const strange = { error: { code: status, message: 'canary', status: 'CANARY' } };
    expect(classified({ status, body: canary, ...(more && { more }) }).message).not.toMatch(/canary/i);
    expect(classified({ status, body: strange }).message).not.toMatch(/canary/i);
  }
});

test('the key that a suspended project repeats is not taken for its number', () => {
  const body = denied("Permission denied: Consumer 'api_key:canary' has been suspended.", debugInfo('api_key:canary'));
  expect(JSON.stringify(classified({ status: 403, body }))).not.toContain('canary');
});

describe.skipIf(goldenDir === null)('recorded refusals (skipped: no golden data)', () => {
  const expected: Record<string, Partial<Failure>> = {
    'google-429-retry-info.json': { kind: 'quota_minute', scope: 'quota', restMs: 34_400, again: 'other-project' },
    'Chats_Tests_sendMessage_Send_message_stream_with_error.json 1': { kind: 'refused', scope: 'request' },
  };

  test('each means what it should, and there is no other', () => {
    const met = [...goldenExchanges()].filter(({ status }) => status >= 400);
    expect(met.map(({ name }) => name).sort()).toEqual(Object.keys(expected).sort());
    for (const { name, status, body } of met) {
      expect(classified({ status, body: Buffer.from(body).toString() })).toMatchObject(expected[name] ?? {});
    }
  });

  test('a refusal means the same inside an answer of status 200', () => {
    const text = readFileSync(join(goldenDir ?? '', 'ai-google/google-429-retry-info.json'), 'utf8');
    expect(classified({ status: 200, body: text }).kind).toBe('quota_minute');
  });
});

test('one credential goes up, as a header', () => {
  expect(geminiProvider.credential('k')).toEqual(['x-goog-api-key', 'k']);
});

test('an error of a kind that nobody knows yet is the request’s own', () => {
  expect(classified({ status: 418, body: googleError(418, 'TEAPOT', 'x') })).toMatchObject({
    kind: 'refused',
    scope: 'request',
    again: 'never',
  });
});

function classified(refusal: Pick<Refusal, 'status' | 'body' | 'more'>): Failure {
  return geminiProvider.classify(answerOf(refusal));
}
