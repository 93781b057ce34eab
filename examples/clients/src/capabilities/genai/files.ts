/** `@google/genai`: files and cached contents. */

import { createPartFromUri, type File, type GoogleGenAI } from '@google/genai';
import { tale } from '../use.ts';
import type { GenaiUses } from './genai.ts';

const model = 'gemini-2.5-flash';
const mimeType = 'text/plain';
const megabyte = 1_048_576;

/** Uploads a few words. */
export function uploaded({ files }: GoogleGenAI, text: string, displayName: string): Promise<File> {
  return files.upload({ file: new Blob([text]), config: { mimeType, displayName } });
}

/** Caches a tale. */
export function cached({ caches }: GoogleGenAI, displayName: string) {
  return caches.create({ model, config: { contents: tale, ttl: '600s', displayName } });
}

/** The rows about files and caches. */
export const fileUses: GenaiUses<
  'register' | 'upload' | 'largeUpload' | 'files' | 'fileInPrompt' | 'caches' | 'cacheInPrompt'
> = {
  async *upload(ai) {
    yield await uploaded(ai, 'Once upon a time', 'A beginning');
  },
  async *largeUpload({ files }) {
    // No part of it is like another, so that a chunk in the wrong place is seen in the hash.
    const numbers = Uint32Array.from({ length: (17 * megabyte) / 4 }, (_, at) => at);
    yield await files.upload({ file: new Blob([numbers, 'end']), config: { mimeType: 'video/mp4' } });
  },
  async *files(ai) {
    const first = await uploaded(ai, 'one', 'One');
    yield first;
    yield await uploaded(ai, 'two', 'Two');
    yield await uploaded(ai, 'three', 'Three');
    const name = first.name ?? '';
    yield await ai.files.get({ name });
    for await (const file of await ai.files.list({ config: { pageSize: 2 } })) yield file;
    yield await ai.files.delete({ name });
  },
  async *fileInPrompt(ai) {
    const files = [await uploaded(ai, 'one', 'One'), await uploaded(ai, 'two', 'Two')];
    const parts = files.map(({ uri }) => createPartFromUri(uri ?? '', mimeType));
    const asked = { model, contents: [...parts, 'What do they say?'] };
    yield await ai.models.generateContent(asked);
    for await (const chunk of await ai.models.generateContentStream(asked)) yield chunk;
    yield await ai.models.countTokens(asked);
  },
  async *register({ files }) {
    // All that the SDK asks of a `GoogleAuth`.
    const auth = { getRequestHeaders: async () => new Headers({ authorization: 'Bearer ya29.a-token' }) };
    yield await files.registerFiles({ auth, uris: ['gs://bucket/tale.txt'] });
  },
  async *caches(ai) {
    const first = await cached(ai, 'One');
    yield first;
    yield await cached(ai, 'Two');
    const name = first.name ?? '';
    yield await ai.caches.get({ name });
    for await (const cache of await ai.caches.list({ config: { pageSize: 1 } })) yield cache;
    yield await ai.caches.update({ name, config: { ttl: '900s' } });
    yield await ai.caches.delete({ name });
  },
  async *cacheInPrompt(ai) {
    const { name: cachedContent = '' } = await cached(ai, 'One');
    const asked = { model, contents: 'How does it end?', config: { cachedContent } };
    yield await ai.models.generateContent(asked);
    for await (const chunk of await ai.models.generateContentStream(asked)) yield chunk;
  },
};
