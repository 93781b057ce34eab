import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { generateText, stepCountIs, streamText, tool } from 'ai';
import * as z from 'zod';
import { type Client, weather } from '../contract.ts';

const tools = {
  [weather.name]: tool({
    description: weather.description,
    inputSchema: z.object({ city: z.string() }),
    execute: async () => weather.result,
  }),
};

/** The AI SDK with its provider for Google. */
export const aiSdk: Client = {
  name: '@ai-sdk/google',
  packages: ['@ai-sdk/google', 'ai'],
  connect({ url, key }) {
    const google = createGoogleGenerativeAI({ apiKey: key, baseURL: `${url}/v1beta` });
    return {
      async *unary({ model, prompt }) {
        const { text, finishReason, usage, response } = await generateText({
          model: google(model),
          prompt,
          maxRetries: 0,
        });
        yield { text, finishReason, usage, response };
      },
      async *streamed({ model, prompt }) {
        const { fullStream } = streamText({ model: google(model), prompt, maxRetries: 0, onError() {} });
        yield* parts(fullStream);
      },
      async *tools({ model, prompt }) {
        const stopWhen = stepCountIs(2);
        const { steps } = await generateText({ model: google(model), prompt, tools, stopWhen, maxRetries: 0 });
        for (const { text, toolCalls, finishReason, usage, response } of steps) {
          yield { text, toolCalls, finishReason, usage, response };
        }
      },
      async *toolsStreamed({ model, prompt }) {
        const { fullStream } = streamText({ model: google(model), prompt, tools, maxRetries: 0, onError() {} });
        yield* parts(fullStream);
      },
    };
  },
};

/** Errors are parts of the stream here, and are thrown as everywhere else. */
async function* parts(stream: AsyncIterable<{ readonly type: string }>): AsyncIterable<unknown> {
  for await (const part of stream) {
    if (part.type === 'error' && 'error' in part) throw part.error;
    yield part;
  }
}
