/** Batches: many requests of one model, answered after a while, inline or in a file. */

import type { SimulatedProject } from '../contract.ts';
import type { Fields } from './body.ts';
import { fileName, type StoredFile, storeFile } from './files.ts';
import { messageType } from './operations.ts';
import type { Keepable } from './shelf.ts';
import type { World } from './world.ts';

/** One request of a batch. */
export interface BatchItem {
  readonly request: Fields;
  /** Comes back beside the answer: `metadata` inline, `key` in a file. */
  readonly label: unknown;
}

export interface Batch extends Keepable {
  readonly kind: 'generate' | 'embed';
  readonly model: string;
  readonly displayName: string;
  readonly version: string;
  readonly createdMs: number;
  readonly cancelledMs: number | null;
  /** Where the requests came from; null for those that stood in the call. */
  readonly inputFile: string | null;
  readonly items: readonly BatchItem[];
  /** Answers all requests, once; an answer has either a `response` or an `error`. */
  readonly answers: () => readonly Fields[];
  /** The file of the answers, made once. */
  readonly answersFile: (make: () => StoredFile) => StoredFile;
}

export type BatchState = 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'CANCELLED';

/** Half of its time a batch waits, the other half it runs. */
export function batchState({ createdMs, cancelledMs }: Batch, world: World): BatchState {
  if (cancelledMs !== null) return 'CANCELLED';
  const ageMs = world.now() - createdMs;
  if (ageMs >= world.batchProcessingMs) return 'SUCCEEDED';
  return ageMs * 2 >= world.batchProcessingMs ? 'RUNNING' : 'PENDING';
}

/** A batch as the API shows it: an operation, with all there is to know in its metadata. */
export function batchJson(
  batch: Batch,
  project: SimulatedProject,
  world: World,
  state: BatchState = batchState(batch, world),
): Fields {
  const { id, kind, model, displayName, createdMs, cancelledMs, inputFile } = batch;
  const time = (ms: number) => new Date(ms).toISOString();
  const endMs = cancelledMs ?? createdMs + world.batchProcessingMs;
  const isDone = state === 'SUCCEEDED' || state === 'CANCELLED';
  const output = state === 'SUCCEEDED' ? outputOf(batch, project, world) : undefined;
  const name = `batches/${id}`;
  const prefix = kind === 'generate' ? 'GenerateContent' : 'EmbedContent';
  const metadata = {
    '@type': messageType(`${prefix}Batch`),
    ...{ model: `models/${model}`, displayName, name },
    ...(inputFile === null ? {} : { inputConfig: { fileName: inputFile } }),
    output,
    createTime: time(createdMs),
    updateTime: time(isDone ? endMs : createdMs),
    ...(isDone ? { endTime: time(endMs) } : {}),
    batchStats: statsOf(batch, state),
    state: `BATCH_STATE_${state}`,
    priority: '0',
  };
  if (state === 'CANCELLED') return { name, metadata, done: true, error: { code: 1, message: 'Batch was cancelled.' } };
  const response = { '@type': messageType(`${prefix}BatchOutput`), ...output };
  return { name, metadata, ...(isDone ? { done: true, response } : {}) };
}

function statsOf(batch: Batch, state: BatchState): Fields {
  const count = (number: number) => (number === 0 ? undefined : String(number));
  const total = batch.items.length;
  if (state !== 'SUCCEEDED') return { requestCount: count(total), pendingRequestCount: count(total) };
  const failed = batch.answers().filter(({ error }) => error !== undefined).length;
  return {
    requestCount: count(total),
    successfulRequestCount: count(total - failed),
    failedRequestCount: count(failed),
  };
}

/** Answers lie where the requests lay: in the batch itself, or in a file that can be downloaded. */
function outputOf(batch: Batch, project: SimulatedProject, world: World): Fields {
  const { id, inputFile, items, version } = batch;
  if (inputFile === null) {
    const inlined = batch.answers().map((answer, at) => ({ ...answer, metadata: items[at]?.label }));
    return { inlinedResponses: { inlinedResponses: inlined } };
  }
  const file = batch.answersFile(() => {
    const lines = batch.answers().map((answer, at) => `${JSON.stringify({ key: items[at]?.label, ...answer })}\n`);
    const draft = { project, mimeType: 'application/jsonl', version, id: `batch-${id}` };
    return storeFile(draft, Buffer.from(lines.join('')), world);
  });
  return { responsesFile: fileName(file) };
}
