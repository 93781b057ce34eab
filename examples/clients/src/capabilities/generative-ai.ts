/** `@google/generative-ai`, with its managers of files and caches. */

import { type CachedContentBase, GoogleGenerativeAI, SchemaType } from '@google/generative-ai';
import { GoogleAICacheManager, GoogleAIFileManager } from '@google/generative-ai/server';
import { generativeAi } from '../clients/generative-ai.ts';
import type { Endpoint } from '../contract.ts';
import { promptUses } from './prompts.ts';
import { type CapableClient, noCall, refusalOf, tale } from './use.ts';

const name = 'gemini-2.5-flash';
const prompt = 'Why is the sky blue?';
const mimeType = 'text/plain';

const modelAt = ({ url, key }: Endpoint, model = name) =>
  new GoogleGenerativeAI(key).getGenerativeModel({ model }, { baseUrl: url });
const filesAt = ({ url, key }: Endpoint) => new GoogleAIFileManager(key, { baseUrl: url });
const cachesAt = ({ url, key }: Endpoint) => new GoogleAICacheManager(key, { baseUrl: url });
const told = (displayName: string): CachedContentBase & { model: string; ttlSeconds: number } => ({
  ...{ model: `models/${name}`, displayName, ttlSeconds: 600 },
  contents: [{ role: 'user', parts: [{ text: tale }] }],
});

/** The SDK before `@google/genai`. */
export const capableGenerativeAi: CapableClient = {
  client: generativeAi,
  uses: {
    ...promptUses(generativeAi),
    async *embeddings(place) {
      const model = modelAt(place, 'gemini-embedding-001');
      yield await model.embedContent('one');
      const requests = ['two', 'three'].map((text) => ({ content: { role: 'user', parts: [{ text }] } }));
      yield await model.batchEmbedContents({ requests });
    },
    async *tokens(place) {
      yield await modelAt(place).countTokens(prompt);
    },
    async *chat(place) {
      const history = [
        { role: 'user', parts: [{ text: 'Hello' }] },
        { role: 'model', parts: [{ text: 'Hello. What do you want to know?' }] },
      ];
      const chat = modelAt(place).startChat({ history });
      yield (await chat.sendMessage(prompt)).response;
      for await (const chunk of (await chat.sendMessageStream('And in the evening?')).stream) yield chunk;
      yield await chat.getHistory();
    },
    async *json(place) {
      const properties = { color: { type: SchemaType.STRING } } as const;
      const responseSchema = { type: SchemaType.OBJECT, properties, required: ['color'] } as const;
      const generationConfig = {
        responseMimeType: 'application/json',
        responseSchema: {
          ...responseSchema,
          properties: { color: { type: SchemaType.STRING as const } },
          required: ['color'],
        },
      };
      const contents = [{ role: 'user', parts: [{ text: prompt }] }];
      yield (await modelAt(place).generateContent({ contents, generationConfig })).response.text();
    },
    async *upload(place) {
      yield await filesAt(place).uploadFile(Buffer.from('Once upon a time'), { mimeType, displayName: 'A beginning' });
    },
    async *files(place) {
      const files = filesAt(place);
      const { file } = await files.uploadFile(Buffer.from('one'), { mimeType, displayName: 'One' });
      await files.uploadFile(Buffer.from('two'), { mimeType });
      await files.uploadFile(Buffer.from('three'), { mimeType });
      yield await files.getFile(file.name);
      const page = await files.listFiles({ pageSize: 2 });
      yield page;
      yield await files.listFiles({ pageSize: 2, ...(page.nextPageToken && { pageToken: page.nextPageToken }) });
      yield await files.deleteFile(file.name);
    },
    async *fileInPrompt(place) {
      const files = filesAt(place);
      const { file: one } = await files.uploadFile(Buffer.from('one'), { mimeType });
      const { file: two } = await files.uploadFile(Buffer.from('two'), { mimeType });
      const parts = [one, two].map(({ uri }) => ({ fileData: { fileUri: uri, mimeType } }));
      const asked = [...parts, { text: 'What do they say?' }];
      yield (await modelAt(place).generateContent(asked)).response;
      for await (const chunk of (await modelAt(place).generateContentStream(asked)).stream) yield chunk;
      yield await modelAt(place).countTokens(asked);
    },
    async *caches(place) {
      const caches = cachesAt(place);
      const { name: first = '', ...fields } = await caches.create(told('One'));
      yield { first, fields };
      await caches.create(told('Two'));
      yield await caches.get(first);
      const page = await caches.list({ pageSize: 1 });
      yield page;
      yield await caches.list({ pageSize: 1, ...(page.nextPageToken && { pageToken: page.nextPageToken }) });
      yield await caches.update(first, { cachedContent: { ttlSeconds: 900 } });
      yield await caches.delete(first);
    },
    async *cacheInPrompt(place) {
      const cache = await cachesAt(place).create(told('One'));
      const { url, key } = place;
      const model = new GoogleGenerativeAI(key).getGenerativeModelFromCachedContent(cache, {}, { baseUrl: url });
      yield (await model.generateContent(prompt)).response;
      for await (const chunk of (await model.generateContentStream(prompt)).stream) yield chunk;
    },
    async *gone(place) {
      const [files, caches] = [filesAt(place), cachesAt(place)];
      const { file } = await files.uploadFile(Buffer.from('one'), { mimeType });
      await files.deleteFile(file.name);
      yield await refusalOf(files.getFile(file.name));
      const { name: cache = '' } = await caches.create(told('One'));
      await caches.delete(cache);
      yield await refusalOf(caches.get(cache));
    },
    longDecode: { lacks: 'It knows no continuation: its answer ends with the first hop, direct as well.' },
    ...{
      models: noCall,
      several: noCall,
      images: noCall,
      videos: noCall,
      speech: noCall,
      transcription: noCall,
      decisions: noCall,
    },
    ...{ tuning: noCall, tunedModels: noCall, largeUpload: noCall, register: noCall },
    ...{ batches: noCall, batchCancelled: noCall, batchOfFile: noCall, batchOfEmbeddings: noCall },
    ...{ stores: noCall, storeImport: noCall, storeUpload: noCall, storeInPrompt: noCall },
    ...{ interactions: noCall, interactionStreamed: noCall, interactionContinued: noCall },
    ...{ interactionInBackground: noCall, agents: noCall, environments: noCall, webhooks: noCall },
    ...{ live: noCall, liveTools: noCall, liveResumed: noCall, liveToken: noCall, music: noCall },
  },
};
