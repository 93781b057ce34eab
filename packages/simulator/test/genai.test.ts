import { ApiError, FunctionCallingConfigMode, GoogleGenAI, Type } from '@google/genai';
import { demoKey, startSimulator } from '@sluice/simulator';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { collect } from './collect.ts';

const answer = 'The sky is blue because a simulator says so.';
const simulator = await startSimulator({ answer: (prompt) => (prompt === '' ? 'Nothing was asked.' : answer) });
afterAll(() => simulator.close());
beforeEach(() => simulator.reset());

const ai = client(demoKey);
const model = 'gemini-2.5-flash';
const contents = 'why is the sky blue?';

function client(apiKey: string): GoogleGenAI {
  return new GoogleGenAI({ apiKey, httpOptions: { baseUrl: simulator.url } });
}

const weather = {
  name: 'getWeather',
  parameters: {
    type: Type.OBJECT,
    properties: {
      city: { type: Type.STRING },
      days: { type: Type.INTEGER },
      unit: { type: Type.STRING, enum: ['celsius', 'fahrenheit'] },
    },
    required: ['city', 'unit'],
  },
};

/** The error that a call must end in. */
async function failure(call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof ApiError) return error;
  throw new Error(`Expected an ApiError, got ${error}`);
}

async function textOf(chunks: AsyncIterable<{ readonly text: string | undefined }>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += chunk.text ?? '';
  return text;
}

test('generateContent answers with text, usage and ids', async () => {
  const response = await ai.models.generateContent({ model, contents });
  expect(response.text).toBe(answer);
  expect(response.candidates?.[0]?.finishReason).toBe('STOP');
  expect(response.modelVersion).toBe(model);
  const { promptTokenCount = 0, candidatesTokenCount = 0, totalTokenCount } = response.usageMetadata ?? {};
  expect(promptTokenCount).toBe(6);
  expect(totalTokenCount).toBe(promptTokenCount + candidatesTokenCount);
  expect(simulator.journal.requests[0]?.target).toBe(`/v1/models/${model}:generateContent`);
});

test('generateContentStream gives the same words one by one', async () => {
  const chunks = await collect(await ai.models.generateContentStream({ model, contents }));
  expect(chunks.map((chunk) => chunk.text).join('')).toBe(answer);
  expect(chunks.length).toBe(answer.split(' ').length);
  expect(chunks.map((chunk) => chunk.candidates?.[0]?.finishReason)).toEqual([
    ...Array.from({ length: chunks.length - 1 }, () => undefined),
    'STOP',
  ]);
  const totals = chunks.map((chunk) => chunk.usageMetadata?.totalTokenCount ?? 0);
  expect(totals).toEqual(totals.toSorted((a, b) => a - b));
  expect(new Set(chunks.map((chunk) => chunk.responseId)).size).toBe(1);
});

test('a chat keeps its turns', async () => {
  const chat = ai.chats.create({ model });
  expect((await chat.sendMessage({ message: 'hello' })).text).toBe(answer);
  expect(await textOf(await chat.sendMessageStream({ message: 'and now?' }))).toBe(answer);
  const body = JSON.parse(Buffer.from(simulator.journal.requests[1]?.body ?? []).toString());
  expect(body.contents.map(({ role }: { role: string }) => role)).toEqual(['user', 'model', 'user']);
});

test('a function that the prompt mentions is called with its required arguments', async () => {
  const config = { tools: [{ functionDeclarations: [weather] }] };
  const prompt = 'Please ask getWeather.';
  const response = await ai.models.generateContent({ model, contents: prompt, config });
  expect(response.functionCalls).toEqual([{ name: 'getWeather', args: { city: 'city', unit: 'celsius' } }]);
  expect(response.candidates?.[0]?.finishReason).toBe('STOP');
  const chunks = await collect(await ai.models.generateContentStream({ model, contents: prompt, config }));
  expect(chunks).toHaveLength(1);
  expect(chunks[0]?.functionCalls).toHaveLength(1);
  expect((await ai.models.generateContent({ model, contents, config })).text).toBe(answer);
});

test('automatic function calling runs the tool once and gets its words', async () => {
  let calls = 0;
  const tool = {
    tool: async () => ({ functionDeclarations: [weather] }),
    callTool: async () => {
      calls += 1;
      return [{ functionResponse: { name: 'getWeather', response: { sky: 'clear' } } }];
    },
  };
  const response = await ai.models.generateContent({ model, contents: 'Ask getWeather.', config: { tools: [tool] } });
  expect([calls, response.text]).toEqual([1, 'Nothing was asked.']);
});

test('a calling mode can force or forbid functions', async () => {
  const ask = (mode: FunctionCallingConfigMode, prompt: string) =>
    ai.models.generateContent({
      model,
      contents: prompt,
      config: { tools: [{ functionDeclarations: [weather] }], toolConfig: { functionCallingConfig: { mode } } },
    });
  expect((await ask(FunctionCallingConfigMode.ANY, 'hello')).functionCalls).toHaveLength(1);
  expect((await ask(FunctionCallingConfigMode.NONE, 'Ask getWeather.')).functionCalls).toBeUndefined();
});

