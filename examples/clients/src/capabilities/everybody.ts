/** Everybody who is tried, in the order of the columns. */

import { capableAiSdk } from './ai-sdk/ai-sdk.ts';
import { capableGeminiCli } from './gemini-cli.ts';
import { capableGenai, capableGenai1 } from './genai/genai.ts';
import { capableGenerativeAi } from './generative-ai.ts';
import { capableLangchainGoogle, capableLangchainGoogleGenai } from './langchain.ts';
import { capableOpenai } from './openai.ts';
import type { CapableClient } from './use.ts';

/** The clients. */
export const everybody: readonly CapableClient[] = [
  capableGenai,
  capableGenai1,
  capableAiSdk,
  capableLangchainGoogleGenai,
  capableLangchainGoogle,
  capableGenerativeAi,
  capableOpenai,
  capableGeminiCli,
];
