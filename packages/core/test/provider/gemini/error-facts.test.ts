import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ErrorFacts, readFacts } from '../../../src/provider/gemini/error-facts.ts';
import type { ErrorAnswer } from '../../../src/provider/provider.ts';
import { answerOf, dayMs, denied, exhausted, googleError, info, noonMs, quota, retry, violation } from './refusal.ts';
import { refusals } from './refusals.ts';

const invalid = googleError(400, 'INVALID_ARGUMENT', 'API key not valid.', info('API_KEY_INVALID')) as {
  error: object;
};
const asText = JSON.stringify(invalid);

describe('an error is found in whatever it is wrapped in', () => {
  test.each<[string, unknown]>([
    ['plain', invalid],
    ['in a list of one, as on the OpenAI path', [invalid]],
    ['at the end of a list that was an answer', [{ candidates: [] }, invalid]],
    ['in an error', { error: invalid }],
    ['in the message of an error, as SDKs do', { error: { message: asText, code: 400, status: 'Bad Request' } }],
    ['in a list in a message', { error: { message: ` [${asText}]`, code: 400 } }],
    ['in a message in a message', { error: { message: JSON.stringify({ error: { message: asText } }), code: 400 } }],
    ['without its wrapping', invalid.error],
    ['with the code null', { error: { ...invalid.error, code: null } }],
    ['with the code as digits', { error: { ...invalid.error, code: '400' } }],
    ['with a code of another kind', { error: { ...invalid.error, code: 3 } }],
    ['as an event', { event_type: 'error', ...invalid }],
  ])('%s', (_, body) => {
    expect(facts(400, JSON.stringify(body, null, 2))).toMatchObject({
      form: 'error',
      code: 400,
      word: 'INVALID_ARGUMENT',
      message: 'API key not valid.',
      reasons: ['API_KEY_INVALID'],
    });
  });

  test('in the framing of events', () => {
    const text = `event: error\ndata: {"event_type":"error","error":{"code":"not_found","message":"x"}}\n\n`;
    expect(facts(200, text)).toMatchObject({ form: 'error', code: 404, word: 'NOT_FOUND', message: 'x' });
  });

  test('the wrapping fills in what the inside leaves out', () => {
    const body = {
      error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: '{"error":{"message":"inside","code":null}}' },
    };
    expect(facts(200, JSON.stringify(body))).toMatchObject({
      code: 429,
      word: 'RESOURCE_EXHAUSTED',
      message: 'inside',
    });
  });

  test('deeper than anybody wraps, the outermost message stands', () => {
    let text = asText;
    for (let depth = 0; depth < 9; depth++) text = JSON.stringify({ error: { message: text } });
    expect(facts(400, text)).toMatchObject({ form: 'error', reasons: [] });
  });
});

describe('a code is a number, a word or nothing', () => {
  test.each<[what: string, status: number, error: object, code: number, word: string]>([
    ['a number beats a word', 200, { code: 503, status: 'NOT_FOUND' }, 503, 'NOT_FOUND'],
    ['a word alone', 200, { code: null, status: 'UNAVAILABLE' }, 503, 'UNAVAILABLE'],
    ['a word as the code', 200, { code: 'quota_exceeded' }, 429, 'QUOTA_EXCEEDED'],
    ['out of range in one API', 200, { status: 'OUT_OF_RANGE' }, 400, 'OUT_OF_RANGE'],
    ['out of range in the other', 200, { code: 'out_of_range' }, 416, 'OUT_OF_RANGE'],
    ['a word that nobody knows', 418, { code: 'teapot', status: 'Too Many Requests' }, 418, ''],
    ['a status as a number, as SDKs write it', 429, { code: 429, status: 429 }, 429, ''],
    ['nothing', 500, {}, 500, ''],
  ])('%s', (_, status, error, code, word) => {
    expect(facts(status, JSON.stringify({ error }))).toMatchObject({ form: 'error', code, word });
  });
});

