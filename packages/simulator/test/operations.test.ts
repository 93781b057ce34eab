/** Videos, tuned models, corpora, registered files, and what stands around interactions. */

import { GenerateVideosOperation, GoogleGenAI } from '@google/genai';
import { afterAll, afterEach, expect, test } from 'vitest';
import { startStage } from './projects.ts';

const stage = await startStage({ operationMs: 1_000 });
const { simulator } = stage;
afterEach(() => stage.reset());
afterAll(() => simulator.close());

const ai = new GoogleGenAI({ apiKey: 'main-1', httpOptions: { baseUrl: simulator.url } });
const notFound = [404, 'Requested entity was not found.'];
const instances = [{ prompt: 'A cat' }];

test('a video is made by an operation, and downloaded by its project alone', async () => {
  const { json } = await stage.call('POST', 'models/veo-3.1-generate-preview:predictLongRunning', { instances });
  expect(json).toEqual({
    name: expect.stringMatching(/^models\/veo-3\.1-generate-preview\/operations\/[a-z0-9]{16}$/),
  });
  expect(await stage.refusal('GET', json.name, undefined, 'other-1')).toEqual(notFound);
  const operation = Object.assign(new GenerateVideosOperation(), json);
  expect((await ai.operations.getVideosOperation({ operation })).done).toBeUndefined();
  stage.nowMs += 1_000;
  const done = await ai.operations.getVideosOperation({ operation });
  const uri = done.response?.generatedVideos?.[0]?.video?.uri ?? '';
  const path = uri.replace('https://generativelanguage.googleapis.com', '');
  const download = (key: string) => fetch(simulator.url + path, { headers: { 'x-goog-api-key': key } });
  const mine = await download('main-2');
  expect([mine.status, mine.headers.get('content-type')]).toEqual([200, 'video/mp4']);
  expect((await download('other-1')).status).toBe(403);
  // Made once, however often it is asked for.
  await ai.operations.getVideosOperation({ operation });
  expect(simulator.project('main').files).toHaveLength(1);
  expect(simulator.project('main').operations).toEqual([json.name]);
});

test('pictures come at once, as many as were asked for', async () => {
  const body = { instances, parameters: { sampleCount: 2 } };
  const { json } = await stage.call('POST', 'models/imagen-4.0-generate-001:predict', body);
  expect(json.predictions).toEqual(Array(2).fill({ mimeType: 'image/png', bytesBase64Encoded: expect.any(String) }));
  expect((await stage.call('POST', 'models/gemini-2.5-flash:predict', body)).status).toBe(404);
});

test('a model is tuned by an operation, changed, asked and deleted by its project alone', async () => {
  const body = {
    displayName: 'Mine',
    baseModel: 'models/gemini-2.5-flash',
    tuningTask: { trainingData: { examples: { examples: [{ textInput: 'a', output: 'b' }] } } },
  };
  const { json } = await stage.call('POST', 'tunedModels?tunedModelId=mine', body);
  expect(json).toMatchObject({ name: expect.stringContaining('tunedModels/mine/operations/') });
  const ask = { contents: [{ parts: [{ text: 'Hello' }] }] };
  const generate = 'tunedModels/mine:generateContent';
  expect((await stage.refusal('POST', generate, ask))[1]).toContain('is not ready');
  stage.nowMs += 1_000;
  expect((await stage.call('GET', json.name)).json).toMatchObject({ done: true, response: { state: 'ACTIVE' } });
  expect((await stage.call('POST', generate, ask, 'main-2')).json.modelVersion).toBe('tunedModels/mine');
  expect((await stage.call('POST', 'tunedModels/mine:streamGenerateContent?alt=json', ask)).status).toBe(200);
  const stranger = [403, 'You do not have permission to access the TunedModel tunedModels/mine or it may not exist.'];
  for (const [method, path, sent] of [
    ['GET', 'tunedModels/mine'],
    ['PATCH', 'tunedModels/mine', {}],
    ['DELETE', 'tunedModels/mine'],
    ['POST', generate, ask],
  ] as const) {
    expect(await stage.refusal(method, path, sent, 'other-1')).toEqual(stranger);
  }
  await stage.call('PATCH', 'tunedModels/mine?updateMask=displayName', { displayName: 'Ours' });
  expect((await stage.call('GET', 'tunedModels')).json.tunedModels).toMatchObject([{ displayName: 'Ours' }]);
  expect((await stage.refusal('POST', 'tunedModels?tunedModelId=mine', body))[0]).toBe(409);
  await stage.call('DELETE', 'tunedModels/mine');
  expect(simulator.project('main').tunedModels).toEqual([]);
});

