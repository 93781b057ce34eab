/** LangChain's two packages: chat models with the methods of all its chat models, and vectors in one of them. */

import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { AIMessage, type BaseMessage, HumanMessage } from '@langchain/core/messages';
import { ChatGoogle } from '@langchain/google';
import { ChatGoogleGenerativeAI, GoogleGenerativeAIEmbeddings } from '@langchain/google-genai';
import * as z from 'zod';
import { langchainGoogle } from '../clients/langchain-google.ts';
import { langchainGoogleGenai } from '../clients/langchain-google-genai.ts';
import type { CapabilityName } from './capability.ts';
import { promptUses } from './prompts.ts';
import {
  type CapableClient,
  type Lack,
  made,
  noCall,
  type Place,
  taleCache,
  type Use,
  type Uses,
  uploaded,
} from './use.ts';

const model = 'gemini-2.5-flash';
const prompt = 'Why is the sky blue?';
const lacksHops: Lack = { lacks: 'It knows no continuation: its answer ends with the first hop, direct as well.' };

const genaiAt = ({ url, key }: Place) =>
  new ChatGoogleGenerativeAI({ model, apiKey: key, baseUrl: url, maxRetries: 0 });
const googleAt = ({ url, key }: Place) => new ChatGoogle({ model, apiKey: key, endpoint: url, maxRetries: 0 });

const history: readonly BaseMessage[] = [
  new HumanMessage('Hello'),
  new AIMessage('Hello. What do you want to know?'),
  new HumanMessage(prompt),
];

/** What every chat model of LangChain has. */
function shared(modelAt: (place: Place) => BaseChatModel): Pick<Record<CapabilityName, Use>, SharedName> {
  return {
    async *chat(place) {
      const first = await modelAt(place).invoke([...history]);
      yield first;
      const more = [...history, first, new HumanMessage('And in the evening?')];
      for await (const chunk of await modelAt(place).stream(more)) yield chunk;
    },
    async *json(place) {
      const structured = modelAt(place).withStructuredOutput(z.object({ color: z.string() }), { includeRaw: true });
      yield await structured.invoke(prompt);
    },
    async *several(place) {
      yield* await modelAt(place).batch([prompt, 'Why is the sea blue?', 'Why is the grass green?']);
    },
    async *fileInPrompt(place) {
      // It uploads nothing, but takes what others have uploaded.
      const uploads = [await uploaded(place, 'one'), await uploaded(place, 'two')];
      const files = uploads.map(({ uri }) => ({ type: 'media', mimeType: 'text/plain', fileUri: uri }));
      const asked = [new HumanMessage({ content: [...files, { type: 'text', text: 'What do they say?' }] })];
      yield await modelAt(place).invoke(asked);
      for await (const chunk of await modelAt(place).stream(asked)) yield chunk;
    },
  };
}

type SharedName = 'chat' | 'json' | 'several' | 'fileInPrompt';

const nothingOf: Omit<Uses, 'text' | 'tools'> = {
  ...{ embeddings: noCall, tokens: noCall, models: noCall, chat: noCall, json: noCall, several: noCall },
  ...{
    longDecode: lacksHops,
    images: noCall,
    videos: noCall,
    speech: noCall,
    transcription: noCall,
    decisions: noCall,
  },
  ...{ tuning: noCall, tunedModels: noCall, upload: noCall, largeUpload: noCall, files: noCall, fileInPrompt: noCall },
  ...{ register: noCall, caches: noCall, cacheInPrompt: noCall },
  ...{ batches: noCall, batchCancelled: noCall, batchOfFile: noCall, batchOfEmbeddings: noCall },
  ...{ stores: noCall, storeImport: noCall, storeUpload: noCall, storeInPrompt: noCall },
  ...{ interactions: noCall, interactionStreamed: noCall, interactionContinued: noCall },
  ...{ interactionInBackground: noCall, agents: noCall, environments: noCall, webhooks: noCall, gone: noCall },
  ...{ live: noCall, liveTools: noCall, liveResumed: noCall, liveToken: noCall, music: noCall },
};

/** The first package. */
export const capableLangchainGoogleGenai: CapableClient = {
  client: langchainGoogleGenai,
  uses: {
    ...nothingOf,
    ...promptUses(langchainGoogleGenai),
    ...shared(genaiAt),
    async *embeddings({ url, key }) {
      const asked = { model: 'gemini-embedding-001', apiKey: key, baseUrl: url, maxRetries: 0 };
      const embeddings = new GoogleGenerativeAIEmbeddings(asked);
      yield await embeddings.embedQuery('one');
      yield await embeddings.embedDocuments(['two', 'three']);
    },
    async *cacheInPrompt(place) {
      const name = await made(place, 'cachedContents', taleCache);
      const chat = genaiAt(place);
      chat.useCachedContent({ ...taleCache, name, contents: [] }, undefined, { baseUrl: place.url });
      yield await chat.invoke(prompt);
    },
  },
};

/** The second one. */
export const capableLangchainGoogle: CapableClient = {
  client: langchainGoogle,
  uses: {
    ...nothingOf,
    ...promptUses(langchainGoogle),
    ...shared(googleAt),
    async *storeInPrompt(place) {
      const fileSearchStoreNames = [await made(place, 'fileSearchStores', {})];
      const model = googleAt(place).bindTools([{ fileSearch: { fileSearchStoreNames } }]);
      yield await model.invoke([new HumanMessage(prompt)]);
    },
  },
};
