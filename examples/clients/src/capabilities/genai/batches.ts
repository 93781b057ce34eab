/** `@google/genai`: batches. */

import type { GenaiUses } from './genai.ts';
import { downloaded } from './models.ts';

const model = 'gemini-2.5-flash';
const question = (text: string) => ({ contents: [{ role: 'user', parts: [{ text }] }] });
const src = [question('Why is the sky blue?'), question('Why is the sea blue?')];
const minute = 60_000;

/** The rows about batches. */
export const batchUses: GenaiUses<'batches' | 'batchCancelled' | 'batchOfFile' | 'batchOfEmbeddings'> = {
  async *batches({ batches }, { pass }) {
    const begun = await batches.create({ model, src, config: { displayName: 'Colors' } });
    yield begun;
    const name = begun.name ?? '';
    for await (const batch of await batches.list()) yield batch;
    pass(minute);
    yield await batches.get({ name });
    yield await batches.delete({ name });
  },
  async *batchCancelled({ batches }, { pass }) {
    const { name = '' } = await batches.create({ model, src });
    pass(minute / 2);
    yield await batches.get({ name });
    await batches.cancel({ name });
    yield await batches.get({ name });
  },
  async *batchOfFile(ai, { pass }) {
    const lines = ['a', 'b'].map((key) => JSON.stringify({ key, request: question(key) })).join('\n');
    const file = await ai.files.upload({ file: new Blob([lines]), config: { mimeType: 'application/jsonl' } });
    const { name = '' } = await ai.batches.create({ model, src: file.name ?? '' });
    pass(minute);
    const done = await ai.batches.get({ name });
    yield done;
    yield await downloaded(ai, done.dest?.fileName ?? '');
  },
  async *batchOfEmbeddings({ batches }, { pass }) {
    const inlinedRequests = { contents: ['one', 'two'], config: { outputDimensionality: 3 } };
    const { name = '' } = await batches.createEmbeddings({ model: 'gemini-embedding-001', src: { inlinedRequests } });
    pass(minute);
    yield await batches.get({ name });
  },
};
