import { demoKey, startSimulator } from '@sluice/simulator';
import OpenAI, { APIError } from 'openai';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { collect } from './collect.ts';

const answer = 'The sky is blue because a simulator says so.';
const simulator = await startSimulator({ answer: (prompt) => (prompt === '' ? 'Nothing was asked.' : answer) });
afterAll(() => simulator.close());
beforeEach(() => simulator.reset());

const ai = client(demoKey);
const model = 'gemini-2.5-flash';
const messages = [{ role: 'user' as const, content: 'why is the sky blue?' }];

function client(apiKey: string): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${simulator.url}/v1beta/openai/`, maxRetries: 0 });
}

const weather = {
  type: 'function' as const,
  function: {
    name: 'getWeather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer' } },
      required: ['city'],
    },
  },
};

/** The error that a call must end in. */
async function failure(call: Promise<unknown>): Promise<APIError> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof APIError) return error;
  throw new Error(`Expected an APIError, got ${error}`);
}

test('a completion answers with text and usage that adds up', async () => {
  const completion = await ai.chat.completions.create({ model, messages });
  expect(completion.choices[0]).toMatchObject({
    index: 0,
    message: { role: 'assistant', content: answer },
    finish_reason: 'stop',
  });
  const { prompt_tokens = 0, completion_tokens = 0, total_tokens } = completion.usage ?? {};
  expect(total_tokens).toBe(prompt_tokens + completion_tokens);
  expect(simulator.journal.requests[0]?.key).toBe(demoKey);
});

test('a streamed completion gives the same words one by one', async () => {
  const stream = await ai.chat.completions.create({
    model: `models/${model}`,
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await collect(stream);
  expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(answer);
  expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 6 } });
});

test('a tool that the prompt mentions is called, and its result is answered in words', async () => {
  const asked = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'Ask getWeather.' }] }];
  const completion = await ai.chat.completions.create({ model, messages: asked, tools: [weather] });
  const [choice] = completion.choices;
  expect(choice?.finish_reason).toBe('tool_calls');
  expect(choice?.message.tool_calls).toEqual([
    { id: 'function-call-1', type: 'function', function: { name: 'getWeather', arguments: '{"city":"city"}' } },
  ]);
  const result = { role: 'tool' as const, tool_call_id: 'function-call-1', content: 'getWeather says clear' };
  const next = await ai.chat.completions.create({ model, messages: [...asked, result], tools: [weather] });
  expect(next.choices[0]?.message.content).toBe('Nothing was asked.');
});

test('tool calls are streamed, forced and forbidden', async () => {
  const runner = ai.chat.completions.stream({ model, messages, tools: [weather], tool_choice: 'required' });
  const { choices } = await runner.finalChatCompletion();
  expect(choices[0]?.message.tool_calls).toHaveLength(1);
  const tool_choice = { type: 'function' as const, function: { name: 'getWeather' } };
  const named = await ai.chat.completions.create({ model, messages, tools: [weather], tool_choice });
  expect(named.choices[0]?.message.tool_calls).toHaveLength(1);
  const asked = [{ role: 'user' as const, content: 'Ask getWeather.' }];
  const none = await ai.chat.completions.create({ model, messages: asked, tools: [weather], tool_choice: 'none' });
  expect(none.choices[0]?.message.content).toBe(answer);
});

test('an answer under a schema is JSON that fits it', async () => {
  const schema = {
    type: 'object',
    properties: { when: { type: 'string', format: 'date-time' }, ok: { type: 'boolean' } },
  };
  const completion = await ai.chat.completions.create({
    model,
    messages,
    response_format: { type: 'json_schema', json_schema: { name: 'reply', schema } },
  });
  expect(JSON.parse(completion.choices[0]?.message.content ?? '')).toEqual({ when: '2026-01-01T00:00:00Z', ok: true });
});

test('models are listed and read, with and without their prefix', async () => {
  const ids = (await collect(await ai.models.list())).map(({ id }) => id);
  expect(ids).toContain('models/gemini-2.5-flash');
  expect((await ai.models.retrieve(model)).id).toBe('models/gemini-2.5-flash');
  expect((await ai.models.retrieve('models/gemini-2.5-flash')).id).toBe('models/gemini-2.5-flash');
});

test('embeddings are the same as floats and as base64', async () => {
  const ask = { model: 'gemini-embedding-001', input: ['one', 'two'], dimensions: 8 };
  const floats = await ai.embeddings.create({ ...ask, encoding_format: 'float' });
  const packed = await ai.embeddings.create(ask);
  expect(floats.data.map(({ embedding }) => embedding.length)).toEqual([8, 8]);
  expect(packed.data.map(({ embedding }) => [...embedding])).toEqual(floats.data.map(({ embedding }) => embedding));
  const sent = simulator.journal.requests.map(({ body }) => JSON.parse(Buffer.from(body).toString()).encoding_format);
  expect(sent).toEqual(['float', 'base64']);
});

test('refusals arrive with their status', async () => {
  expect((await failure(client('wrong').chat.completions.create({ model, messages }))).status).toBe(400);
  expect((await failure(ai.chat.completions.create({ model: 'gemini-0', messages }))).status).toBe(404);
  expect((await failure(ai.models.retrieve('gemini-0'))).status).toBe(404);
  simulator.plan(demoKey, ['503']);
  expect((await failure(ai.chat.completions.create({ model, messages, stream: true }))).status).toBe(503);
});

test('a connection lost in the middle of a stream is an error', async () => {
  simulator.plan(demoKey, ['rst-mid-stream']);
  const stream = await ai.chat.completions.create({ model, messages, stream: true });
  await expect(collect(stream)).rejects.toThrow();
});
