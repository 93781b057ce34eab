import { startSimulator } from '@sluice/simulator';
import { afterEach, expect, test } from 'vitest';
import { calls } from './calls.ts';

let nowMs = 0;
const simulator = await startSimulator({
  now: () => nowMs,
  projects: [
    { id: 'small', keys: ['small-1', 'small-2'], quota: { requestsPerMinute: 2, requestsPerDay: 3 } },
    { id: 'none', keys: ['none'], quota: { requestsPerDay: 0 } },
    { id: 'free', keys: ['free'] },
  ],
});
afterEach(() => simulator.reset());

interface GoogleError {
  readonly message: string;
  readonly details: readonly [
    { readonly violations: readonly Readonly<Record<string, unknown>>[] },
    unknown,
    { readonly retryDelay: string },
  ];
}

async function ask(key: string, model = 'gemini-2.5-flash', verb = 'generateContent'): Promise<[number, GoogleError]> {
  const target = `${simulator.url}/v1beta/models/${model}:${verb}`;
  const answer = await fetch(target, {
    method: 'POST',
    headers: { 'x-goog-api-key': key },
    body: calls.whole.body ?? '',
  });
  const body = (await answer.json()) as { readonly error: GoogleError };
  return [answer.status, body.error];
}

const statusOf = async (key: string, model?: string, verb?: string) => (await ask(key, model, verb))[0];

test('the minute runs out for all keys of a project, says when it returns, and returns', async () => {
  nowMs = Date.parse('2026-11-20T18:00:42.500Z');
  expect([await statusOf('small-1'), await statusOf('small-2')]).toEqual([200, 200]);
  const [status, error] = await ask('small-1');
  expect(status).toBe(429);
  expect(error.message).toMatch(/limit: 2, model: gemini-2.5-flash\nPlease retry in 17\.5s\.$/);
  expect(error.details[0].violations).toEqual([
    {
      quotaMetric: 'generativelanguage.googleapis.com/generate_content_free_tier_requests',
      quotaId: 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier',
      quotaDimensions: { location: 'global', model: 'gemini-2.5-flash' },
      quotaValue: '2',
    },
  ]);
  expect(error.details[2].retryDelay).toBe('18s');
  nowMs += 17_500;
  expect(await statusOf('small-1')).toBe(200);
});

test('each model has its own quota, and counting tokens costs none', async () => {
  nowMs = Date.parse('2026-11-20T18:00:00Z');
  expect(await statusOf('small-1', 'gemini-2.5-flash', 'countTokens')).toBe(200);
  expect([await statusOf('small-1'), await statusOf('small-1'), await statusOf('small-1')]).toEqual([200, 200, 429]);
  expect(await statusOf('small-1', 'gemini-2.5-pro')).toBe(200);
  expect(await statusOf('free')).toBe(200);
});

test.each([
  ['summer', '2026-07-01T06:58:00Z', '2026-07-01T06:59:59Z', '2026-07-01T07:00:00Z'],
  ['winter', '2026-12-01T07:58:00Z', '2026-12-01T07:59:59Z', '2026-12-01T08:00:00Z'],
  ['the night the clocks go back', '2026-11-01T06:58:00Z', '2026-11-02T07:59:59Z', '2026-11-02T08:00:00Z'],
])('the day ends at midnight in Los Angeles: %s', async (name, start, before, midnight) => {
  nowMs = Date.parse(start);
  const used = name.startsWith('the night') ? Date.parse('2026-11-01T07:30:00Z') : nowMs;
  nowMs = used;
  expect([await statusOf('small-1'), await statusOf('small-1')]).toEqual([200, 200]);
  nowMs += 60_000;
  expect(await statusOf('small-1')).toBe(200);
  nowMs = Date.parse(before);
  const [status, error] = await ask('small-1');
  expect(status).toBe(429);
  expect(error.details[0].violations[0]?.quotaId).toBe('GenerateRequestsPerDayPerProjectPerModel-FreeTier');
  nowMs = Date.parse(midnight);
  expect(await statusOf('small-1')).toBe(200);
});

test('an exhausted day asks to retry within the minute, as the real one does', async () => {
  nowMs = Date.parse('2026-11-20T18:00:00Z');
  for (const wait of [0, 60_000, 60_000]) {
    nowMs += wait;
    expect(await statusOf('small-1')).toBe(200);
  }
  const [, error] = await ask('small-1');
  expect(Number.parseInt(error.details[2].retryDelay, 10)).toBeLessThanOrEqual(60);
});

test('a quota of 0 says limit: 0, and reset gives everything back', async () => {
  nowMs = Date.parse('2026-11-20T18:00:00Z');
  const [status, error] = await ask('none');
  expect(status).toBe(429);
  expect(error.message).toContain('limit: 0, model: gemini-2.5-flash');
  expect([await statusOf('small-1'), await statusOf('small-1'), await statusOf('small-1')]).toEqual([200, 200, 429]);
  simulator.reset();
  expect(await statusOf('small-1')).toBe(200);
});
