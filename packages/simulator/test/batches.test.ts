/** Batches by raw calls, and by Google's own SDK. */

import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GoogleGenAI, JobState } from '@google/genai';
import { afterAll, afterEach, expect, test } from 'vitest';
import { collect } from './collect.ts';
import { startStage } from './projects.ts';

const stage = await startStage({ answer: (prompt) => `re: ${prompt}`, batchProcessingMs: 60_000 });
const { simulator } = stage;
afterEach(() => stage.reset());
afterAll(() => simulator.close());

const ai = new GoogleGenAI({ apiKey: 'main-1', httpOptions: { baseUrl: simulator.url } });
const model = 'gemini-2.5-flash';
const question = (text: string) => ({ contents: [{ role: 'user', parts: [{ text }] }] });
const inline = (...texts: string[]) => ({
  batch: {
    displayName: 'Letters',
    inputConfig: {
      requests: { requests: texts.map((text) => ({ request: question(text), metadata: { key: text } })) },
    },
  },
});

async function create(...texts: string[]): Promise<string> {
  return (await stage.call('POST', `models/${model}:batchGenerateContent`, inline(...texts))).json.name;
}

const notFound = [404, 'Requested entity was not found.'];

test('a batch is pending, running and done when its time has come', async () => {
  const made = await stage.call('POST', `models/${model}:batchGenerateContent`, inline('a', 'b'));
  const { name, metadata, done } = made.json;
  expect([name, done]).toEqual([expect.stringMatching(/^batches\/[a-z0-9]{30}$/), undefined]);
  expect(metadata).toMatchObject({
    ...{ model: `models/${model}`, displayName: 'Letters', state: 'BATCH_STATE_PENDING' },
    batchStats: { requestCount: '2', pendingRequestCount: '2' },
  });
  stage.nowMs += 30_000;
  expect((await stage.call('GET', name)).json.metadata.state).toBe('BATCH_STATE_RUNNING');
  stage.nowMs += 30_000;
  const { json } = await stage.call('GET', name, undefined, 'main-2');
  expect([json.done, json.metadata.state]).toEqual([true, 'BATCH_STATE_SUCCEEDED']);
  const { inlinedResponses } = json.response.inlinedResponses;
  expect(inlinedResponses).toMatchObject([
    { response: { candidates: [{ content: { parts: [{ text: 're: a' }] } }] }, metadata: { key: 'a' } },
    { response: { candidates: [{ content: { parts: [{ text: 're: b' }] } }] }, metadata: { key: 'b' } },
  ]);
  expect(simulator.project('main').used(model).requests).toBe(0);
});

test('what would be refused alone is an error of its own', async () => {
  const requests = [{ request: {} }, { request: question('fine') }];
  const batch = { batch: { inputConfig: { requests: { requests } } } };
  const { json } = await stage.call('POST', `models/${model}:batchGenerateContent`, batch);
  stage.nowMs += 60_000;
  const { metadata, response } = (await stage.call('GET', json.name)).json;
  expect(metadata.batchStats).toEqual({ requestCount: '2', successfulRequestCount: '1', failedRequestCount: '1' });
  expect(response.inlinedResponses.inlinedResponses[0].error).toEqual({
    code: 3,
    message: expect.stringContaining('contents is not specified'),
  });
});

test('it belongs to its project: seen, cancelled and deleted by no other', async () => {
  const name = await create('a');
  expect(simulator.project('main').batches).toEqual([name]);
  for (const [method, path] of [
    ['GET', name],
    ['POST', `${name}:cancel`],
    ['DELETE', name],
  ] as const) {
    expect(await stage.refusal(method, path, undefined, 'other-1')).toEqual(notFound);
  }
  expect((await stage.call('GET', 'batches', undefined, 'other-1')).json).toEqual({});
  expect((await stage.call('DELETE', name)).json).toEqual({});
  expect(await stage.refusal('GET', name)).toEqual(notFound);
});

test('one that is cancelled has no answers, and one that is done stays done', async () => {
  const name = await create('a');
  expect((await stage.call('POST', `${name}:cancel`)).json).toEqual({});
  stage.nowMs += 60_000;
  expect((await stage.call('GET', name)).json).toMatchObject({
    metadata: { state: 'BATCH_STATE_CANCELLED' },
    done: true,
    error: { code: 1 },
  });
  const other = await create('b');
  stage.nowMs += 60_000;
  await stage.call('POST', `${other}:cancel`);
  expect((await stage.call('GET', other)).json.metadata.state).toBe('BATCH_STATE_SUCCEEDED');
});

