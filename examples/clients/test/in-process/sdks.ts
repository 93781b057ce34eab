/** SDKs that take a `fetch`, as their users write them, on a gateway in the same process. */

import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import Anthropic from '@anthropic-ai/sdk';
import { type GenerateContentResponse, GoogleGenAI } from '@google/genai';
import type { Gateway } from '@sluice/core';
import { generateText, type LanguageModel, streamText, tool } from 'ai';
import OpenAI from 'openai';
import * as z from 'zod';
import { weather } from '../../src/contract.ts';

/** One SDK; `connect` is the line that points it at the gateway. */
export interface Sdk {
  readonly name: string;
  connect(fetch: Gateway['fetch'], key: string): Connected;
}

/** What it gives, in short. It throws what the SDK throws. */
export interface Connected {
  unary(prompt: string, signal?: AbortSignal): Promise<string>;
  streamed(prompt: string, signal?: AbortSignal): AsyncIterable<string>;
  /** @returns the name of the function that the model wants called */
  tool(prompt: string): Promise<string>;
}

const model = 'gemini-2.5-flash';
const { name, description, parameters } = weather;

/** Every one of them, in the order of the page. */
export const sdks: readonly Sdk[] = [
  {
    name: '@google/genai',
    connect(fetch, apiKey) {
      const { models } = new GoogleGenAI({ apiKey, httpOptions: { fetch } });
      const tools = [{ functionDeclarations: [{ name, description, parametersJsonSchema: parameters }] }];
      const asked = (contents: string, signal?: AbortSignal) => ({
        model,
        contents,
        config: signal === undefined ? {} : { abortSignal: signal },
      });
      return {
        unary: async (prompt, signal) => (await models.generateContent(asked(prompt, signal))).text ?? '',
        async *streamed(prompt, signal) {
          for await (const { text } of await models.generateContentStream(asked(prompt, signal))) yield text ?? '';
        },
        tool: async (contents) => {
          const { functionCalls } = await models.generateContent({ model, contents, config: { tools } });
          return functionCalls?.[0]?.name ?? '';
        },
      };
    },
  },
  {
    name: 'openai',
    connect(fetch, apiKey) {
      const { completions } = new OpenAI({ apiKey, fetch, baseURL: 'http://gateway/v1beta/openai/', maxRetries: 0 })
        .chat;
      const asked = (content: string) => ({ model, messages: [{ role: 'user' as const, content }] });
      const tools = [{ type: 'function' as const, function: { name, description, parameters: { ...parameters } } }];
      return {
        unary: async (prompt, signal) =>
          (await completions.create(asked(prompt), { signal })).choices[0]?.message.content ?? '',
        async *streamed(prompt, signal) {
          const stream = await completions.create({ ...asked(prompt), stream: true }, { signal });
          for await (const { choices } of stream) yield choices[0]?.delta.content ?? '';
        },
        tool: async (prompt) => {
          const { choices } = await completions.create({ ...asked(prompt), tools });
          const [call] = choices[0]?.message.tool_calls ?? [];
          return call?.type === 'function' ? call.function.name : '';
        },
      };
    },
  },
  {
    name: '@ai-sdk/google',
    connect: (fetch, apiKey) => aiSdk(createGoogleGenerativeAI({ apiKey, fetch })(model)),
  },
  {
    name: '@ai-sdk/openai',
    connect: (fetch, apiKey) =>
      aiSdk(createOpenAI({ apiKey, fetch, baseURL: 'http://gateway/v1beta/openai' }).chat(model)),
  },
  {
    name: '@anthropic-ai/sdk, at a path of Gemini',
    connect(fetch, authToken) {
      const client = new Anthropic({ apiKey: null, authToken, fetch, baseURL: 'http://gateway', maxRetries: 0 });
      const path = `/v1beta/models/${model}`;
      const bodyOf = (text: string) => ({ contents: [{ role: 'user', parts: [{ text }] }] });
      const tools = [{ functionDeclarations: [{ name, description, parameters }] }];
      const asked = (body: object, signal?: AbortSignal) =>
        client.post<GenerateContentResponse>(`${path}:generateContent`, { body, signal });
      return {
        unary: async (prompt, signal) => textOf(await asked(bodyOf(prompt), signal)),
        async *streamed(prompt, signal) {
          const options = { body: bodyOf(prompt), signal };
          const { body } = await client.post(`${path}:streamGenerateContent?alt=sse`, options).asResponse();
          let text = '';
          for await (const piece of body ?? []) {
            text += Buffer.from(piece as Uint8Array).toString();
            const events = text.split(/\r?\n\r?\n/);
            text = events.pop() ?? '';
            for (const event of events) yield textOf(JSON.parse(event.slice('data: '.length)));
          }
        },
        tool: async (prompt) => {
          const { candidates } = await asked({ ...bodyOf(prompt), tools });
          return candidates?.[0]?.content?.parts?.[0]?.functionCall?.name ?? '';
        },
      };
    },
  },
];

function aiSdk(languageModel: LanguageModel): Connected {
  const tools = {
    [name]: tool({ description, inputSchema: z.object({ city: z.string() }), execute: async () => weather.result }),
  };
  const asked = (prompt: string, abortSignal?: AbortSignal) => ({
    model: languageModel,
    prompt,
    maxRetries: 0,
    ...(abortSignal && { abortSignal }),
  });
  return {
    unary: async (prompt, signal) => (await generateText(asked(prompt, signal))).text,
    async *streamed(prompt, signal) {
      // Errors are parts of the stream here, and are thrown as everywhere else.
      for await (const part of streamText({ ...asked(prompt, signal), onError() {} }).fullStream) {
        if (part.type === 'error') throw part.error;
        if (part.type === 'abort') throw new DOMException('aborted', 'AbortError');
        if (part.type === 'text-delta') yield part.text;
      }
    },
    tool: async (prompt) => (await generateText({ ...asked(prompt), tools })).toolCalls[0]?.toolName ?? '',
  };
}

function textOf({ candidates }: GenerateContentResponse): string {
  return candidates?.[0]?.content?.parts?.map(({ text }) => text ?? '').join('') ?? '';
}
