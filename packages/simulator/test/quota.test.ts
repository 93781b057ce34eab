import { startSimulator } from '@sluice/simulator';
import { afterAll, afterEach, expect, test } from 'vitest';
import { calls } from './calls.ts';

let nowMs = 0;
const simulator = await startSimulator({
  now: () => nowMs,
  projects: [
    { id: 'small', keys: ['small-1', 'small-2'], quota: { requestsPerMinute: 2, requestsPerDay: 3 } },
    { id: 'none', keys: ['none'], quota: { requestsPerDay: 0 } },
    { id: 'free', keys: ['free'] },
    {
      id: 'tokens',
      keys: ['tokens-1', 'tokens-2'],
      quota: { tokensPerMinute: 20, models: { 'gemini-2.5-pro': { requestsPerMinute: 0, tokensPerMinute: 0 } } },
    },
    { id: 'full', keys: ['full'], quota: { requestsPerDay: 1, requestsPerMinute: 1, tokensPerMinute: 6 } },
    { id: 'ten', keys: ['ten-1', 'ten-2', 'ten-3'], quota: { requestsPerMinute: 10, requestsPerDay: 15 } },
  ],
});
afterEach(() => simulator.reset());
afterAll(() => simulator.close());

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

const flash = 'gemini-2.5-flash';
const metric = 'generativelanguage.googleapis.com/generate_content_free_tier';
const dimensions = (model: string) => ({ location: 'global', model });

test('tokens of prompts are counted by the minute, and a prompt that does not fit leaves the rest for others', async () => {
  nowMs = Date.parse('2026-11-20T18:00:00Z');
  // The question has six tokens.
  for (const key of ['tokens-1', 'tokens-2', 'tokens-1']) expect(await statusOf(key)).toBe(200);
  const [status, error] = await ask('tokens-2');
  expect(status).toBe(429);
  expect(error.message).toContain(
    `* Quota exceeded for metric: ${metric}_input_token_count, limit: 20, model: ${flash}\n`,
  );
  expect(error.details[0].violations).toEqual([
    {
      quotaMetric: `${metric}_input_token_count`,
      quotaId: 'GenerateContentInputTokensPerModelPerMinute-FreeTier',
      quotaDimensions: dimensions(flash),
      quotaValue: '20',
    },
  ]);
  const used = () => simulator.project('tokens').used(flash);
  expect(used()).toMatchObject({ tokensThisMinute: 18, tokens: 18, requests: 3, refused: 1 });
  nowMs += 60_000;
  expect(await statusOf('tokens-2')).toBe(200);
  expect(used()).toMatchObject({ tokensThisMinute: 6, requestsThisMinute: 1, requestsToday: 4, tokens: 24 });
});

test('a model can have limits of its own, and a limit of 0 has no value', async () => {
  const [status, error] = await ask('tokens-1', 'gemini-2.5-pro');
  expect(status).toBe(429);
  expect(error.message.match(/limit: 0, model: gemini-2\.5-pro/g)).toHaveLength(2);
  expect(error.details[0].violations).toEqual([
    {
      quotaMetric: `${metric}_requests`,
      quotaId: 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier',
      quotaDimensions: dimensions('gemini-2.5-pro'),
    },
    {
      quotaMetric: `${metric}_input_token_count`,
      quotaId: 'GenerateContentInputTokensPerModelPerMinute-FreeTier',
      quotaDimensions: dimensions('gemini-2.5-pro'),
    },
  ]);
});

test('all limits that are full are named, the day first', async () => {
  expect([await statusOf('full'), await statusOf('full', 'gemini-2.5-pro')]).toEqual([200, 200]);
  const [, error] = await ask('full');
  expect(error.details[0].violations.map(({ quotaId }) => quotaId)).toEqual([
    'GenerateRequestsPerDayPerProjectPerModel-FreeTier',
    'GenerateRequestsPerMinutePerProjectPerModel-FreeTier',
    'GenerateContentInputTokensPerModelPerMinute-FreeTier',
  ]);
});

test('among many calls at once exactly as many pass as the quota has, and the others are counted', async () => {
  nowMs = Date.parse('2026-11-20T18:00:00Z');
  const burst = () => Promise.all(Array.from({ length: 25 }, (_, at) => statusOf(`ten-${(at % 3) + 1}`)));
  const passed = (statuses: readonly number[]) => statuses.filter((status) => status === 200).length;
  const used = () => simulator.project('ten').used(flash);
  expect(passed(await burst())).toBe(10);
  expect(used()).toEqual({
    requestsThisMinute: 10,
    tokensThisMinute: 60,
    requestsToday: 10,
    requests: 10,
    tokens: 60,
    refused: 15,
  });
  nowMs += 60_000;
  expect(passed(await burst())).toBe(5);
  expect(used()).toMatchObject({ requestsThisMinute: 5, requestsToday: 15, requests: 15, refused: 35 });
  nowMs += 24 * 3_600_000;
  expect(used()).toMatchObject({ requestsThisMinute: 0, requestsToday: 0, requests: 15, refused: 35 });
  expect(passed(await burst())).toBe(10);
});

test('what is asked in the OpenAI dialect, streamed or embedded counts as well', async () => {
  const headers = { authorization: 'Bearer free' };
  const chat = { method: 'POST', headers, body: calls.chat.body ?? '' };
  await fetch(`${simulator.url}/v1beta/openai/chat/completions`, chat);
  await fetch(`${simulator.url}/v1beta/models/${flash}:streamGenerateContent?alt=sse`, {
    method: 'POST',
    headers: { 'x-goog-api-key': 'free' },
    body: calls.sse.body ?? '',
  });
  expect(simulator.project('free').used(flash)).toMatchObject({ requests: 2, tokens: 12 });
  const embedding = 'gemini-embedding-001';
  const embed = { model: embedding, input: ['one two', 'three'] };
  const sent = { method: 'POST', headers, body: JSON.stringify(embed) };
  await fetch(`${simulator.url}/v1beta/openai/embeddings`, sent);
  const requests = ['one two', 'three'].map((text) => ({ content: { parts: [{ text }] } }));
  await fetch(`${simulator.url}/v1beta/models/${embedding}:batchEmbedContents`, {
    method: 'POST',
    headers: { 'x-goog-api-key': 'free' },
    body: JSON.stringify({ requests }),
  });
  expect(simulator.project('free').used(embedding)).toMatchObject({ requests: 2, tokens: 6 });
});

test('what a plan refuses uses up nothing', async () => {
  simulator.plan('ten-1', ['429', '503', 'ok']);
  expect([await statusOf('ten-1'), await statusOf('ten-1'), await statusOf('ten-1')]).toEqual([429, 503, 200]);
  expect(simulator.project('ten').used(flash)).toMatchObject({ requests: 1, refused: 0 });
});

test('a project that does not exist is an error that names those that do', () => {
  expect(() => simulator.project('nobody')).toThrow(
    'There is no project "nobody". The projects of this simulator are: small, none, free, tokens, full, ten.',
  );
});
