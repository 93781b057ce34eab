/** Reads what the provider's frames say beside the talk: tokens used, and handles by which a session goes on later. */

import type { Frame } from '../channel.ts';
import { saneCount } from '../dialect/dialect.ts';
import type { TokenUsage } from '../events.ts';
import { type Fields, isFields, readJson } from '../json.ts';

const QUOTE = 0x22;
const words = ['usageMetadata"', 'newHandle"'].map((word) => new TextEncoder().encode(word));

/** The accounts of one session. Each report of usage stands for one turn, so they add up. */
export class Accounts {
  /** Null until the provider has said anything of it. */
  usage: TokenUsage | null = null;
  readonly #onHandle: (frame: Frame) => void;

  /** @param onHandle - hears of frames with a handle in them */
  constructor(onHandle: (frame: Frame) => void) {
    this.#onHandle = onHandle;
  }

  /** Most frames hold audio and nothing else: those are looked through from quote to quote and never parsed. */
  read(frame: Frame): void {
    if (!mayTell(frame.data)) return;
    const message = readJson(frame.data);
    // What is no JSON is the client's to wonder about; it counts nothing.
    if (!isFields(message)) return;
    const { usageMetadata, sessionResumptionUpdate: update } = message;
    if (isFields(usageMetadata)) this.usage = sumOf(this.usage, usageMetadata);
    if (isFields(update) && typeof update.newHandle === 'string' && update.newHandle !== '') this.#onHandle(frame);
  }
}

function mayTell(data: Uint8Array): boolean {
  for (let at = data.indexOf(QUOTE); at >= 0; at = data.indexOf(QUOTE, at + 1)) {
    for (const word of words) if (isAt(data, at + 1, word)) return true;
  }
  return false;
}

function isAt(data: Uint8Array, from: number, word: Uint8Array): boolean {
  for (let at = 0; at < word.length; at++) if (data[from + at] !== word[at]) return false;
  return true;
}

/** The Live API calls an answer's tokens `response`, where the rest of Gemini says `candidates`. */
function sumOf(before: TokenUsage | null, said: Fields): TokenUsage {
  return {
    prompt: (before?.prompt ?? 0) + saneCount(said.promptTokenCount),
    candidates: (before?.candidates ?? 0) + saneCount(said.responseTokenCount ?? said.candidatesTokenCount),
    thoughts: (before?.thoughts ?? 0) + saneCount(said.thoughtsTokenCount),
    cached: (before?.cached ?? 0) + saneCount(said.cachedContentTokenCount),
    tools: (before?.tools ?? 0) + saneCount(said.toolUsePromptTokenCount),
  };
}