test('lists come in pages, newest first, whose tokens are of no use to others', async () => {
  const names = [await create('a'), await create('b'), await create('c')];
  const page = (await stage.call('GET', 'batches?pageSize=2')).json;
  expect(page.operations.map(({ name }: { name: string }) => name)).toEqual([names[2], names[1]]);
  const rest = (await stage.call('GET', `batches?pageSize=2&pageToken=${page.nextPageToken}`)).json;
  expect(rest.operations.map(({ name }: { name: string }) => name)).toEqual([names[0]]);
  expect((await stage.call('GET', `batches?pageToken=${page.nextPageToken}`, undefined, 'other-1')).status).toBe(400);
});

test('two credentials are one too many', async () => {
  const message = 'Multiple authentication credentials received. Please pass only one.';
  expect(await stage.refusal('GET', 'batches?key=main-2')).toEqual([400, message]);
  expect(await stage.refusal('GET', 'interactions/x?key=main-2')).toEqual([400, message]);
});

test('the SDK makes one from requests, lists it, and reads its answers', async () => {
  const { name = '', state } = await ai.batches.create({ model, src: [question('a')], config: { displayName: 'One' } });
  expect(state).toBe(JobState.JOB_STATE_PENDING);
  expect((await collect(await ai.batches.list())).map((job) => job.name)).toEqual([name]);
  stage.nowMs += 60_000;
  const job = await ai.batches.get({ name });
  expect([job.state, job.displayName]).toEqual([JobState.JOB_STATE_SUCCEEDED, 'One']);
  const [answer] = job.dest?.inlinedResponses ?? [];
  expect(answer?.response?.candidates?.[0]?.content?.parts).toEqual([{ text: 're: a' }]);
  await ai.batches.delete({ name });
  await expect(ai.batches.get({ name })).rejects.toThrow('Requested entity was not found.');
});

test('the SDK makes one from a file, and downloads the file of its answers', async () => {
  const lines = ['a', 'b'].map((key) => JSON.stringify({ key, request: question(key) })).join('\n');
  const file = await ai.files.upload({ file: new Blob([lines]), config: { mimeType: 'application/jsonl' } });
  const job = await ai.batches.create({ model, src: file.name ?? '' });
  stage.nowMs += 60_000;
  const { fileName = '' } = (await ai.batches.get({ name: job.name ?? '' })).dest ?? {};
  expect(simulator.project('main').files).toContain(fileName);
  const downloadPath = join(tmpdir(), `sluice-batch-${process.pid}.jsonl`);
  await ai.files.download({ file: fileName, downloadPath });
  const answers = (await readFile(downloadPath, 'utf8')).trim().split('\n');
  expect(answers.map((line) => JSON.parse(line))).toMatchObject([
    { key: 'a', response: { candidates: [{ content: { parts: [{ text: 're: a' }] } }] } },
    { key: 'b', response: { candidates: [{ content: { parts: [{ text: 're: b' }] } }] } },
  ]);
  await rm(downloadPath);
});

test('the file of requests has to be the project’s', async () => {
  const { name = '' } = await ai.files.upload({ file: new Blob(['{}']), config: { mimeType: 'application/jsonl' } });
  const body = { batch: { inputConfig: { fileName: name } } };
  expect(await stage.refusal('POST', `models/${model}:batchGenerateContent`, body, 'other-1')).toEqual([
    403,
    `You do not have permission to access the File ${name.slice(6)} or it may not exist.`,
  ]);
});

test('embeddings come in batches too', async () => {
  const src = { inlinedRequests: { contents: ['one', 'two'], config: { outputDimensionality: 3 } } };
  const { name = '' } = await ai.batches.createEmbeddings({ model: 'gemini-embedding-001', src });
  stage.nowMs += 60_000;
  const { dest } = await ai.batches.get({ name });
  expect(dest?.inlinedEmbedContentResponses?.map(({ response }) => response?.embedding?.values?.length)).toEqual([
    3, 3,
  ]);
});
