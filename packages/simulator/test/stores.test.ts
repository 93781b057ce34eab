/** File search stores, their documents, and the operations that fill them. */

import { GoogleGenAI } from '@google/genai';
import { afterAll, afterEach, expect, test } from 'vitest';
import { collect } from './collect.ts';
import { startStage } from './projects.ts';

const stage = await startStage({ operationMs: 1_000 });
const { simulator } = stage;
afterEach(() => stage.reset());
afterAll(() => simulator.close());

const ai = new GoogleGenAI({ apiKey: 'main-1', httpOptions: { baseUrl: simulator.url } });
const bytes = () => new Blob(['Once upon a time']);
const ask = (store: string) => ({
  contents: [{ role: 'user', parts: [{ text: 'How does it end?' }] }],
  tools: [{ fileSearch: { fileSearchStoreNames: [store] } }],
});
const generate = 'models/gemini-2.5-flash:generateContent';

function stranger(kind: string, name: string): [number, string] {
  return [403, `You do not have permission to access the ${kind} ${name.split('/').at(-1)} or it may not exist.`];
}

async function create(displayName = 'My Tales'): Promise<string> {
  return (await ai.fileSearchStores.create({ config: { displayName } })).name ?? '';
}

test('a store is made, read, listed and deleted', async () => {
  const name = await create();
  expect(name).toMatch(/^fileSearchStores\/my-tales-[a-z0-9]{12}$/);
  expect(await ai.fileSearchStores.get({ name })).toMatchObject({ name, displayName: 'My Tales' });
  expect((await collect(await ai.fileSearchStores.list())).map((store) => store.name)).toEqual([name]);
  expect(simulator.project('main').stores).toEqual([name]);
  await ai.fileSearchStores.delete({ name });
  expect(await stage.refusal('GET', name)).toEqual(stranger('FileSearchStore', name));
});

test('it is a 403 to every other project, in prompts as well', async () => {
  const name = await create();
  for (const [method, path, body] of [
    ['GET', name],
    ['DELETE', name],
    ['GET', `${name}/documents`],
    ['POST', `${name}:importFile`, { fileName: 'files/x' }],
    ['POST', generate, ask(name)],
    ['POST', `/upload/v1beta/${name}:uploadToFileSearchStore`, {}],
  ] as const) {
    expect(await stage.refusal(method, path, body, 'other-1')).toEqual(stranger('FileSearchStore', name));
  }
  expect((await stage.call('POST', generate, ask(name), 'main-2')).status).toBe(200);
  const snake = { ...ask(''), tools: [{ file_search: { file_search_store_names: [name] } }] };
  expect(await stage.refusal('POST', generate, snake, 'other-1')).toEqual(stranger('FileSearchStore', name));
});

test('a file is imported by an operation that is done after a while', async () => {
  const store = await create();
  const { name: fileName = '' } = await ai.files.upload({ file: bytes(), config: { mimeType: 'text/plain' } });
  let operation = await ai.fileSearchStores.importFile({ fileSearchStoreName: store, fileName });
  expect([operation.name, operation.done]).toEqual([expect.stringContaining(`${store}/operations/`), undefined]);
  expect((await ai.fileSearchStores.get({ name: store })).pendingDocumentsCount).toBe('1');
  stage.nowMs += 1_000;
  operation = await ai.operations.get({ operation });
  expect(operation).toMatchObject({ done: true, response: { parent: store } });
  const name = operation.response?.documentName ?? '';
  expect(await ai.fileSearchStores.documents.get({ name })).toMatchObject({
    name,
    state: 'STATE_ACTIVE',
    sizeBytes: '16',
  });
  expect(await stage.refusal('GET', operation.name ?? '', undefined, 'other-1')).toEqual([
    404,
    'Requested entity was not found.',
  ]);
  const listed = (await stage.call('GET', `${store}/operations`)).json.operations;
  expect(listed.map((one: { name: string }) => one.name)).toEqual([operation.name]);
});

test('store and file have to be of one project', async () => {
  const store = await create();
  const file = simulator.project('other').addGeneratedFile(new Uint8Array(3), 'text/plain');
  expect(await stage.refusal('POST', `${store}:importFile`, { fileName: file })).toEqual(stranger('File', file));
});

test('what is uploaded becomes a document, and goes with its store by force only', async () => {
  const store = await create();
  const config = { mimeType: 'text/plain', displayName: 'Tale' };
  const operation = await ai.fileSearchStores.uploadToFileSearchStore({
    fileSearchStoreName: store,
    file: bytes(),
    config,
  });
  expect(operation.name).toContain(`${store}/upload/operations/`);
  stage.nowMs += 1_000;
  expect(await ai.operations.get({ operation })).toMatchObject({ done: true, response: { parent: store } });
  const documents = await collect(await ai.fileSearchStores.documents.list({ parent: store }));
  expect(documents).toMatchObject([{ displayName: 'Tale', mimeType: 'text/plain', sizeBytes: '16' }]);
  expect(simulator.project('main').files).toEqual([]);
  expect((await stage.refusal('DELETE', store))[0]).toBe(400);
  await ai.fileSearchStores.delete({ name: store, config: { force: true } });
  expect(simulator.project('main').stores).toEqual([]);
});

test('a document is deleted, and others do not see it', async () => {
  const store = await create();
  await ai.fileSearchStores.uploadToFileSearchStore({
    fileSearchStoreName: store,
    file: bytes(),
    config: { mimeType: 'text/plain' },
  });
  const [document] = (await stage.call('GET', `${store}/documents`)).json.documents;
  expect((await stage.refusal('DELETE', document.name, undefined, 'other-1'))[0]).toBe(403);
  await stage.call('DELETE', document.name);
  expect(await stage.refusal('GET', document.name)).toEqual(stranger('Document', document.name));
});
