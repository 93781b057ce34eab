import { ChatGoogleGenerativeAI } from '@langchain/google-genai';
import type { Client } from '../contract.ts';
import { langchainConnection } from './langchain.ts';

/** LangChain's first package for Gemini, on top of `@google/generative-ai`. */
export const langchainGoogleGenai: Client = {
  name: '@langchain/google-genai',
  packages: ['@langchain/google-genai', '@langchain/core'],
  connect: ({ url, key }) =>
    langchainConnection((model) => new ChatGoogleGenerativeAI({ model, apiKey: key, baseUrl: url, maxRetries: 0 })),
};
