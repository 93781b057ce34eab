/** `@google/genai`: what models can do beside answering one prompt. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Content, type GoogleGenAI, Type } from '@google/genai';
import { made } from '../use.ts';
import type { GenaiUses } from './genai.ts';

const model = 'gemini-2.5-flash';
const prompt = 'Why is the sky blue?';

/** Downloads to a file, as the SDK wants it. @returns what is in it */
export async function downloaded(ai: GoogleGenAI, file: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-clients-'));
  try {
    const downloadPath = join(folder, 'file');
    await ai.files.download({ file, downloadPath });
    return readFileSync(downloadPath, 'latin1');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The rows about models. */
export const modelUses: GenaiUses<
  'embeddings' | 'tokens' | 'models' | 'chat' | 'json' | 'longDecode' | 'images' | 'videos' | 'tuning' | 'tunedModels'
> = {
  async *embeddings({ models }) {
    const asked = { model: 'gemini-embedding-001', config: { outputDimensionality: 8 } };
    yield await models.embedContent({ ...asked, contents: 'one' });
    yield await models.embedContent({ ...asked, contents: ['two', 'three'] });
  },
  async *tokens({ models }) {
    yield await models.countTokens({ model, contents: prompt });
  },
  async *models({ models }) {
    for await (const one of await models.list({ config: { pageSize: 5 } })) yield one;
    yield await models.get({ model });
  },
  async *chat({ chats }) {
    const history: Content[] = [
      { role: 'user', parts: [{ text: 'Hello' }] },
      { role: 'model', parts: [{ text: 'Hello. What do you want to know?' }] },
    ];
    const chat = chats.create({ model, history });
    yield await chat.sendMessage({ message: prompt });
    for await (const chunk of await chat.sendMessageStream({ message: 'And in the evening?' })) yield chunk;
    yield chat.getHistory();
  },
  async *json({ models }) {
    const responseSchema = { type: Type.OBJECT, properties: { color: { type: Type.STRING } }, required: ['color'] };
    const config = { responseMimeType: 'application/json', responseSchema };
    yield (await models.generateContent({ model, contents: prompt, config })).text;
  },
  async *longDecode({ models }) {
    const asked = { model: 'gemini-4-argon', contents: prompt };
    yield (await models.generateContent(asked)).text;
    for await (const chunk of await models.generateContentStream(asked)) yield chunk.text;
  },
  async *images({ models }) {
    yield await models.generateImages({ model: 'imagen-4.0-generate-001', prompt, config: { numberOfImages: 2 } });
  },
  async *videos(ai, { pass }) {
    const begun = await ai.models.generateVideos({ model: 'veo-3.1-generate-preview', source: { prompt } });
    yield begun;
    yield await ai.operations.getVideosOperation({ operation: begun });
    pass(60_000);
    const operation = await ai.operations.getVideosOperation({ operation: begun });
    yield operation;
    const uri = operation.response?.generatedVideos?.[0]?.video?.uri ?? '';
    yield await downloaded(ai, uri);
  },
  async *tuning({ tunings }) {
    const trainingDataset = { examples: [{ textInput: 'a', output: 'b' }] };
    yield await tunings.tune({ baseModel: `models/${model}`, trainingDataset });
  },
  async *tunedModels({ models, tunings }, place) {
    const examples = { examples: { examples: [{ textInput: 'a', output: 'b' }] } };
    const asked = { displayName: 'Mine', baseModel: `models/${model}`, tuningTask: { trainingData: examples } };
    const name = /^tunedModels\/[^/]+/.exec(await made(place, 'tunedModels', asked))?.[0] ?? '';
    place.pass(60_000);
    yield await tunings.get({ name });
    yield await models.get({ model: name });
    for await (const one of await models.list({ config: { queryBase: false } })) yield one;
    yield await models.update({ model: name, config: { displayName: 'Ours' } });
    yield await models.generateContent({ model: name, contents: prompt });
    yield await models.delete({ model: name });
  },
};
