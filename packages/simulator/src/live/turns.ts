/** What a Live model says: the echo of what it heard, a call of a function that was named, and what it cost. */

import { geminiAsk } from '../gemini/ask.ts';
import { type Fields, field, list, text } from '../gemini/body.ts';
import { functionCallFor } from '../gemini/function-call.ts';
import { newId } from '../gemini/shelf.ts';
import { countTokens } from '../gemini/tokens.ts';
import { type Setup, toolsOf } from './setup.ts';

/** An answered turn: messages in order, and its tokens, both sides. */
export interface Turn {
  readonly messages: readonly Fields[];
  readonly tokens: number;
  /** Whether the model has had its say; it has not while it waits for the results of a function. */
  readonly isComplete: boolean;
}

const usualRate = 'audio/pcm;rate=24000';

/** Answers the contents of a turn: a call when they name an offered function, else each text part of them again. */
export function turnOf(contents: readonly unknown[], setup: Setup, earlierTokens: number): Turn {
  const ask = geminiAsk(setup.model, { contents, ...toolsOf(setup) });
  const promptTokens = earlierTokens + ask.promptTokens;
  const call = functionCallFor(ask.prompt, ask.tools, ask.mode);
  if (call !== null) {
    const functionCalls = [{ id: `function-call-${newId(16)}`, name: call.name, args: call.args }];
    const tokens = countTokens(JSON.stringify(call));
    return {
      messages: [{ toolCall: { functionCalls } }, usage(promptTokens, tokens)],
      tokens: promptTokens + tokens - earlierTokens,
      isComplete: false,
    };
  }
  const parts = contents.flatMap((content) => list(content, 'parts'));
  return echoOf(parts.flatMap(echoed), promptTokens, earlierTokens);
}

/** Answers the results of functions: they are said again as JSON. */
export function resultsTurn(results: readonly unknown[], earlierTokens: number): Turn {
  const parts = results.map((result) => ({ text: JSON.stringify(field(result, 'response') ?? {}) }));
  return echoOf(parts, earlierTokens + countTokens(JSON.stringify(results)), earlierTokens);
}

/** What is heard is said again at once, in a message of its own. */
export function audioEcho(media: unknown): Fields {
  const mimeType = text(media, 'mimeType') ?? usualRate;
  return spoken([{ inlineData: { mimeType, data: text(media, 'data') ?? '' } }]);
}

/** The end of a turn, and what the session has cost so far. */
export function turnEnd(promptTokens: number, responseTokens: number): Fields[] {
  return [
    { serverContent: { generationComplete: true } },
    { serverContent: { turnComplete: true }, ...usage(promptTokens, responseTokens) },
  ];
}

function echoOf(parts: readonly Fields[], promptTokens: number, earlierTokens: number): Turn {
  const tokens = parts.reduce((sum, part) => sum + countTokens(text(part, 'text') ?? ''), 0);
  return {
    messages: [...parts.map((part) => spoken([part])), ...turnEnd(promptTokens, tokens)],
    tokens: promptTokens + tokens - earlierTokens,
    isComplete: true,
  };
}

function echoed(part: unknown): Fields[] {
  const words = text(part, 'text');
  if (words !== undefined) return [{ text: words }];
  const data = field(part, 'inlineData');
  return /^audio\//.test(text(data, 'mimeType') ?? '') ? [{ inlineData: data }] : [];
}

function spoken(parts: readonly Fields[]): Fields {
  return { serverContent: { modelTurn: { parts } } };
}

function usage(promptTokens: number, responseTokens: number): Fields {
  return {
    usageMetadata: {
      promptTokenCount: promptTokens,
      ...(responseTokens === 0 ? {} : { responseTokenCount: responseTokens }),
      totalTokenCount: promptTokens + responseTokens,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: promptTokens }],
      ...(responseTokens === 0 ? {} : { responseTokensDetails: [{ modality: 'TEXT', tokenCount: responseTokens }] }),
    },
  };
}