test('corpora hold documents, documents hold chunks, and force deletes them all', async () => {
  const corpus = (await stage.call('POST', 'corpora', { displayName: 'Tales' })).json.name;
  const document = (await stage.call('POST', `${corpus}/documents`, { displayName: 'One' })).json.name;
  const chunk = (await stage.call('POST', `${document}/chunks`, { data: { stringValue: 'Once' } })).json.name;
  expect(chunk).toMatch(/^corpora\/[^/]+\/documents\/[^/]+\/chunks\/[^/]+$/);
  expect((await stage.call('GET', `${corpus}/documents`)).json.documents).toMatchObject([{ name: document }]);
  expect((await stage.call('PATCH', chunk, { data: { stringValue: 'Twice' } })).json.data.stringValue).toBe('Twice');
  expect((await stage.refusal('GET', corpus, undefined, 'other-1'))[1]).toMatch(
    /^You do not have permission to access the Corpus/,
  );
  expect((await stage.refusal('POST', `${corpus}/documents`, {}, 'other-1'))[0]).toBe(403);
  expect((await stage.refusal('DELETE', corpus))[0]).toBe(400);
  await stage.call('DELETE', `${corpus}?force=true`);
  expect((await stage.refusal('GET', chunk))[0]).toBe(403);
});

test('files in a bucket are registered with a token beside the key, and with nothing else', async () => {
  const register = (headers: Record<string, string>, query = '') =>
    fetch(`${simulator.url}/v1beta/files:register${query}`, {
      ...{ method: 'POST', headers },
      body: JSON.stringify({ uris: ['gs://bucket/tale.txt'] }),
    });
  const authorization = 'Bearer ya29.token';
  const { files } = (await (await register({ authorization, 'x-goog-api-key': 'main-1' })).json()) as {
    files: object[];
  };
  expect(files).toMatchObject([{ source: 'REGISTERED', state: 'ACTIVE' }]);
  expect(simulator.project('main').files).toHaveLength(1);
  expect((await register({ 'x-goog-api-key': 'main-1' })).status).toBe(401);
  expect((await register({ authorization: 'Bearer main-1', 'x-goog-api-key': 'main-1' })).status).toBe(401);
  expect((await register({ authorization })).status).toBe(403);
  expect((await register({ authorization }, '?key=main-1')).status).toBe(400);
  // Everywhere else the two are one too many.
  const list = await fetch(`${simulator.url}/v1beta/files`, { headers: { authorization, 'x-goog-api-key': 'main-1' } });
  expect(list.status).toBe(400);
});

