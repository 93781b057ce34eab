/** Real clients, by base URL alone, through the proxy in demo mode: as anybody has it after `npm start`. */

import { ApiError, GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callerKey, type ProxyProcess, startProxy } from './running-proxy.ts';

const model = 'gemini-2.5-flash';
const contents = 'Why is the sky blue?';
let proxy: ProxyProcess;

beforeAll(async () => {
  proxy = await startProxy({ env: { SLUICE_API_KEYS: callerKey } });
});
afterAll(() => proxy?.stop());

for (const apiVersion of ['v1', 'v1beta']) {
  describe(`@google/genai, ${apiVersion}`, () => {
    const client = (apiKey = callerKey) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: proxy.url, apiVersion } });

    test('an answer, whole and streamed, that says what it comes from', async () => {
      const ai = client();
      const whole = await ai.models.generateContent({ model, contents });
      expect(whole.text).toContain('simulator');
      expect(whole.usageMetadata?.candidatesTokenCount).toBeGreaterThan(0);
      const words: string[] = [];
      for await (const chunk of await ai.models.generateContentStream({ model, contents }))
        words.push(chunk.text ?? '');
      expect(words.length).toBeGreaterThan(5);
      expect(words.join('')).toBe(whole.text);
    });

    test('tokens, embeddings and models', async () => {
      const ai = client();
      expect((await ai.models.countTokens({ model, contents })).totalTokens).toBeGreaterThan(0);
      const { embeddings } = await ai.models.embedContent({ model: 'gemini-embedding-001', contents: ['a', 'b'] });
      expect(embeddings?.map(({ values }) => (values?.length ?? 0) > 0)).toEqual([true, true]);
      const names: (string | undefined)[] = [];
      for await (const { name } of await ai.models.list()) names.push(name);
      expect(names).toContain(`models/${model}`);
      expect((await ai.models.get({ model })).name).toBe(`models/${model}`);
    });

    test('errors are its own errors', async () => {
      const wrong = client('a-wrong-key-a-wrong-key').models.generateContent({ model, contents });
      await expect(wrong).rejects.toMatchObject({ status: 401, message: expect.stringContaining('UNAUTHENTICATED') });
      await expect(wrong).rejects.toBeInstanceOf(ApiError);
      const missing = client().models.generateContent({ model: 'no-such-model', contents });
      await expect(missing).rejects.toMatchObject({ status: 404, message: expect.stringContaining('NOT_FOUND') });
    });
  });
}

describe('openai', () => {
  const client = (apiKey = callerKey) => new OpenAI({ apiKey, baseURL: `${proxy.url}/v1beta/openai/`, maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: contents }];

  test('an answer, whole and streamed, that says what it comes from', async () => {
    const whole = await client().chat.completions.create({ model, messages });
    expect(whole.choices[0]?.message.content).toContain('simulator');
    const words: string[] = [];
    for await (const chunk of await client().chat.completions.create({ model, messages, stream: true })) {
      words.push(chunk.choices[0]?.delta.content ?? '');
    }
    expect(words.join('')).toBe(whole.choices[0]?.message.content);
  });

  test('embeddings and models', async () => {
    const { data } = await client().embeddings.create({ model: 'gemini-embedding-001', input: 'a' });
    expect(data[0]?.embedding.length).toBeGreaterThan(0);
    const ids: string[] = [];
    for await (const { id } of client().models.list()) ids.push(id);
    expect(ids.join()).toContain(model);
  });

  test('errors are its own errors', async () => {
    const wrong = client('a-wrong-key-a-wrong-key').chat.completions.create({ model, messages });
    await expect(wrong).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  });
});
