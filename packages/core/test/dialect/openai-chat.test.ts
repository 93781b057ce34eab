import { describe, expect, test } from 'vitest';
import { openaiChat } from '../../src/dialect/openai-chat/dialect.ts';
import { SluiceError } from '../../src/errors.ts';

const error = new SluiceError('upstream_truncated', 'It\nstopped.');
const object = { code: 502, message: 'It\nstopped.', status: 'UNAVAILABLE', type: 'upstream_truncated', param: null };

describe('the last words of a stream', () => {
  test('are one event of one line', () => {
    const words = openaiChat.lastWords(error, { form: 'sse', isBetweenEvents: true });
    expect(words).toMatch(/^data: [^\n]+\n\n$/);
    expect(JSON.parse(words.slice(6))).toEqual({ error: object });
  });

  test('are an error body elsewhere', () => {
    expect(JSON.parse(openaiChat.lastWords(error, { form: 'other', isBetweenEvents: true }))).toEqual({
      error: object,
    });
  });

  test.each(['{\n  "error": {\n    "code": 503\n  }\n}', '[{"error":{"code":503}}]'])(
    "are the provider's own on one line, out of the list that Google wraps them in: %s",
    (own) => {
      expect(openaiChat.passOn(own, { form: 'sse', isBetweenEvents: true })).toBe('data: {"error":{"code":503}}\n\n');
      expect(openaiChat.passOn(own, { form: 'other', isBetweenEvents: true })).toBe(own);
    },
  );
});

describe('usage', () => {
  test('is counted by kind', () => {
    const usage = {
      prompt_tokens: 1,
      completion_tokens: 2,
      prompt_tokens_details: { cached_tokens: 3 },
      completion_tokens_details: { reasoning_tokens: 4 },
    };
    expect(openaiChat.readUsage(usage)).toEqual({ prompt: 1, candidates: 2, thoughts: 4, cached: 3, tools: 0 });
  });

  test.each([null, {}, { prompt_tokens: 'x', prompt_tokens_details: null, completion_tokens_details: 5 }])(
    'that is odd counts nothing: %j',
    (usage) => {
      expect(openaiChat.readUsage(usage)).toEqual({ prompt: 0, candidates: 0, thoughts: 0, cached: 0, tools: 0 });
    },
  );
});
