/** The call itself: Google's SDK, whose `fetch` is the gateway. */

import type { Content, GenerateContentConfig, GenerateContentResponse } from '@google/genai';
import { GoogleGenAI } from '@google/genai/web'; // a tenth of the time that its Node entry takes to load, 30 of 330 ms
import { type Gateway, isSluiceError, SluiceError } from '@sluice/core';
import type { ChatPart, ChatRequest, ChatUsage, StreamEnd } from './contract.ts';
import { RefusedCall, troubleIn } from './trouble.ts';

/** How an answer ended. */
export type Ending = Omit<StreamEnd, 'id'>;

/** Asks, and hands out what comes. Nothing is asked before the first piece is. */
export type Ask = (request: ChatRequest, signal: AbortSignal) => AsyncGenerator<readonly ChatPart[], Ending, void>;

/** @param defaultModel - for requests that name none */
export function askThrough(gateway: Pick<Gateway, 'fetch'>, defaultModel: string): Ask {
  // Only paths count, and keys are the gateway's business. Its retries too: without `retryOptions` the SDK makes none.
  const { models } = new GoogleGenAI({
    apiKey: 'in-process',
    vertexai: false,
    // `v1`, which the SDK would take, knows neither tools nor system instructions.
    httpOptions: { baseUrl: 'http://gateway', apiVersion: 'v1beta', fetch: callThrough(gateway) },
  });
  return async function* ask({ model = defaultModel, prompt, contents, config }, signal) {
    const responses = await models
      .generateContentStream({
        model,
        contents: prompt ?? (contents as unknown as Content[]),
        config: { ...(config as GenerateContentConfig | undefined), abortSignal: signal },
      })
      .catch((error: unknown) => {
        if (signal.aborted || error instanceof RefusedCall || isSluiceError(error)) throw error;
        const message = 'No call could be made of this request. Look at its contents and its config.';
        throw new SluiceError('invalid_request', message, { cause: error });
      });
    let last: Ending = { finishReason: null, blockReason: null, usage: null };
    for await (const response of responses) {
      const [candidate] = response.candidates ?? [];
      last = {
        // Some models say STOP, and then go on.
        finishReason: candidate?.finishReason ?? last.finishReason,
        blockReason: response.promptFeedback?.blockReason ?? last.blockReason,
        usage: usageOf(response) ?? last.usage,
      };
      const parts = (candidate?.content?.parts ?? []) as unknown as readonly ChatPart[];
      if (parts.length > 0) yield parts;
    }
    return last;
  };
}

function callThrough(gateway: Pick<Gateway, 'fetch'>): typeof fetch {
  return async (input, init) => {
    const response = await gateway.fetch(input, init);
    if (response.ok) return response;
    throw new RefusedCall(await troubleIn(response));
  };
}

function usageOf({ usageMetadata: used }: GenerateContentResponse): ChatUsage | null {
  if (used === undefined) return null;
  return {
    promptTokens: used.promptTokenCount ?? 0,
    cachedTokens: used.cachedContentTokenCount ?? 0,
    thoughtTokens: used.thoughtsTokenCount ?? 0,
    answerTokens: used.candidatesTokenCount ?? 0,
    totalTokens: used.totalTokenCount ?? 0,
  };
}
