/** What the odd steps make of a call that is answered with one JSON text, in either dialect, and of a streamed array. */

import { demoKey, type StepName, startSimulator } from '@sluice/simulator';
import { afterAll, afterEach, expect, test } from 'vitest';
import { calls } from './calls.ts';

const simulator = await startSimulator({ answer: () => 'one two three four' });
afterEach(() => simulator.reset());
afterAll(() => simulator.close());

function asked(step: StepName, form: keyof typeof calls): Promise<Response> {
  simulator.plan(demoKey, [step]);
  const { target, headers = {}, body = '' } = calls[form];
  return fetch(simulator.url + target, { method: 'POST', headers, body });
}

/** The text of an answer as `fetch` reads it. */
async function told(step: StepName, form: keyof typeof calls): Promise<string> {
  return (await asked(step, form)).text();
}

const geminiUsage = { promptTokenCount: expect.any(Number), totalTokenCount: expect.any(Number) };

test.each<[StepName, object]>([
  ['malformed-function-call', { candidates: [{ content: {}, finishReason: 'MALFORMED_FUNCTION_CALL', index: 0 }] }],
  ['unexpected-tool-call', { candidates: [{ content: {}, finishReason: 'UNEXPECTED_TOOL_CALL', index: 0 }] }],
  ['finish-other', { candidates: [{ content: { parts: [{ text: 'one two three four' }] }, finishReason: 'OTHER' }] }],
  [
    'finish-twice',
    { candidates: [{ content: { parts: [{ text: 'one two three four And more.' }] }, finishReason: 'STOP' }] },
  ],
  ['thought-only', { candidates: [{ content: { parts: [{ text: 'one two three four', thought: true }] } }] }],
  ['blocked-prompt', { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: geminiUsage }],
  ['usage-negative', { usageMetadata: { promptTokenCount: -5, candidatesTokenCount: -5, totalTokenCount: -5 } }],
  ['usage-huge', { usageMetadata: { promptTokenCount: 1e15, candidatesTokenCount: 1e15, totalTokenCount: 1e15 } }],
  ['usage-first', { candidates: [{ finishReason: 'STOP' }], usageMetadata: geminiUsage }],
  ['br-stream', { candidates: [{ finishReason: 'STOP' }] }],
  ['zstd-stream', { candidates: [{ finishReason: 'STOP' }] }],
  ['no-content-type', { candidates: [{ finishReason: 'STOP' }] }],
  ['multi-line-data', { candidates: [{ finishReason: 'STOP' }] }],
  ['early-hints', { candidates: [{ finishReason: 'STOP' }] }],
])('%s of an answer in one text', async (step, expected) => {
  expect(JSON.parse(await told(step, 'whole'))).toMatchObject(expected);
});

test('counters that are missing are missing, and thoughts have no end', async () => {
  expect(JSON.parse(await told('usage-missing', 'whole'))).not.toHaveProperty('usageMetadata');
  expect(JSON.parse(await told('usage-missing', 'chat'))).not.toHaveProperty('usage');
  expect(JSON.parse(await told('thought-only', 'whole')).candidates[0]).not.toHaveProperty('finishReason');
  expect(JSON.parse(await told('blocked-prompt', 'whole'))).not.toHaveProperty('candidates');
});

test.each<[StepName, object]>([
  ['malformed-function-call', { choices: [{ finish_reason: 'function_call_filter: MALFORMED_FUNCTION_CALL' }] }],
  ['blocked-prompt', { choices: [{ finish_reason: 'content_filter', message: { content: '' } }] }],
  ['thought-only', { choices: [{ message: { extra_content: { google: { thought: true } } } }] }],
  ['usage-negative', { usage: { prompt_tokens: -5, completion_tokens: -5, total_tokens: -5 } }],
])('%s of a chat completion', async (step, expected) => {
  expect(JSON.parse(await told(step, 'chat'))).toMatchObject(expected);
});

test('an event that is no JSON spoils one text, and one array', async () => {
  for (const form of ['whole', 'array', 'chat'] as const) {
    const text = await told('bad-json-event', form);
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(() => JSON.parse(text.replace('{"broken": ,}', ''))).not.toThrow();
  }
});

test('line ends are mixed between the values only', async () => {
  for (const form of ['whole', 'array'] as const) {
    const response = await asked('mixed-line-ends', form);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.subarray(0, 3)).toEqual(Buffer.from('\ufeff'));
    const text = bytes.subarray(3).toString();
    expect(new Set(text.match(/\r\n|\r|\n/g))).toEqual(new Set(['\r', '\n', '\r\n']));
    expect(() => JSON.parse(text)).not.toThrow();
  }
});

test('a chat stream says twice that it is done', async () => {
  const text = await told('finish-twice', 'chatStream');
  expect(text.match(/data: \[DONE\]\n\n/g)).toHaveLength(2);
  expect(text.match(/"finish_reason":"stop"/g)).toHaveLength(2);
  expect(text.indexOf('[DONE]')).toBeLessThan(text.indexOf('more.'));
});

test('a call that does not generate is answered as ever', async () => {
  for (const step of ['thousand-events', 'usage-huge', 'no-newline', 'gzip-bomb', 'finish-twice'] as const) {
    simulator.plan(demoKey, [step]);
    const response = await fetch(`${simulator.url}/v1beta/models`, { headers: { 'x-goog-api-key': demoKey } });
    expect(((await response.json()) as { models: unknown[] }).models.length).toBeGreaterThan(1);
  }
});
