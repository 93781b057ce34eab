import { ChatGoogle } from '@langchain/google';
import type { Client } from '../contract.ts';
import { langchainConnection } from './langchain.ts';

/** LangChain's newer package for everything of Google's, with HTTP of its own. */
export const langchainGoogle: Client = {
  name: '@langchain/google',
  packages: ['@langchain/google', '@langchain/core'],
  connect: ({ url, key }) =>
    langchainConnection((model) => new ChatGoogle({ model, apiKey: key, endpoint: url, maxRetries: 0 })),
};