describe('what is no error object says what it can', () => {
  test.each<[status: number, text: string, form: string, message: string]>([
    [429, '<html><title>Sorry…</title></html>', 'page', ''],
    [502, '\n<!DOCTYPE html><title>Error 502</title>', 'page', ''],
    [400, 'Upload has already been terminated.\n', 'text', 'Upload has already been terminated.'],
    [503, '', 'text', ''],
    [400, '{"error":{"code":400,"mess', 'text', '{"error":{"code":400,"mess'],
    [500, 'null', 'text', 'null'],
    [500, '[]', 'text', '[]'],
    [500, '"error"', 'text', '"error"'],
    [500, '{"error":"text"}', 'error', 'text'],
    [500, '{"error":{"details":[null,1,"a",{"violations":[null]}]}}', 'error', ''],
  ])('%i %s', (status, text, form, message) => {
    expect(facts(status, text)).toMatchObject({ code: status, word: '', form, message, reasons: [], quotas: [] });
  });
});

test('errors of the older form have reasons and a message too', () => {
  const errors = [{ message: 'Bad Request', domain: 'usageLimits', reason: 'keyInvalid' }];
  expect(facts(400, JSON.stringify({ error: { code: 400, errors } }))).toMatchObject({
    message: 'Bad Request',
    reasons: ['API_KEY_INVALID'],
  });
  const forbidden = [{ message: 'The caller does not have permission', domain: 'global', reason: 'forbidden' }];
  expect(facts(403, JSON.stringify({ error: { code: 403, errors: forbidden } })).reasons).toEqual([]);
});

test('a reason counts only where it is one', () => {
  const details = [
    { '@type': 'type.googleapis.com/google.rpc.BadRequest', reason: 'API_KEY_INVALID' },
    { '@type': 'type.googleapis.com/google.rpc.PreconditionFailure', violations: [{ quotaId: 7 }] },
  ];
  expect(facts(400, JSON.stringify({ error: { code: 400, details } }))).toMatchObject({ reasons: [], quotas: [] });
});

describe('the project that a key belongs to', () => {
  test.each<[string, number, object, string | null]>([
    [
      'in the details',
      403,
      denied('x', info('CONSUMER_SUSPENDED', { consumer: 'projects/12345678' })),
      'projects/12345678',
    ],
    [
      'in a message about a quota',
      429,
      exhausted("Quota exceeded for x for consumer 'project_number:12345678'."),
      'projects/12345678',
    ],
    ['in another one', 429, exhausted("Quota exceeded for x for consumer 'projects/12345678'."), 'projects/12345678'],
    [
      'in a message about the API',
      403,
      denied('Generative Language API has not been used in project 12345678 before.'),
      'projects/12345678',
    ],
    [
      'in a message about a suspension',
      403,
      denied("Permission denied: Consumer 'projects/12345678' has been suspended."),
      'projects/12345678',
    ],
    [
      'a caller may not say it, whatever resource it asks for',
      403,
      denied("Permission denied on resource Consumer 'projects/666' (or it may not exist)."),
      null,
    ],
    ['a name is no number', 403, denied('x', info('CONSUMER_INVALID', { consumer: 'projects/default' })), null],
    ['a key is no number', 403, denied("Permission denied: Consumer 'api_key:12345678' has been suspended."), null],
    [
      'a caller may not say it',
      403,
      denied("You do not have permission to access the File consumer 'projects/666' or it may not exist."),
      null,
    ],
    ['nor here', 400, googleError(400, 'INVALID_ARGUMENT', "Quota exceeded for x for consumer 'projects/666'."), null],
  ])('%s', (_, status, body, consumer) => {
    expect(facts(status, JSON.stringify(body)).consumer).toBe(consumer);
  });
});