test('an answer under a schema is JSON that fits it', async () => {
  const responseSchema = {
    type: Type.OBJECT,
    properties: { title: { type: Type.STRING }, pages: { type: Type.ARRAY, items: { type: Type.NUMBER } } },
  };
  const config = { responseMimeType: 'application/json', responseSchema };
  const response = await ai.models.generateContent({ model, contents, config });
  expect(JSON.parse(response.text ?? '')).toEqual({ title: 'title', pages: [1] });
});

test('tokens are counted, and media count too', async () => {
  const plain = await ai.models.countTokens({ model, contents: 'The quick brown fox jumps over the lazy dog.' });
  expect(plain.totalTokens).toBe(10);
  const parts = [{ text: 'Look:' }, { inlineData: { mimeType: 'image/png', data: 'AAAA' } }];
  const media = await ai.models.countTokens({ model, contents: [{ role: 'user', parts }] });
  expect(media.totalTokens).toBe(260);
});

test('embeddings have length 1, the wanted size, and depend on the text', async () => {
  const embed = { model: 'gemini-embedding-001', contents: ['one', 'two', 'one'] };
  const { embeddings = [] } = await ai.models.embedContent({ ...embed, config: { outputDimensionality: 16 } });
  const vectors = embeddings.map(({ values = [] }) => values);
  expect(vectors.map(({ length }) => length)).toEqual([16, 16, 16]);
  expect(vectors[0]).toEqual(vectors[2]);
  expect(vectors[0]).not.toEqual(vectors[1]);
  expect(Math.hypot(...(vectors[0] ?? []))).toBeCloseTo(1, 5);
  const whole = await ai.models.embedContent({ model: 'gemini-embedding-001', contents: 'one' });
  expect(whole.embeddings?.[0]?.values).toHaveLength(3072);
});

test('models are listed page by page and read one by one', async () => {
  const pager = await ai.models.list({ config: { pageSize: 4 } });
  expect(pager.page).toHaveLength(4);
  const names = (await collect(pager)).map(({ name }) => name);
  expect(names).toContain('models/gemini-2.5-pro');
  expect(new Set(names).size).toBe(names.length);
  expect(simulator.journal.requests.filter(({ target }) => target.includes('pageToken'))).toHaveLength(
    Math.ceil(names.length / 4) - 1,
  );
  const one = await ai.models.get({ model: 'gemini-2.5-pro' });
  expect(one).toMatchObject({ name: 'models/gemini-2.5-pro', inputTokenLimit: 1_048_576 });
});

test('refusals arrive with their status and text', async () => {
  const unknown = await failure(ai.models.generateContent({ model: 'gemini-0', contents }));
  expect([unknown.status, JSON.parse(unknown.message).error.status]).toEqual([404, 'NOT_FOUND']);
  const key = await failure(client('wrong').models.generateContent({ model, contents }));
  expect([key.status, JSON.parse(key.message).error.details[0].reason]).toEqual([400, 'API_KEY_INVALID']);
  simulator.plan(demoKey, ['429']);
  const busy = await failure(ai.models.generateContentStream({ model, contents }));
  expect(busy.status).toBe(429);
  expect(busy.message).toContain('GenerateRequestsPerMinutePerProjectPerModel-FreeTier');
});

test('an error in the middle of a stream reaches the caller with its code', async () => {
  simulator.plan(demoKey, ['error-mid-stream']);
  const error = await failure(ai.models.generateContentStream({ model, contents }).then(textOf));
  expect(error.status).toBe(503);
});

test('a connection lost in the middle of a stream is an error, a stream without an end is not', async () => {
  simulator.plan(demoKey, ['rst-mid-stream', 'no-finish', 'stop-first']);
  await expect(ai.models.generateContentStream({ model, contents }).then(textOf)).rejects.toThrow();
  expect(await textOf(await ai.models.generateContentStream({ model, contents }))).toBe(answer);
  expect(await textOf(await ai.models.generateContentStream({ model, contents }))).toBe('First things come last.');
});

test('aborting a stream is noticed', async () => {
  simulator.plan(demoKey, ['endless-stream']);
  const abort = new AbortController();
  const config = { abortSignal: abort.signal };
  const read = async () => {
    for await (const chunk of await ai.models.generateContentStream({ model, contents, config })) {
      expect(chunk.text?.length).toBeGreaterThan(16_000);
      abort.abort();
    }
  };
  await expect(read()).rejects.toThrow('abort');
  await expect.poll(() => simulator.journal.requests[0]?.abandonedAtMs, { interval: 1 }).not.toBeNull();
  expect(simulator.journal.running).toBe(0);
});
