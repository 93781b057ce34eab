import { createParser } from 'eventsource-parser';
import { describe, expect, test } from 'vitest';
import { interactions } from '../../src/dialect/interactions/dialect.ts';
import { errorTable } from '../../src/error-table.ts';
import { type ErrorCode, SluiceError } from '../../src/errors.ts';
import { geminiProvider } from '../../src/provider/gemini/provider.ts';

const error = new SluiceError('upstream_truncated', 'It\nstopped.');
const object = {
  code: 'service_unavailable',
  message: 'It\nstopped.',
  details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'UPSTREAM_TRUNCATED', domain: 'sluice' }],
};

describe('an error of our own', () => {
  test("has a word of this API's for its code, and our reason", () => {
    expect(JSON.parse(interactions.errorBody(error))).toEqual({ error: object });
  });

  test('says how long to wait, where that is known', () => {
    const body = interactions.errorBody(new SluiceError('quota_exhausted', 'Wait.', { retryAfterMs: 1_200 }));
    expect(JSON.parse(body).error.details[1]).toMatchObject({ retryDelay: '2s' });
  });

  test.each(Object.keys(errorTable) as ErrorCode[])('%s has a word that this API knows', (code) => {
    const { error: said } = JSON.parse(interactions.errorBody(new SluiceError(code, 'x'))) as {
      error: { code: string };
    };
    expect(geminiProvider.statusOf(said.code)).not.toBeNull();
  });
});

describe('the last words of a stream', () => {
  const told = { event_type: 'error', error: object };
  test.each([
    ['behind a whole event', 'event: step.stop\ndata: {"event_type":"step.stop"}\n\n', 1],
    ['behind an event that only its end is missing of', 'data: {"event_type":"step.stop"}', 1],
    ['in the name of a field', 'event: ste', 0],
    ['behind a line of the next event', 'event: step.stop\n', 0],
  ])('are an event of their own %s', (_, before, events) => {
    const words = interactions.lastWords(error, { form: 'sse', isBetweenEvents: true });
    const all = eventsIn(before + words);
    expect(all).toHaveLength(events + 1);
    expect(all.at(-1)).toEqual({ event: 'error', data: told });
  });

  test('can be read even in the middle of an event, which itself cannot', () => {
    const words = interactions.lastWords(error, { form: 'sse', isBetweenEvents: false });
    const all = eventsIn(`data: {"event_type":"step.del${words}`);
    expect(all).toHaveLength(2);
    expect(all[1]).toEqual({ event: 'error', data: told });
  });

  test('are an error body elsewhere', () => {
    const words = interactions.lastWords(error, { form: 'other', isBetweenEvents: true });
    expect(JSON.parse(words)).toEqual({ error: object });
  });

  test.each([
    '{"event_type":"error","error":{"code":"not_found","message":"a"}}',
    '{"error":{"code":"not_found","message":"a"}}',
    '[{\n  "error": {\n    "code": "not_found",\n    "message": "a"\n  }\n}]',
  ])("are the provider's own as such an event: %s", (own) => {
    const [said] = eventsIn(interactions.passOn(own, { form: 'sse', isBetweenEvents: true }));
    const data = { event_type: 'error', error: { code: 'not_found', message: 'a' } };
    expect(said).toEqual({ event: 'error', data });
    expect(interactions.passOn(own, { form: 'other', isBetweenEvents: true })).toBe(own);
  });
});

describe('usage', () => {
  test('is counted by kind', () => {
    const usage = {
      total_tokens: 15,
      total_input_tokens: 1,
      total_output_tokens: 2,
      total_thought_tokens: 3,
      total_cached_tokens: 4,
      total_tool_use_tokens: 5,
    };
    expect(interactions.readUsage(usage)).toEqual({ prompt: 1, candidates: 2, thoughts: 3, cached: 4, tools: 5 });
  });

  test.each([null, {}, { total_input_tokens: 'x' }])('that is odd counts nothing: %j', (usage) => {
    expect(interactions.readUsage(usage)).toEqual({ prompt: 0, candidates: 0, thoughts: 0, cached: 0, tools: 0 });
  });
});

function eventsIn(text: string): { event: string | undefined; data: unknown }[] {
  const events: { event: string | undefined; data: unknown }[] = [];
  const parser = createParser({
    onEvent({ event, data }) {
      let parsed: unknown = data;
      try {
        parsed = JSON.parse(data);
      } catch {
        // What was broken off in the middle.
      }
      events.push({ event, data: parsed });
    },
  });
  parser.feed(text);
  return events;
}
