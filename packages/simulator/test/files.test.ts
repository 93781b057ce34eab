/** Files by Google's own SDK, and what it does not ask for by raw calls. */

import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError, createPartFromUri, type File, GoogleGenAI } from '@google/genai';
import { startSimulator } from '@sluice/simulator';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { collect } from './collect.ts';

const start = Date.parse('2026-11-20T12:00:00Z');
let nowMs = start;
const projects = [
  { id: 'main', keys: ['main-1', 'main-2'] },
  { id: 'side', keys: ['other-1'] },
];
const simulator = await startSimulator({ projects, now: () => nowMs });
const slow = await startSimulator({ projects, now: () => nowMs, fileProcessingMs: 5_000, fileUris: 'own' });
const folder = mkdtempSync(join(tmpdir(), 'simulator-files-'));
afterAll(async () => {
  await simulator.close();
  await slow.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  nowMs = start;
  simulator.reset();
  slow.reset();
});

const model = 'gemini-2.5-flash';
const hour = 3_600_000;

function client(apiKey: string, { url } = simulator): GoogleGenAI {
  return new GoogleGenAI({ apiKey, httpOptions: { baseUrl: url } });
}

const ai = client('main-1');

function upload(content: string, name?: string, by = ai): Promise<File> {
  const config = { mimeType: 'text/plain', ...(name === undefined ? {} : { name }) };
  return by.files.upload({ file: new Blob([content]), config });
}

/** Status and error of a call that has to fail. */
async function failure(call: Promise<unknown>): Promise<readonly [number, unknown, unknown]> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw new Error(`Expected an ApiError, got ${error}`);
  const { status, message } = JSON.parse(error.message).error;
  return [error.status, status, message];
}

const denied = (id: string) => [
  403,
  'PERMISSION_DENIED',
  `You do not have permission to access the File ${id} or it may not exist.`,
];

async function post(key: string, target: string, body: unknown, origin = simulator.url): Promise<[number, unknown]> {
  const headers = { 'x-goog-api-key': key, 'content-type': 'application/json' };
  const answer = await fetch(origin + target, { method: 'POST', headers, body: JSON.stringify(body) });
  return [answer.status, await answer.json()];
}

test('an uploaded file has the fields of a real one', async () => {
  const config = { mimeType: 'text/plain', displayName: 'A greeting' };
  const file = await ai.files.upload({ file: new Blob(['hello']), config });
  const id = file.name?.slice('files/'.length);
  expect(id).toMatch(/^[a-z0-9]{12}$/);
  expect(file).toEqual({
    name: `files/${id}`,
    displayName: 'A greeting',
    mimeType: 'text/plain',
    sizeBytes: '5',
    createTime: '2026-11-20T12:00:00.000Z',
    updateTime: '2026-11-20T12:00:00.000Z',
    expirationTime: '2026-11-22T12:00:00.000Z',
    sha256Hash: Buffer.from(createHash('sha256').update('hello').digest('hex')).toString('base64'),
    uri: `https://generativelanguage.googleapis.com/v1/files/${id}`,
    state: 'ACTIVE',
    source: 'UPLOADED',
  });
  expect(await ai.files.get({ name: `files/${id}` })).toEqual(file);
  expect(simulator.project('main').files).toEqual([`files/${id}`]);
});

test('a file of several chunks arrives whole from a path', async () => {
  const bytes = randomBytes(8_388_608 + 5);
  const path = join(folder, 'large.bin');
  writeFileSync(path, bytes);
  const file = await ai.files.upload({ file: path, config: { mimeType: 'video/mp4' } });
  expect(file.sizeBytes).toBe(String(bytes.length));
  const hash = createHash('sha256').update(bytes).digest('hex');
  expect(Buffer.from(file.sha256Hash ?? '', 'base64').toString()).toBe(hash);
  const commands = simulator.journal.requests.map(({ headers }) => headers['x-goog-upload-command']);
  expect(commands).toEqual(['start', 'upload', 'upload, finalize']);
});

test('a deleted file is as unknown as one that never was', async () => {
  const { name = '' } = await upload('short-lived');
  await ai.files.delete({ name });
  const id = name.slice('files/'.length);
  expect(await failure(ai.files.get({ name }))).toEqual(denied(id));
  expect(await failure(ai.files.delete({ name }))).toEqual(denied(id));
  expect(await failure(ai.files.get({ name: 'files/never' }))).toEqual(denied('never'));
  expect(simulator.project('main').files).toEqual([]);
});

