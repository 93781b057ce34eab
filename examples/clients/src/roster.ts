/** Everybody who is asked, in the order of the page. */

import { aiSdk } from './clients/ai-sdk.ts';
import { geminiCli } from './clients/gemini-cli.ts';
import { generativeAi } from './clients/generative-ai.ts';
import { googleGenai } from './clients/google-genai.ts';
import { googleGenai1 } from './clients/google-genai-1.ts';
import { langchainGoogle } from './clients/langchain-google.ts';
import { langchainGoogleGenai } from './clients/langchain-google-genai.ts';
import { openai } from './clients/openai.ts';
import type { Client } from './contract.ts';

/** The clients. */
export const roster: readonly Client[] = [
  googleGenai,
  googleGenai1,
  aiSdk,
  langchainGoogleGenai,
  langchainGoogle,
  generativeAi,
  openai,
  geminiCli,
];
