/** OpenAI's SDK at the endpoint that Google keeps for it. */

import OpenAI, { toFile } from 'openai';
import { openai } from '../clients/openai.ts';
import { promptUses } from './prompts.ts';
import { type CapableClient, type Lack, noCall, type Place, refusalOf } from './use.ts';

const model = 'gemini-2.5-flash';
const asked = [{ role: 'user' as const, content: 'Why is the sky blue?' }];
const isOfOpenai: Lack = {
  lacks: 'Its calls of that kind are for services of OpenAI, in protocols that Google’s endpoint does not speak.',
};

const at = ({ url, key }: Place) => new OpenAI({ apiKey: key, baseURL: `${url}/v1beta/openai/`, maxRetries: 0 });
const lines = [
  JSON.stringify({ custom_id: 'a', method: 'POST', url: '/v1/chat/completions', body: { model, messages: asked } }),
];
const file = () => toFile(Buffer.from(lines.join('\n')), 'requests.jsonl', { type: 'application/jsonl' });

/** What it can ask of Gemini. */
export const capableOpenai: CapableClient = {
  client: openai,
  uses: {
    ...promptUses(openai),
    async *embeddings(place) {
      const { embeddings } = at(place);
      yield await embeddings.create({ model: 'gemini-embedding-001', input: 'one', dimensions: 8 });
      yield await embeddings.create({ model: 'gemini-embedding-001', input: ['two', 'three'], dimensions: 8 });
    },
    async *models(place) {
      for await (const one of await at(place).models.list()) yield one;
      yield await at(place).models.retrieve(model);
      // As the list calls it.
      yield await at(place).models.retrieve(`models/${model}`);
    },
    async *chat(place) {
      const { completions } = at(place).chat;
      const first = await completions.create({ model, messages: asked });
      yield first;
      const said = first.choices[0]?.message ?? { role: 'assistant', content: '' };
      const messages = [...asked, said, { role: 'user' as const, content: 'And in the evening?' }];
      yield* await completions.create({ model, messages, stream: true });
    },
    async *json(place) {
      const schema = { type: 'object', properties: { color: { type: 'string' } }, required: ['color'] };
      const response_format = { type: 'json_schema', json_schema: { name: 'reply', schema } } as const;
      yield await at(place).chat.completions.create({ model, messages: asked, response_format });
    },
    async *images(place) {
      yield await at(place).images.generate({ model: 'imagen-4.0-generate-001', prompt: 'A sunset' });
    },
    async *videos(place) {
      yield await at(place).videos.create({ model: 'veo-3.1-generate-preview' as 'sora-2', prompt: 'A sunset' });
    },
    async *speech(place) {
      yield await at(place).audio.speech.create({ model, voice: 'alloy', input: 'Hello' });
    },
    async *transcription(place) {
      yield await at(place).audio.transcriptions.create({ model, file: await file() });
    },
    async *upload(place) {
      yield await at(place).files.create({ file: await file(), purpose: 'batch' });
    },
    async *files(place) {
      const { files } = at(place);
      const { id } = await files.create({ file: await file(), purpose: 'batch' });
      await files.create({ file: await file(), purpose: 'batch' });
      await files.create({ file: await file(), purpose: 'batch' });
      yield await files.retrieve(id);
      for await (const one of await files.list({ limit: 2 })) yield [one.id, one];
      yield await files.delete(id);
    },
    async *batches(place) {
      const { files, batches } = at(place);
      const { id: input_file_id } = await files.create({ file: await file(), purpose: 'batch' });
      const asked = { input_file_id, endpoint: '/v1/chat/completions', completion_window: '24h' } as const;
      const { id } = await batches.create(asked);
      await batches.create(asked);
      yield await batches.retrieve(id);
      for await (const one of await batches.list({ limit: 1 })) yield [one.id, one];
    },
    async *batchOfFile(place) {
      const { files, batches } = at(place);
      const { id: input_file_id } = await files.create({ file: await file(), purpose: 'batch' });
      const begun = await batches.create({ input_file_id, endpoint: '/v1/chat/completions', completion_window: '24h' });
      const done = await batches.retrieve(begun.id);
      yield done;
      yield await (await files.content(done.output_file_id ?? '')).text();
    },
    async *batchCancelled(place) {
      const { files, batches } = at(place);
      const { id: input_file_id } = await files.create({ file: await file(), purpose: 'batch' });
      const { id } = await batches.create({
        input_file_id,
        endpoint: '/v1/chat/completions',
        completion_window: '24h',
      });
      yield await batches.cancel(id);
      yield await batches.retrieve(id);
    },
    async *gone(place) {
      const { files } = at(place);
      const { id } = await files.create({ file: await file(), purpose: 'batch' });
      await files.delete(id);
      yield await refusalOf(files.retrieve(id));
    },
    fileInPrompt: {
      lacks: 'It names files by `file_id`. The simulated Google does not look at that, so nothing would be shown.',
    },
    stores: isOfOpenai,
    live: isOfOpenai,
    longDecode: noCall,
    ...{ tokens: noCall, several: noCall, decisions: noCall, tuning: noCall, tunedModels: noCall, largeUpload: noCall },
    ...{ register: noCall, caches: noCall, cacheInPrompt: noCall },
    ...{ batchOfEmbeddings: noCall },
    ...{ storeImport: noCall, storeUpload: noCall, storeInPrompt: noCall },
    ...{ interactions: noCall, interactionStreamed: noCall, interactionContinued: noCall },
    ...{ interactionInBackground: noCall, agents: noCall, environments: noCall, webhooks: noCall },
    ...{ liveTools: noCall, liveResumed: noCall, liveToken: noCall, music: noCall },
  },
};