test.each(['agents', 'environments', 'voices', 'webhooks', 'triggers', 'credentials'])(
  '%s are made, changed, listed in pages, and deleted by their project alone',
  async (kind) => {
    const first = (await stage.call('POST', `/v1/${kind}`, { id: 'one', display_name: 'One' })).json;
    expect(first).toMatchObject({ id: 'one', display_name: 'One', created: '2026-11-20T12:00:00.000Z' });
    const shown = (await stage.call('GET', `/v1/${kind}/one`, undefined, 'main-2')).json;
    await stage.call('POST', `/v1/${kind}`, {});
    const page = (await stage.call('GET', `/v1/${kind}?page_size=1`)).json;
    expect([page[kind].length, typeof page.next_page_token]).toEqual([1, 'string']);
    const rest = (await stage.call('GET', `/v1/${kind}?page_size=1&page_token=${page.next_page_token}`)).json;
    expect(rest).toEqual({ [kind]: [shown] });
    expect((await stage.call('PATCH', `/v1/${kind}/one`, { display_name: 'Two' })).json.display_name).toBe('Two');
    const { status, json } = await stage.call('GET', `/v1/${kind}/one`, undefined, 'other-1');
    expect([status, json.error]).toEqual([404, { code: 'not_found', message: 'Requested entity was not found.' }]);
    expect((await stage.call('POST', `/v1/${kind}`, { id: 'one' })).json.error.code).toBe('already_exists');
    await stage.call('DELETE', `/v1/${kind}/one`);
    expect((await stage.call('GET', `/v1/${kind}/one`)).status).toBe(404);
  },
);

test('a webhook shows its secret once, a trigger keeps its executions, an agent answers', async () => {
  const hook = (await stage.call('POST', '/v1/webhooks', { id: 'hook', uri: 'https://example.com' })).json;
  expect(hook.new_signing_secret).toMatch(/^whsec_/);
  expect((await stage.call('GET', '/v1/webhooks/hook')).json.new_signing_secret).toBeUndefined();
  expect((await stage.call('POST', '/v1/webhooks/hook:ping', {})).json).toEqual({});
  expect((await stage.call('POST', '/v1/webhooks/hook:rotateSigningSecret', {})).json.secret).toMatch(/^whsec_/);
  await stage.call('POST', '/v1/triggers', { id: 'daily' });
  await stage.call('POST', '/v1/triggers/daily/executions');
  expect((await stage.call('GET', '/v1/triggers/daily/executions')).json.executions).toHaveLength(1);
  expect((await stage.call('POST', '/v1/triggers/daily/executions', {}, 'other-1')).status).toBe(404);
  await stage.call('POST', '/v1/agents', { id: 'butler' });
  const interaction = { agent: 'butler', input: 'Hello' };
  expect((await stage.call('POST', '/v1/interactions', interaction)).json).toMatchObject({ agent: 'butler' });
  expect((await stage.call('POST', '/v1/interactions', interaction, 'other-1')).status).toBe(404);
});

test('files go into an environment by an upload, and come out as they went in', async () => {
  await stage.call('POST', '/v1/environments', { id: 'desk' });
  const path = '/upload/v1/environments/desk/files/notes%2Fa.txt';
  const headers = { 'x-goog-upload-protocol': 'resumable', 'x-goog-upload-command': 'start' };
  const begin = (key: string) =>
    fetch(simulator.url + path, { method: 'PUT', headers: { ...headers, 'x-goog-api-key': key } });
  expect((await begin('other-1')).status).toBe(404);
  const url = (await begin('main-1')).headers.get('x-goog-upload-url') ?? '';
  const command = { 'x-goog-upload-command': 'upload, finalize', 'x-goog-upload-offset': '0' };
  const sent = await fetch(url, { method: 'POST', headers: command, body: 'Once upon' });
  expect([sent.status, sent.headers.get('x-goog-upload-status')]).toEqual([200, 'final']);
  const listed = (await stage.call('GET', '/v1/environments/desk/files/notes')).json;
  expect(listed.files).toMatchObject([{ path: 'notes/a.txt', size: '9' }]);
  const read = (key: string) =>
    fetch(`${simulator.url}/v1/environments/desk/files/notes%2Fa.txt?alt=media`, {
      headers: { 'x-goog-api-key': key },
    });
  expect(await (await read('main-2')).text()).toBe('Once upon');
  expect((await read('other-1')).status).toBe(404);
});

test('all projects show the same models', async () => {
  const [mine, theirs] = [await stage.call('GET', 'models'), await stage.call('GET', 'models', undefined, 'other-1')];
  expect(mine.json).toEqual(theirs.json);
});
