/** The AI SDK: files, videos, batches. */

import {
  experimental_cancelBatch as cancelBatch,
  experimental_generateVideo as generateVideo,
  experimental_getBatchResults as getBatchResults,
  experimental_getBatchStatus as getBatchStatus,
  experimental_listBatches as listBatches,
  experimental_startBatch as startBatch,
  uploadFile,
} from 'ai';
import type { AiSdkUses } from './ai-sdk.ts';
import { about, answered, streamed } from './text.ts';

const model = 'gemini-2.5-flash';
const minute = 60_000;
const question = (id: string, prompt: string) => ({ id, type: 'text', model, prompt }) as const;
const requests = [question('a', 'Why is the sky blue?'), question('b', 'Why is the sea blue?')];

/** The rows about files and what takes a while. */
export const mediaUses: AiSdkUses<'upload' | 'fileInPrompt' | 'videos' | 'batches' | 'batchCancelled'> = {
  async *upload(google) {
    yield await uploadFile({ api: google.files(), data: { type: 'text', text: 'Once upon a time' } });
  },
  async *fileInPrompt(google) {
    const api = google.files();
    const { providerReference } = await uploadFile({ api, data: { type: 'text', text: 'Once upon a time' } });
    const asked = { model: google(model), messages: about(providerReference) };
    yield* answered(asked);
    yield* streamed(asked);
  },
  async *videos(google, { pass }) {
    const { video, responses, providerMetadata } = await generateVideo({
      model: google.video('veo-3.1-generate-preview'),
      prompt: 'A sunset',
      maxRetries: 0,
      download: fetched,
      poll: { delay: async () => pass(minute) },
    });
    yield { bytes: Buffer.from(video.uint8Array).toString('hex'), responses, providerMetadata };
  },
  async *batches(provider, { pass }) {
    const { warnings, ...batch } = await startBatch({ provider, requests });
    yield { warnings, batch };
    yield await getBatchStatus({ provider, batch, maxRetries: 0 });
    yield await listBatches({ provider, maxRetries: 0 });
    pass(minute);
    yield await getBatchStatus({ provider, batch, maxRetries: 0 });
    for await (const result of getBatchResults({ provider, batch, maxRetries: 0 })) yield result;
  },
  async *batchCancelled(provider, { pass }) {
    const batch = await startBatch({ provider, requests });
    pass(minute / 2);
    yield await cancelBatch({ provider, batch });
    yield await getBatchStatus({ provider, batch, maxRetries: 0 });
  },
};

/** Its own way of fetching keeps away from loopback addresses. */
async function fetched({ url }: { readonly url: URL }): Promise<{ data: Uint8Array; mediaType: string | undefined }> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`The video was answered ${answer.status}`);
  return {
    data: new Uint8Array(await answer.arrayBuffer()),
    mediaType: answer.headers.get('content-type') ?? undefined,
  };
}