test('a name of one’s own is kept, and a second file of that name is refused', async () => {
  expect((await upload('one', 'my-file-1')).name).toBe('files/my-file-1');
  expect(await failure(upload('two', 'my-file-1'))).toEqual([409, 'ALREADY_EXISTS', 'Requested entity already exists']);
  for (const name of ['-a', 'a-', 'A', 'a_b', 'x'.repeat(41)]) {
    const [status, , message] = await failure(upload('three', name));
    expect([name, status, message]).toEqual([name, 400, expect.stringContaining('CreateFileRequest.file.name')]);
  }
  expect((await upload('four', 'x'.repeat(40))).name).toHaveLength(46);
});

test('the keys of a project share its files, and no other project sees them', async () => {
  const { name = '' } = await upload('ours', 'same-id');
  expect((await client('main-2').files.get({ name })).name).toBe(name);
  const stranger = client('other-1');
  expect(await failure(stranger.files.get({ name }))).toEqual(denied('same-id'));
  expect(await failure(stranger.files.delete({ name }))).toEqual(denied('same-id'));
  expect(await collect(await stranger.files.list())).toEqual([]);
  const theirs = await upload('theirs, and longer', 'same-id', stranger);
  expect(theirs.sizeBytes).toBe('18');
  expect((await ai.files.get({ name })).sizeBytes).toBe('4');
});

test('files are listed newest first, page by page, whatever comes and goes meanwhile', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) await upload(name, name);
  const pager = await ai.files.list({ config: { pageSize: 2 } });
  expect(pager.page.map(({ name }) => name)).toEqual(['files/e', 'files/d']);
  await upload('f', 'f');
  await ai.files.delete({ name: 'files/e' });
  await ai.files.delete({ name: 'files/c' });
  expect((await pager.nextPage()).map(({ name }) => name)).toEqual(['files/b', 'files/a']);
  expect(pager.hasNextPage()).toBe(false);
  const [, listed] = await get('main-1', '/v1beta/files');
  expect(listed).not.toHaveProperty('nextPageToken');
  expect(await get('other-1', '/v1beta/files')).toEqual([200, {}]);
});

async function get(key: string, target: string): Promise<[number, unknown]> {
  const answer = await fetch(simulator.url + target, { headers: { 'x-goog-api-key': key } });
  return [answer.status, await answer.json()];
}

test('a page token belongs to the project that gave it', async () => {
  for (const name of ['a', 'b']) await upload(name, name);
  const [, page] = await get('main-1', '/v1beta/files?pageSize=1');
  const { nextPageToken } = page as { nextPageToken: string };
  expect((await get('main-2', `/v1beta/files?pageToken=${nextPageToken}`))[0]).toBe(200);
  expect((await get('other-1', `/v1beta/files?pageToken=${nextPageToken}`))[0]).toBe(400);
  expect((await get('main-1', `/v1beta/cachedContents?pageToken=${nextPageToken}`))[0]).toBe(400);
  expect((await get('main-1', '/v1beta/files?pageToken=nonsense'))[0]).toBe(400);
});

test('after 48 hours a file is gone', async () => {
  const { name = '' } = await upload('two days', 'two-days');
  nowMs += 48 * hour - 1;
  expect((await ai.files.get({ name })).state).toBe('ACTIVE');
  nowMs += 1;
  expect(await failure(ai.files.get({ name }))).toEqual(denied('two-days'));
  expect(simulator.project('main').files).toEqual([]);
  await upload('again', 'two-days');
});

test('a file is PROCESSING for as long as wanted, and cannot be used until it is ACTIVE', async () => {
  const slowAi = client('main-1', slow);
  const { name = '', uri = '', state } = await upload('wait', 'wait', slowAi);
  expect([state, uri]).toEqual(['PROCESSING', `${slow.url}/v1/files/wait`]);
  const contents = [createPartFromUri(uri, 'text/plain'), 'What is it?'];
  expect(await failure(slowAi.models.generateContent({ model, contents }))).toEqual([
    400,
    'FAILED_PRECONDITION',
    'The File wait is not in an ACTIVE state and usage is not allowed.',
  ]);
  nowMs += 5_000;
  expect((await slowAi.files.get({ name })).state).toBe('ACTIVE');
  expect((await slowAi.models.generateContent({ model, contents })).text).toBeTruthy();
});

