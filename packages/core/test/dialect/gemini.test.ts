import { describe, expect, test } from 'vitest';
import { gemini, googleErrorBody } from '../../src/dialect/gemini/dialect.ts';
import { SluiceError } from '../../src/errors.ts';

const error = new SluiceError('upstream_truncated', 'It stopped.');

test('an error is written as Google writes it: pretty, with a line end', () => {
  const body = googleErrorBody(error);
  expect(
    body.startsWith('{\n  "error": {\n    "code": 502,\n    "message": "It stopped.",\n    "status": "UNAVAILABLE",\n'),
  ).toBe(true);
  expect(body.endsWith('}\n')).toBe(true);
  expect(gemini.errorBody(error)).toBe(body);
});

describe('the last words of a stream', () => {
  test.each(['sse', 'other'] as const)('are a bare error object in the form %s', (form) => {
    for (const isBetweenEvents of [true, false])
      expect(gemini.lastWords(error, { form, isBetweenEvents })).toBe(googleErrorBody(error));
  });

  test('are one more entry of an array, which stays one', () => {
    const words = gemini.lastWords(error, { form: 'array', isBetweenEvents: true });
    expect(JSON.parse(`[{}${words}`)).toEqual([{}, JSON.parse(googleErrorBody(error))]);
  });

  test('are a bare error object where an entry of the array is cut', () => {
    expect(gemini.lastWords(error, { form: 'array', isBetweenEvents: false })).toBe(googleErrorBody(error));
  });

  test("are the provider's own where it has said something", () => {
    const own = '{"error":{"code":503}}';
    expect(gemini.passOn(own, { form: 'sse', isBetweenEvents: true })).toBe(own);
    expect(JSON.parse(`[{},${gemini.passOn(own, { form: 'array', isBetweenEvents: true })}`)).toEqual([
      {},
      JSON.parse(own),
    ]);
  });
});

describe('usage', () => {
  test('is counted by kind', () => {
    const counts = {
      promptTokenCount: 1,
      candidatesTokenCount: 2,
      thoughtsTokenCount: 3,
      cachedContentTokenCount: 4,
      toolUsePromptTokenCount: 5,
    };
    expect(gemini.readUsage({ ...counts, totalTokenCount: 99 })).toEqual({
      prompt: 1,
      candidates: 2,
      thoughts: 3,
      cached: 4,
      tools: 5,
    });
  });

  test.each([
    null,
    undefined,
    {},
    'x',
    5,
    [],
    { promptTokenCount: '5' },
    { promptTokenCount: -1 },
    { promptTokenCount: 1e13 },
    { promptTokenCount: null },
  ])('that is odd counts nothing: %j', (usage) => {
    expect(gemini.readUsage(usage)).toEqual({ prompt: 0, candidates: 0, thoughts: 0, cached: 0, tools: 0 });
  });

  test('is counted in whole tokens', () => {
    expect(gemini.readUsage({ promptTokenCount: 1.9 }).prompt).toBe(1);
  });
});
