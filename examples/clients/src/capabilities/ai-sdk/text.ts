/** The AI SDK: texts, objects, vectors, and prompts that name things. */

import { embed, embedMany, generateObject, generateText, type ModelMessage, streamObject, streamText } from 'ai';
import * as z from 'zod';
import { made, taleCache } from '../use.ts';
import type { AiSdkUses } from './ai-sdk.ts';

const model = 'gemini-2.5-flash';
const prompt = 'Why is the sky blue?';
const maxRetries = 0;

/** What an answer consists of. */
export async function* answered(asked: Parameters<typeof generateText>[0]): AsyncIterable<unknown> {
  const { text, finishReason, usage, response, providerMetadata } = await generateText({ ...asked, maxRetries });
  yield { text, finishReason, usage, response, providerMetadata };
}

/** What a stream consists of; errors are parts of it here, and are thrown as everywhere else. */
export async function* streamed(asked: Parameters<typeof streamText>[0]): AsyncIterable<unknown> {
  for await (const part of streamText({ ...asked, maxRetries, onError() {} }).fullStream) {
    if (part.type === 'error') throw part.error;
    yield part;
  }
}

/** A user's words about a file that was uploaded. */
export function about(google: Readonly<Record<string, string>>): ModelMessage[] {
  const file = { type: 'file', data: { type: 'reference', reference: google }, mediaType: 'text/plain' } as const;
  return [{ role: 'user', content: [file, { type: 'text', text: 'What does it say?' }] }];
}

/** The rows about texts. */
export const textUses: AiSdkUses<'embeddings' | 'chat' | 'json' | 'longDecode' | 'cacheInPrompt' | 'storeInPrompt'> = {
  async *embeddings(google) {
    const asked = { model: google.embedding('gemini-embedding-001'), maxRetries };
    const { embedding, usage, response } = await embed({ ...asked, value: 'one' });
    yield { embedding, usage, response };
    const { embeddings, responses } = await embedMany({ ...asked, values: ['two', 'three'] });
    yield { embeddings, responses };
  },
  async *chat(google) {
    const messages: ModelMessage[] = [
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: 'Hello. What do you want to know?' },
      { role: 'user', content: prompt },
    ];
    const { text, response } = await generateText({ model: google(model), messages, maxRetries });
    yield { text, response };
    const more: ModelMessage[] = [...messages, ...response.messages, { role: 'user', content: 'And in the evening?' }];
    yield* streamed({ model: google(model), messages: more });
  },
  async *json(google) {
    const asked = { model: google(model), prompt, schema: z.object({ color: z.string() }), maxRetries };
    yield (await generateObject(asked)).object;
    for await (const part of streamObject(asked).partialObjectStream) yield part;
  },
  async *longDecode(google) {
    const asked = { model: google('gemini-4-argon'), prompt, maxRetries };
    yield (await generateText(asked)).text;
    for await (const text of streamText(asked).textStream) yield text;
  },
  async *cacheInPrompt(google, place) {
    const cachedContent = await made(place, 'cachedContents', taleCache);
    const asked = { model: google(model), prompt, providerOptions: { google: { cachedContent } } };
    yield* answered(asked);
    yield* streamed(asked);
  },
  async *storeInPrompt(google, place) {
    const fileSearchStoreNames = [await made(place, 'fileSearchStores', {})];
    const tools = { file_search: google.tools.fileSearch({ fileSearchStoreNames }) };
    yield* answered({ model: google(model), prompt, tools });
  },
};
