/** What a window may send, channel by channel. */

import * as z from 'zod';
import type { Taken } from './channels.ts';
import type { ChatRequest } from './contract.ts';

/** The characters of API keys; whoever pastes two, or a line around one, is told. */
const keyPattern = /^[A-Za-z0-9_.-]{16,512}$/;
const key = z
  .string()
  .trim()
  .regex(keyPattern, 'expected an API key: 16 to 512 letters, digits, dots, hyphens or underscores');
/** For a new one; an old one is what it is. */
const newPassphrase = z.string().min(8, 'expected a passphrase of at least 8 characters').max(1_024);
const passphrase = z.string().min(1).max(1_024);
const id = z.uuid();

/** Whether a text can be a key; what was decrypted may be anything. */
export function canBeKey(text: string): boolean {
  return keyPattern.test(text);
}

export const saveKeySchema: z.ZodType<{ key: string; passphrase?: string | undefined }> = z.strictObject({
  key,
  passphrase: newPassphrase.optional(),
});
export const unlockKeySchema: z.ZodType<{ passphrase: string }> = z.strictObject({ passphrase });
export const cancelSchema: z.ZodType<{ id: string }> = z.strictObject({ id });
export const takenSchema: z.ZodType<Taken> = z.strictObject({ id, seq: z.int().min(0) });
export const nothingSchema: z.ZodType<undefined> = z.undefined();

const plain = z.record(z.string(), z.unknown());
const turn = z.strictObject({
  role: z.enum(['user', 'model']).optional(),
  parts: z.array(z.looseObject({ text: z.string().optional(), thought: z.boolean().optional() })).min(1),
});

/**
 * Listed one by one: what the SDK takes beside these would let a page choose headers, hosts and bodies of its own
 * (`httpOptions`), or name things that are not its business (`cachedContent`, `labels`).
 */
const config = z.strictObject({
  systemInstruction: z.union([z.string(), turn]).optional(),
  temperature: z.number().optional(),
  topP: z.number().optional(),
  topK: z.number().optional(),
  maxOutputTokens: z.int().optional(),
  stopSequences: z.array(z.string()).optional(),
  presencePenalty: z.number().optional(),
  frequencyPenalty: z.number().optional(),
  seed: z.int().optional(),
  responseMimeType: z.string().optional(),
  responseSchema: plain.optional(),
  responseJsonSchema: z.unknown().optional(),
  responseModalities: z.array(z.string()).optional(),
  mediaResolution: z.string().optional(),
  safetySettings: z.array(plain).optional(),
  tools: z.array(plain).optional(),
  toolConfig: plain.optional(),
  thinkingConfig: plain.optional(),
});

const shared = {
  model: z
    .string()
    .regex(/^(?:(?:models|tunedModels)\/)?[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/, 'expected the name of a model')
    .optional(),
  config: config.optional(),
};

export const chatSchema: z.ZodType<ChatRequest> = z.union(
  [
    z.strictObject({ ...shared, prompt: z.string().min(1), contents: z.undefined().optional() }),
    z.strictObject({ ...shared, contents: z.array(turn).min(1), prompt: z.undefined().optional() }),
  ],
  { error: 'expected { prompt } or { contents }, and beside it { model, config }, as ChatRequest has them' },
);
