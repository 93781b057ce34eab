/** Answers calls about batches, and the requests in them. */

import type { RecordedRequest, SimulatedProject } from '../contract.ts';
import { type Batch, type BatchItem, batchJson, batchState } from './batches.ts';
import { type Fields, field, isFields, list, readBody, text } from './body.ts';
import type { Call } from './call.ts';
import { answerContent } from './content-calls.ts';
import { ownFile } from './file-calls.ts';
import type { StoredFile } from './files.ts';
import { modelFor } from './models.ts';
import { pageReply } from './pages.ts';
import { errorBody } from './refusal.ts';
import { bodyOf, Refused, requireSome } from './refused.ts';
import { jsonReply, type Reply } from './reply.ts';
import { newId } from './shelf.ts';
import type { World } from './world.ts';

/** @returns the answer; somebody else's batch and none at all are the same 404 */
export function answerBatchCall(call: Call, request: RecordedRequest, project: SimulatedProject, world: World): Reply {
  const json = (value: unknown) => jsonReply(value, world.now());
  const { batches } = world.belongings(project);
  if (call.method === 'listBatches') {
    const show = (batch: Batch) => batchJson(batch, project, world);
    return pageReply(batches, call, world, { name: 'operations', usual: 10, most: 100, show });
  }
  if (call.model !== '') {
    const batch = created(call, bodyOf(request), project, world);
    batches.put(batch);
    // As at Google: a batch has not begun when it is made, however short it is.
    return json(batchJson(batch, project, world, 'PENDING'));
  }
  const batch = batches.get(call.resource, world.now());
  if (batch === null) throw new Refused('not-found');
  if (call.method === 'getBatch') return json(batchJson(batch, project, world));
  if (call.method === 'deleteBatch') batches.delete(batch.id);
  // One that is over stays as it is.
  else if (batchState(batch, world) !== 'SUCCEEDED') batches.put({ ...batch, cancelledMs: world.now() });
  return json({});
}

function created(call: Call, body: Fields, project: SimulatedProject, world: World): Batch {
  const { model, version } = call;
  if (modelFor(model, call.method) === null) throw new Refused('404');
  const batch = field(body, 'batch');
  const input = field(batch, 'inputConfig');
  const inputFile = text(input, 'fileName') ?? null;
  const items = inputFile === null ? inlineItems(input) : fileItems(ownFile(idOf(inputFile), project, world));
  requireSome(items, 'BatchGenerateContentRequest.batch.input_config', 'input_config has no requests');
  const kind = call.method === 'batchGenerateContent' ? 'generate' : 'embed';
  let answers: readonly Fields[] | null = null;
  let file: StoredFile | null = null;
  return {
    ...{ id: newId(30), kind, model, version, inputFile, items },
    displayName: text(batch, 'displayName') ?? '',
    createdMs: world.now(),
    cancelledMs: null,
    expiresMs: Infinity,
    answers: () => (answers ??= items.map(({ request }) => answered(kind, model, request, call, project, world))),
    answersFile: (make) => (file ??= make()),
  };
}

function idOf(fileName: string): string {
  return fileName.replace(/^files\//, '');
}

function inlineItems(input: unknown): BatchItem[] {
  return list(field(input, 'requests'), 'requests').map((item) => {
    const request = field(item, 'request');
    return { request: isFields(request) ? request : {}, label: field(item, 'metadata') };
  });
}

/** One request on a line: its key, and the request. */
function fileItems(file: StoredFile): BatchItem[] {
  const lines = Buffer.from(file.lines ?? '')
    .toString()
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const read = readBody(Buffer.from(line));
    if ('why' in read) throw new Refused('bad-json', { why: read.why });
    const request = field(read.fields, 'request');
    return { request: isFields(request) ? request : {}, label: field(read.fields, 'key') };
  });
}

/** One answer. What would be refused alone is an error here, and the others are answered. */
function answered(
  kind: Batch['kind'],
  model: string,
  request: Fields,
  { version }: Call,
  project: SimulatedProject,
  world: World,
): Fields {
  const method = kind === 'generate' ? 'generateContent' : 'embedContent';
  const call: Call = {
    ...{ dialect: 'gemini', family: 'content', version, method, model, form: 'whole' },
    ...{ resource: '', parent: '', query: new URLSearchParams() },
  };
  try {
    const reply = answerContent(call, request, project, world, { isCounted: false });
    return { response: JSON.parse(Buffer.concat([...reply.events, reply.closing]).toString()) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { code, message } = JSON.parse(errorBody(error.reason, call, error.blanks)).error;
    return { error: { code: rpcCodes[code as number] ?? 13, message } };
  }
}

/** Numbers of gRPC, which errors inside of answers are told in. */
const rpcCodes: Readonly<Record<number, number>> = { 400: 3, 403: 7, 404: 5, 429: 8, 500: 13, 503: 14 };
