/** How long a provider asks to wait, from the wildest answers to the timers that are set for it. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMs } from '../../src/attempt/backoff.ts';
import { geminiProvider } from '../../src/provider/gemini/provider.ts';
import { Stage } from './in-memory.ts';

const dayMs = 86_400_000;
const nowMs = Date.UTC(2026, 10, 21, 12);

interface Said {
  readonly retryAfter?: string;
  /** As RetryInfo has it. */
  readonly retryDelay?: unknown;
}

const wild: [what: string, said: Said][] = [
  ['the largest int64 as RetryInfo’s seconds', { retryDelay: { seconds: '9223372036854775807' } }],
  ['the same as a number', { retryDelay: { seconds: 2 ** 63 } }],
  ['the same as a text', { retryDelay: '9223372036854775807s' }],
  ['-1 s', { retryDelay: '-1s' }],
  ['-1 as seconds', { retryDelay: { seconds: -1 } }],
  ['NaN', { retryDelay: 'NaNs' }],
  ['NaN as seconds', { retryDelay: { seconds: 'NaN' } }],
  ['1e9 s', { retryDelay: '1e9s' }],
  ['more than a number holds', { retryDelay: '1e999s' }],
  ['0 s', { retryDelay: '0s' }],
  ['the largest int64 as Retry-After', { retryAfter: '9223372036854775807' }],
  ['a million digits as Retry-After', { retryAfter: '9'.repeat(1_000) }],
  ['-1 as Retry-After', { retryAfter: '-1' }],
  ['NaN as Retry-After', { retryAfter: 'NaN' }],
  ['1e9 as Retry-After', { retryAfter: '1e9' }],
  ['1000000000 as Retry-After', { retryAfter: '1000000000' }],
  ['a date in the past', { retryAfter: 'Wed, 21 Oct 2015 07:28:00 GMT' }],
  ['a date in the far future', { retryAfter: 'Wed, 21 Oct 9015 07:28:00 GMT' }],
  ['no date at all', { retryAfter: 'tomorrow, perhaps' }],
];

describe.each([429, 503])('a refusal with %i', (status) => {
  test.each(wild)('that asks for %s sets no wild timer', (_, said) => {
    expectTame(status, said);
  });

  test('that asks for anything sets none', () => {
    const said = fc.record(
      {
        retryAfter: fc.oneof(fc.string(), fc.double().map(String), fc.bigInt().map(String)),
        retryDelay: fc.oneof(
          fc.string(),
          fc.double().map((seconds) => `${seconds}s`),
          fc.bigInt().map((seconds) => `${seconds}ms`),
          fc.record({ seconds: fc.anything(), nanos: fc.anything() }),
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(fc.property(said, (one) => expectTame(status, one)));
  });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 2 ** 63])(
  'a wish of %d ms never becomes a pause of its own kind',
  (hintMs) => {
    const afterMs = backoffMs(1, 50, 20_000, hintMs, 0.5);
    if (afterMs !== null) {
      expect(afterMs).toBeGreaterThanOrEqual(0);
      expect(afterMs).toBeLessThanOrEqual(20_000);
    }
  },
);

test.each(wild)('a model that is refused over and over with %s is not asked in a hot loop', async (_, said) => {
  const stage = new Stage({}, (call) => {
    call.begin(429, said.retryAfter === undefined ? {} : { 'retry-after': said.retryAfter });
    call.say(bodyOf(429, said));
    call.end();
  });
  const seconds = 20;
  for (let turn = 0; turn < seconds * 10; turn++) {
    stage.ask();
    await stage.clock.advance(100);
  }
  expect(stage.calls.length).toBeLessThanOrEqual(seconds + 1);
  await stage.clock.advance(10_000);
  stage.expectNothingLeft();
});

function expectTame(status: number, { retryAfter, retryDelay }: Said): void {
  const failure = geminiProvider.classify({
    status,
    text: bodyOf(status, { ...(retryDelay === undefined ? {} : { retryDelay }) }),
    retryAfter: retryAfter ?? null,
    namesResource: false,
    nowMs,
  });
  for (const ms of [failure.restMs ?? 0, failure.retryAfterMs ?? 0]) {
    expect(ms).toBeGreaterThanOrEqual(0);
    expect(ms).toBeLessThanOrEqual(dayMs);
  }
  const pauseMs = backoffMs(0, 50, 20_000, failure.retryAfterMs ?? 0, 1);
  if (pauseMs !== null) {
    expect(pauseMs).toBeGreaterThanOrEqual(0);
    expect(pauseMs).toBeLessThanOrEqual(33_000);
  }
}

function bodyOf(status: number, { retryDelay }: Said): string {
  const type = 'type.googleapis.com/google.rpc.RetryInfo';
  const details = retryDelay === undefined ? [] : [{ '@type': type, retryDelay }];
  const word = status === 429 ? 'RESOURCE_EXHAUSTED' : 'UNAVAILABLE';
  return JSON.stringify({ error: { code: status, message: 'Slow down.', status: word, details } });
}
