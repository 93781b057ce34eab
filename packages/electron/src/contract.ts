/** What a window and the main process say to each other, as a page sees it. */

/** A part of a turn as the Gemini API has it: `text`, `inlineData`, `functionCall`, `functionResponse`, … */
export interface ChatPart {
  readonly text?: string | undefined;
  /** The text is a summary of thoughts, not of the answer. */
  readonly thought?: boolean | undefined;
  readonly [name: string]: unknown;
}

/** A turn of a conversation. */
export interface ChatTurn {
  readonly role?: 'user' | 'model' | undefined;
  readonly parts: readonly ChatPart[];
}

/** What may be asked of a model beside its contents: names and meanings are those of the Gemini API. */
export interface ChatConfig {
  readonly systemInstruction?: string | ChatTurn | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
  readonly maxOutputTokens?: number | undefined;
  readonly stopSequences?: readonly string[] | undefined;
  readonly presencePenalty?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  readonly seed?: number | undefined;
  readonly responseMimeType?: string | undefined;
  readonly responseSchema?: Readonly<Record<string, unknown>> | undefined;
  readonly responseJsonSchema?: unknown;
  readonly responseModalities?: readonly string[] | undefined;
  readonly mediaResolution?: string | undefined;
  readonly safetySettings?: readonly Readonly<Record<string, unknown>>[] | undefined;
  readonly tools?: readonly Readonly<Record<string, unknown>>[] | undefined;
  readonly toolConfig?: Readonly<Record<string, unknown>> | undefined;
  readonly thinkingConfig?: Readonly<Record<string, unknown>> | undefined;
}

/** One question: a prompt, or a conversation whose last turn is the user's. */
export type ChatRequest = {
  /** Any model of Gemini, or an alias of the gateway. @default the option `model` of `registerGemini` */
  readonly model?: string | undefined;
  readonly config?: ChatConfig | undefined;
} & (
  | { readonly prompt: string; readonly contents?: undefined }
  | { readonly contents: readonly ChatTurn[]; readonly prompt?: undefined }
);

/** A piece of an answer, at once when it has come. */
export interface NewChunk {
  readonly id: string;
  /** The answer's own text in this piece, without thoughts; '' when it has none. */
  readonly text: string;
  /** Everything in this piece as it came, for whoever continues the conversation. */
  readonly parts: readonly ChatPart[];
}

/** Tokens, as the provider counted them. */
export interface ChatUsage {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly thoughtTokens: number;
  readonly answerTokens: number;
  readonly totalTokens: number;
}

/** The answer is whole. */
export interface StreamEnd {
  readonly id: string;
  /** `STOP`, `MAX_TOKENS`, `SAFETY`, …; null when the prompt itself was refused. */
  readonly finishReason: string | null;
  /** Why the prompt was refused; else null. */
  readonly blockReason: string | null;
  readonly usage: ChatUsage | null;
}

/** There is no answer, or no more of it. What came before stays said. */
export interface StreamError {
  readonly id: string;
  /** A code of the gateway, as `no_usable_key`; `slow_reader`; or one of Gemini's own in small letters. */
  readonly code: string;
  /** A sentence that can be shown. It never holds the key. */
  readonly message: string;
  /** When another try makes sense, in ms, where somebody has said so. */
  readonly retryAfterMs?: number | undefined;
}

/** Events of a chat by their names. */
export interface ChatEvents {
  newChunk: NewChunk;
  streamEnd: StreamEnd;
  streamError: StreamError;
}

/** How it stands with the user's API key. The key itself never leaves the main process. */
export interface KeyState {
  /**
   * `saved`: encrypted on the disk and in use. `session`: in use until the app ends. `locked`: saved under a passphrase
   * that has not been given yet. `none`: there is no key.
   */
  readonly state: 'none' | 'saved' | 'session' | 'locked';
  /**
   * Why: nothing was saved, or what was saved cannot be read; who encrypts; nothing encrypts here and no passphrase
   * was given, or the app has brought the key.
   */
  readonly reason: 'nothing_saved' | 'unreadable' | 'os' | 'passphrase' | 'no_encryption' | 'given';
  /** Who would encrypt a key that is saved now: the system, or nothing but a passphrase of the user's. */
  readonly encryption: 'os' | 'passphrase';
}

/**
 * What a page may do; all of it goes to the main process. Functions reject with an `Error` whose message can be shown.
 *
 * @example
 * export async function ask(gemini: GeminiBridge): Promise<string> {
 *   gemini.on('newChunk', ({ text }) => console.log(text));
 *   return gemini.startChat({ prompt: 'Why is the sky blue?' });
 * }
 */
export interface GeminiBridge {
  /**
   * Keeps the user's key and takes it into use: encrypted by the system, else under the passphrase, else for this
   * session alone; what is answered says which. With a passphrase, it is that which encrypts.
   */
  saveApiKey(key: string, passphrase?: string): Promise<KeyState>;
  /** Takes a key into use that was saved under a passphrase. Rejects when it is the wrong one. */
  unlockApiKey(passphrase: string): Promise<KeyState>;
  /** Forgets the user's key, here and on the disk. */
  deleteApiKey(): Promise<KeyState>;
  keyState(): Promise<KeyState>;
  /** Whether a chat can start. */
  hasApiKey(): Promise<boolean>;
  /**
   * Asks. Whatever comes of it comes as events of the id, never before the id itself: pieces, and then exactly one
   * `streamEnd` or `streamError`. Rejects only where nothing was begun: a request that is none, or too many at once.
   */
  startChat(request: ChatRequest): Promise<string>;
  /**
   * Ends a chat and the provider's call. From now on nothing more is heard of the id, no end either.
   *
   * @returns whether it was still running
   */
  cancel(id: string): Promise<boolean>;
  /**
   * Listens to all chats of this window. A listener that returns a promise holds its stream until that is settled:
   * some 64 KiB later the provider is not read any further, and 60 s later the stream is given up.
   *
   * @returns stops listening
   */
  on<Name extends keyof ChatEvents>(name: Name, listener: (event: ChatEvents[Name]) => unknown): () => void;
}
