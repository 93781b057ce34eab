/** Real clients see through the gateway exactly what they see without it. */

import { ApiError, FunctionCallingConfigMode, GoogleGenAI } from '@google/genai';
import { demoKey } from '@sluice/simulator';
import { describeDrivers, type Mounted } from '@sluice/testkit';
import OpenAI from 'openai';
import { expect, test } from 'vitest';

const callerKey = 'caller-5f0c2a9be17d';
const callers = [{ id: 'sdk', key: callerKey }];
const model = 'gemini-2.5-flash';

/** What differs between two calls that are otherwise the same. */
const passing = new Set(['responseId', 'date', 'server-timing', 'createTime', 'created', 'id', 'content-length']);

describeDrivers('@google/genai 3.x', (_driver, mount) => {
  const calls: Record<string, (ai: GoogleGenAI) => Promise<unknown>> = {
    generateContent: (ai) => ai.models.generateContent({ model, contents: 'Why is the sky blue?' }),
    generateContentStream: async (ai) => collect(await ai.models.generateContentStream({ model, contents: 'Why?' })),
    'a tool call': (ai) =>
      ai.models.generateContent({
        model,
        contents: 'Call get_weather for Paris.',
        config: {
          toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } },
          tools: [
            {
              functionDeclarations: [
                {
                  name: 'get_weather',
                  parametersJsonSchema: {
                    type: 'object',
                    properties: { city: { type: 'string' } },
                    required: ['city'],
                  },
                },
              ],
            },
          ],
        },
      }),
    chat: async (ai) => {
      const chat = ai.chats.create({ model });
      await chat.sendMessage({ message: 'One.' });
      return collect(await chat.sendMessageStream({ message: 'Two.' }));
    },
    countTokens: (ai) => ai.models.countTokens({ model, contents: 'Count this.' }),
    embedContent: (ai) => ai.models.embedContent({ model: 'gemini-embedding-001', contents: ['a', 'b'] }),
    'models.list': async (ai) => collect(await ai.models.list({ config: { pageSize: 2 } })),
    'models.get': (ai) => ai.models.get({ model }),
    'an unknown model': (ai) => ai.models.generateContent({ model: 'no-such-model', contents: 'hi' }).catch(told),
    'an unknown model, streamed': (ai) =>
      ai.models.generateContentStream({ model: 'no-such-model', contents: 'hi' }).catch(told),
  };

  test.each(Object.keys(calls))('%s', async (name) => {
    const mounted = await mount({ gateway: { callers } });
    const call = calls[name] as (ai: GoogleGenAI) => Promise<unknown>;
    const direct = new GoogleGenAI({ apiKey: demoKey, httpOptions: { baseUrl: mounted.simulator.url } });
    expect(plain(await call(clientOf(mounted)))).toEqual(plain(await call(direct)));
  });

  test('a stream that is cut is an error to the client, never a short answer', async () => {
    const mounted = await mount({ gateway: { callers, retry: { maxAttempts: 1 } } });
    mounted.simulator.plan('*', ['rst-mid-stream']);
    const stream = await clientOf(mounted).models.generateContentStream({ model, contents: 'hi' });
    await expect(collect(stream)).rejects.toThrow();
  });

  test('a wrong caller key is an ApiError 401 with a message', async () => {
    const mounted = await mount({ gateway: { callers } });
    const failed = await clientOf(mounted, 'caller-wrong-wrong-1')
      .models.generateContent({ model, contents: 'hi' })
      .catch((e: unknown) => e);
    expect(failed).toBeInstanceOf(ApiError);
    expect(failed).toMatchObject({ status: 401, message: expect.stringContaining('caller key') });
  });
});

describeDrivers('openai through /v1beta/openai/', (_driver, mount) => {
  const messages = [{ role: 'user' as const, content: 'Say hello.' }];
  const calls: Record<string, (ai: OpenAI) => Promise<unknown>> = {
    'chat.completions': (ai) => ai.chat.completions.create({ model, messages }),
    'chat.completions, streamed': async (ai) =>
      collect(await ai.chat.completions.create({ model, messages, stream: true })),
    embeddings: (ai) => ai.embeddings.create({ model: 'gemini-embedding-001', input: ['a', 'b'] }),
    'models.list': async (ai) => collect(await ai.models.list()),
    'models.retrieve': (ai) => ai.models.retrieve(model),
    'an unknown model': (ai) => ai.chat.completions.create({ model: 'no-such-model', messages }).catch(told),
  };

  test.each(Object.keys(calls))('%s', async (name) => {
    const mounted = await mount({ gateway: { callers } });
    const call = calls[name] as (ai: OpenAI) => Promise<unknown>;
    const direct = new OpenAI({ apiKey: demoKey, baseURL: `${mounted.simulator.url}/v1beta/openai/` });
    expect(plain(await call(openaiOf(mounted)))).toEqual(plain(await call(direct)));
  });

  test('a stream that is cut is an error to the client, never a short answer', async () => {
    const mounted = await mount({ gateway: { callers, retry: { maxAttempts: 1 } } });
    mounted.simulator.plan('*', ['no-finish']);
    const stream = await openaiOf(mounted).chat.completions.create({ model, messages, stream: true });
    await expect(collect(stream)).rejects.toMatchObject({ message: expect.stringContaining('stopped before its end') });
  });
});

/** Over the network by base URL alone; in process by `fetch` alone. */
function clientOf({ origin, gateway }: Mounted, apiKey = callerKey): GoogleGenAI {
  return new GoogleGenAI({ apiKey, httpOptions: origin === null ? { fetch: gateway.fetch } : { baseUrl: origin } });
}

function openaiOf({ origin, gateway }: Mounted): OpenAI {
  const way =
    origin === null
      ? { fetch: gateway.fetch, baseURL: 'http://gateway/v1beta/openai/' }
      : { baseURL: `${origin}/v1beta/openai/` };
  return new OpenAI({ apiKey: callerKey, maxRetries: 0, ...way });
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function told(error: unknown): object {
  const { name, status, message } = error as ApiError;
  return { name, status, message };
}

/** Everything that a client can see, without what passes: times, ids, and header fields that only we or a connection have. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => {
      if (passing.has(key) || key.startsWith('x-sluice-')) return undefined;
      if (['connection', 'keep-alive', 'transfer-encoding', 'content-encoding'].includes(key)) return undefined;
      return inner;
    }),
  );
}
