import { describe, expect, test } from 'vitest';
import { gemini } from '../../src/dialect/gemini/dialect.ts';
import { openaiChat } from '../../src/dialect/openai-chat/dialect.ts';
import { retryAfter } from '../../src/dialect/refusal.ts';
import { refuse } from '../../src/door/refuse.ts';
import { SluiceError } from '../../src/errors.ts';
import { recordingSink } from '../recording-sink.ts';

describe('a refusal is a whole answer', () => {
  test("in Google's shape, with its length and the fields of the gateway", () => {
    const client = recordingSink();
    const error = new SluiceError('quota_exhausted', 'All is gone – später.', { retryAfterMs: 1_200 });
    refuse(client, error, gemini, { 'x-sluice-request-id': 'r1' });
    expect(client.told.filter((one) => !one.startsWith('{'))).toEqual(['open', 'head 429', 'end']);
    expect(client.headers).toEqual({
      'content-type': 'application/json; charset=UTF-8',
      'content-length': String(client.body.length),
      'x-content-type-options': 'nosniff',
      'retry-after': '2',
      'x-sluice-request-id': 'r1',
    });
    expect(JSON.parse(client.body.toString())).toEqual({
      error: {
        code: 429,
        message: 'All is gone – später.',
        status: 'RESOURCE_EXHAUSTED',
        details: [
          { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'QUOTA_EXHAUSTED', domain: 'sluice' },
          { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '2s' },
        ],
      },
    });
  });

  test('without a wait where none is known', () => {
    const client = recordingSink();
    refuse(client, new SluiceError('unauthorized', 'no key'), gemini, {});
    expect(client.status).toBe(401);
    expect(client.headers).not.toHaveProperty('retry-after');
    expect(JSON.parse(client.body.toString()).error.details).toHaveLength(1);
  });

  test('that says which methods are allowed', () => {
    const client = recordingSink();
    refuse(client, new SluiceError('method_not_allowed', 'no', { allow: 'GET, POST' }), gemini, {});
    expect(client.headers).toMatchObject({ allow: 'GET, POST' });
  });

  test("in OpenAI's shape for its clients", () => {
    const client = recordingSink();
    refuse(client, new SluiceError('overloaded', 'full'), openaiChat, {});
    expect(JSON.parse(client.body.toString())).toEqual({
      error: { code: 503, message: 'full', status: 'UNAVAILABLE', type: 'overloaded', param: null },
    });
  });
});

test.each([
  [0, '1'],
  [1, '1'],
  [999, '1'],
  [1_000, '1'],
  [1_001, '2'],
  [59_999.5, '60'],
])('a wait of %d ms is %s whole seconds: rather later than too early', (ms, seconds) => {
  expect(retryAfter(ms)).toBe(seconds);
});