describe('a delay from outside is clamped to a day', () => {
  const delayOf = (error: object, more: Partial<ErrorAnswer> = {}) => facts(429, JSON.stringify(error), more).retryMs;

  test.each<[unknown, number]>([
    ['34.074824224s', 34_074.824224],
    ['37s', 37_000],
    ['900ms', 900],
    ['0.5s', 500],
    ['0s', 0],
    ['-3s', 0],
    ['9223372036854775807s', dayMs],
    ['1e9s', dayMs],
    ['999999999999999999999999s', dayMs],
    [{ seconds: 30 }, 30_000],
    [{ seconds: '40', nanos: 5 }, 40_000],
    [{ seconds: 1e300 }, dayMs],
  ])('%j', (retryDelay, ms) => {
    expect(delayOf(exhausted('x', retry(retryDelay)))).toBeCloseTo(ms, 3);
  });

  test.each(['NaNs', 'Infinitys', 'soon', '', '5', 's', '1.2.3s', null, [], {}, { seconds: 'soon' }])(
    '%j is no delay',
    (retryDelay) => {
      expect(delayOf(exhausted('x', retry(retryDelay)))).toBeNull();
    },
  );

  test.each<[string, number | null]>([
    ['Please retry in 44.097740004s.', 44_097.740_004],
    ['Please retry in 900.2ms.', 900.2],
    ['Please retry in 1h2m3.5s.', 3_723_500],
    ['Please retry in 999999h.', dayMs],
    ['Please retry in a while.', null],
  ])('in words: %s', (message, ms) => {
    const found = delayOf(exhausted(message));
    if (ms === null) expect(found).toBeNull();
    else expect(found).toBeCloseTo(ms, 3);
  });

  test('words are believed only where the provider speaks for itself', () => {
    expect(facts(400, JSON.stringify(googleError(400, 'INVALID_ARGUMENT', 'Please retry in 9s.'))).retryMs).toBeNull();
  });

  test.each<[string, number]>([
    ['120', 120_000],
    ['999999999999', dayMs],
    [new Date(noonMs + 90_000).toUTCString(), 90_000],
    [new Date(noonMs + 10 * dayMs).toUTCString(), dayMs],
    [new Date(noonMs - 90_000).toUTCString(), 0],
  ])('the header retry-after: %s', (retryAfter, ms) => {
    expect(facts(429, '', { retryAfter }).retryMs).toBe(ms);
  });

  test.each(['soon', ''])('a header that asks for no time: %j', (retryAfter) => {
    expect(facts(429, '', { retryAfter }).retryMs).toBeNull();
  });

  test('details are believed before words, and words before the header', () => {
    const retryAfter = '99';
    expect(delayOf(exhausted('Please retry in 30s.', retry('20s')), { retryAfter })).toBe(20_000);
    expect(delayOf(exhausted('Please retry in 30s.'), { retryAfter })).toBe(30_000);
  });
});

test('quotas are told with their models, in all the places where they stand', () => {
  const body = exhausted(
    "Quota exceeded for quota metric 'Generate Content' and limit 'Requests per day' of service 'x'.",
    quota(violation('PerDayOne', 'models/a'), { quotaId: 'PerDayTwo' }, { subject: 'none' }),
    info('RATE_LIMIT_EXCEEDED', { quota_limit: 'PerMinute' }),
  );
  expect(facts(429, JSON.stringify(body)).quotas).toEqual([
    { id: 'PerDayOne', model: 'a' },
    { id: 'PerDayTwo', model: null },
    { id: 'PerMinute', model: null },
    { id: 'Requests per day', model: null },
  ]);
});

describe('nothing that comes can break the reading', () => {
  test('any JSON, under any status', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fc.json(), (status, text) => {
        expectSane(facts(status, text));
        expectSane(facts(status, `{"error":${text}}`));
      }),
    );
  });

  test('real errors, cut anywhere', () => {
    fc.assert(
      fc.property(fc.constantFrom(...refusals), fc.double({ min: 0, max: 1, noNaN: true }), (refusal, share) => {
        const { status, text } = answerOf(refusal);
        expectSane(facts(status, text.slice(0, Math.floor(text.length * share))));
      }),
    );
  });

  test('a long message costs no more than it is worth', () => {
    const startedMs = performance.now();
    facts(429, JSON.stringify(exhausted('quota '.repeat(10_000))));
    facts(429, '['.repeat(60_000));
    facts(429, 'data: {\n'.repeat(8_000));
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });
});

function expectSane({ code, retryMs, consumer }: ErrorFacts): void {
  expect(Number.isInteger(code)).toBe(true);
  if (retryMs !== null) {
    expect(retryMs).toBeGreaterThanOrEqual(0);
    expect(retryMs).toBeLessThanOrEqual(dayMs);
  }
  if (consumer !== null) expect(consumer).toMatch(/^projects\/\d+$/);
}

function facts(status: number, text: string, more: Partial<ErrorAnswer> = {}): ErrorFacts {
  return readFacts({ status, text, retryAfter: null, namesResource: false, nowMs: noonMs, ...more });
}