const calls = ['generateContent', 'streamGenerateContent?alt=sse', 'countTokens'] as const;

test.each(calls)('%s takes a file of its own project, and refuses all others in Google’s words', async (verb) => {
  await upload('ours', 'ours');
  const google = 'https://generativelanguage.googleapis.com';
  const body = (uri: string) => ({
    contents: [{ role: 'user', parts: [{ text: 'Read.' }, { fileData: { fileUri: uri } }] }],
  });
  const target = `/v1beta/models/${model}:${verb}`;
  const ask = async (key: string, uri: string) => {
    const answer = await fetch(simulator.url + target, {
      method: 'POST',
      headers: { 'x-goog-api-key': key },
      body: JSON.stringify(body(uri)),
    });
    return [answer.status, await answer.text()] as const;
  };
  for (const uri of [`${google}/v1beta/files/ours`, `${google}/v1/files/ours`, `${simulator.url}/v1beta/files/ours`]) {
    expect((await ask('main-2', uri))[0]).toBe(200);
    const [status, text] = await ask('other-1', uri);
    const [code, rpc, message] = denied('ours');
    expect([status, JSON.parse(text)]).toEqual([403, { error: { code, message, status: rpc } }]);
  }
  expect((await ask('main-1', 'files/ours'))[0]).toBe(200);
  expect((await ask('main-1', 'files/unknown'))[0]).toBe(403);
  for (const elsewhere of ['https://youtu.be/abc', 'gs://bucket/files/x', 'https://example.com/v1beta/files/x']) {
    expect((await ask('main-1', elsewhere))[0]).toBe(200);
  }
});

const uri = 'https://generativelanguage.googleapis.com/v1beta/files/hidden';
const question = { role: 'user', parts: [{ text: 'Read.' }] };
test.each([
  ['in snake case', { contents: [{ parts: [{ file_data: { mime_type: 'a/b', file_uri: uri } }] }] }],
  [
    'in the system instruction',
    { contents: [question], systemInstruction: { parts: [{ fileData: { fileUri: uri } }] } },
  ],
  [
    'in what a function gave back',
    { contents: [{ parts: [{ functionResponse: { name: 'f', parts: [{ fileData: { fileUri: uri } }] } }] }] },
  ],
])('a file is found %s', async (_, body) => {
  const target = `/v1beta/models/${model}:generateContent`;
  expect((await post('main-1', target, body))[0]).toBe(403);
  await upload('now it is there', 'hidden');
  expect((await post('main-1', target, body))[0]).toBe(200);
});

test('a file that is refused costs no quota', async () => {
  await post('main-1', `/v1beta/models/${model}:generateContent`, {
    contents: [{ parts: [{ fileData: { fileUri: uri } }] }],
  });
  expect(simulator.project('main').used(model)).toMatchObject({ requests: 0, refused: 0 });
});

test('what a model generated can be downloaded, in both spellings of the path', async () => {
  const bytes = randomBytes(100_000);
  const name = simulator.project('main').addGeneratedFile(bytes, 'video/mp4');
  const file = await ai.files.get({ name });
  expect(file).toMatchObject({ source: 'GENERATED', mimeType: 'video/mp4', sizeBytes: '100000' });
  expect(file.downloadUri).toBe(`${file.uri}:download?alt=media`);
  const downloadPath = join(folder, 'video.mp4');
  await ai.files.download({ file, downloadPath });
  expect(readFileSync(downloadPath).equals(bytes)).toBe(true);
  const headers = { 'x-goog-api-key': 'main-2' };
  const other = await fetch(`${simulator.url}/download/v1beta/${name}:download?alt=media`, { headers });
  expect(other.headers.get('content-type')).toBe('video/mp4');
  expect(Buffer.from(await other.arrayBuffer()).equals(bytes)).toBe(true);
  expect((await get('other-1', `/v1beta/${name}:download?alt=media`))[0]).toBe(403);
});

test('what was uploaded cannot be downloaded', async () => {
  const { name = '' } = await upload('mine');
  const [status, body] = await get('main-1', `/v1beta/${name}:download?alt=media`);
  expect([status, body]).toEqual([400, { error: expect.objectContaining({ status: 'INVALID_ARGUMENT' }) }]);
});

test('reset forgets the files', async () => {
  const { name = '' } = await upload('mine');
  simulator.reset();
  expect((await get('main-1', `/v1beta/${name}`))[0]).toBe(403);
});
