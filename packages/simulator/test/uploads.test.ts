/** The upload protocols, header by header. */

import { createHash } from 'node:crypto';
import { demoKey, startSimulator } from '@sluice/simulator';
import { afterAll, beforeEach, expect, test } from 'vitest';

const granularity = 4;
const simulator = await startSimulator({
  uploadGranularityBytes: granularity,
  projects: [
    { id: 'main', keys: [demoKey] },
    { id: 'other', keys: ['other-key'] },
  ],
});
afterAll(() => simulator.close());
beforeEach(() => simulator.reset());

const path = '/upload/v1beta/files';
const key = { 'x-goog-api-key': demoKey };

interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function send(target: string, headers: Record<string, string>, body = '', method = 'POST'): Promise<Told> {
  const url = target.startsWith('/') ? simulator.url + target : target;
  const init = method === 'GET' ? { method, headers } : { method, headers, body };
  const answer = await fetch(url, { ...init, redirect: 'manual' });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

const start = { 'X-Goog-Upload-Protocol': 'resumable', 'X-Goog-Upload-Command': 'start' };

async function started(headers: Record<string, string> = {}, metadata = '{"file":{"mimeType":"text/plain"}}') {
  const answer = await send(path, { ...key, ...start, ...headers }, metadata);
  expect([answer.status, answer.text]).toEqual([200, '']);
  return answer.headers.get('x-goog-upload-url') ?? '';
}

function chunk(url: string, command: string, offset: number, body: string, method = 'POST'): Promise<Told> {
  return send(url, { 'X-Goog-Upload-Command': command, 'X-Goog-Upload-Offset': String(offset) }, body, method);
}

async function progress(url: string): Promise<(string | null)[]> {
  const { headers } = await send(url, { 'X-Goog-Upload-Command': 'query' });
  return [headers.get('x-goog-upload-status'), headers.get('x-goog-upload-size-received')];
}

const fileIn = ({ text }: Told) => JSON.parse(text).file;
const hashOf = (content: string) => Buffer.from(createHash('sha256').update(content).digest('hex')).toString('base64');

test('a start is answered with an address of the simulator’s own and nothing else', async () => {
  const { status, headers, text } = await send(path, { ...key, ...start }, '{}');
  expect([status, text]).toEqual([200, '']);
  const url = headers.get('x-goog-upload-url') ?? '';
  const id = headers.get('x-guploader-uploadid') ?? '';
  expect(id.length).toBeGreaterThan(60);
  expect(url).toBe(`${simulator.url}/upload/v1beta/files?upload_id=${id}&upload_protocol=resumable`);
  expect(headers.get('x-goog-upload-control-url')).toBe(url);
  expect(headers.get('x-goog-upload-status')).toBe('active');
  expect(headers.get('x-goog-upload-chunk-granularity')).toBe(String(granularity));
  expect(simulator.project('main').files).toEqual([]);
});

test.each(['POST', 'PUT'])(
  'chunks go up by %s without a key, until the last one is answered with the file',
  async (method) => {
    const url = await started({ 'X-Goog-Upload-Header-Content-Length': '10' });
    expect(await progress(url)).toEqual(['active', '0']);
    const first = await chunk(url, 'upload', 0, 'abcdefgh', method);
    expect([first.status, first.headers.get('x-goog-upload-status'), first.text]).toEqual([200, 'active', '']);
    expect(await progress(url)).toEqual(['active', '8']);
    const last = await chunk(url, 'upload, finalize', 8, 'ij', method);
    expect([last.status, last.headers.get('x-goog-upload-status')]).toEqual([200, 'final']);
    expect(fileIn(last)).toMatchObject({ mimeType: 'text/plain', sizeBytes: '10', sha256Hash: hashOf('abcdefghij') });
    expect(await progress(url)).toEqual(['final', '10']);
    expect(simulator.project('main').files).toEqual([fileIn(last).name]);
    const again = await chunk(url, 'upload, finalize', 8, 'ij', method);
    expect([again.status, again.text]).toEqual([400, 'Upload has already been terminated.']);
    expect(again.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(again.headers.get('x-goog-upload-status')).toBe('final');
  },
);

test('a file may be finished by a command of its own, and may be empty', async () => {
  const url = await started();
  await chunk(url, 'upload', 0, 'abcd');
  expect(fileIn(await send(url, { 'X-Goog-Upload-Command': 'finalize' }))).toMatchObject({ sizeBytes: '4' });
  const empty = await started();
  expect(fileIn(await chunk(empty, 'upload, finalize', 0, ''))).toMatchObject({
    sizeBytes: '0',
    sha256Hash: hashOf(''),
  });
});

test('a GET asks how far an upload is', async () => {
  const url = await started();
  await chunk(url, 'upload', 0, 'abcd');
  const { status, headers } = await send(url, {}, '', 'GET');
  expect([status, headers.get('x-goog-upload-size-received')]).toEqual([200, '4']);
});

test.each([
  ['a chunk that is not the next one', 'upload', '8', 'efgh', 'The offset is 8, and 4 bytes have been received.'],
  ['a chunk that came already', 'upload', '0', 'abcd', 'The offset is 0, and 4 bytes have been received.'],
  ['a chunk of an odd size', 'upload', '4', 'efg', 'A chunk of 3 bytes is no multiple of 4.'],
  ['more than was announced', 'upload', '4', 'efghefghefgh', '10 bytes were announced, and 16 came.'],
  ['less than was announced', 'upload, finalize', '4', 'ef', '10 bytes were announced, and 6 came.'],
  ['an unknown command', 'upload, dance', '4', 'efgh', 'Invalid X-Goog-Upload-Command: "upload, dance"'],
])('%s is refused and changes nothing', async (_, command, offset, body, why) => {
  const url = await started({ 'X-Goog-Upload-Header-Content-Length': '10' });
  await chunk(url, 'upload', 0, 'abcd');
  const refused = await chunk(url, command, Number(offset), body);
  expect([refused.status, refused.text]).toEqual([400, why]);
  expect(refused.headers.get('x-goog-upload-status')).toBe('active');
  expect(await progress(url)).toEqual(['active', '4']);
  expect(fileIn(await chunk(url, 'upload, finalize', 4, 'efghij'))).toMatchObject({ sha256Hash: hashOf('abcdefghij') });
});

test('a cancelled upload takes nothing more', async () => {
  const url = await started();
  await chunk(url, 'upload', 0, 'abcd');
  expect((await send(url, { 'X-Goog-Upload-Command': 'cancel' })).headers.get('x-goog-upload-status')).toBe(
    'cancelled',
  );
  const refused = await chunk(url, 'upload, finalize', 4, 'ef');
  expect([refused.status, refused.text]).toEqual([400, 'Upload has already been terminated.']);
  expect(await progress(url)).toEqual(['cancelled', '4']);
  expect(simulator.project('main').files).toEqual([]);
});

test('an upload that nobody started is not found', async () => {
  const answer = await chunk(`${path}?upload_id=made-up&upload_protocol=resumable`, 'upload, finalize', 0, 'abcd');
  expect([answer.status, answer.headers.get('x-goog-upload-status')]).toEqual([404, null]);
});

test('a key that started an upload from the query comes back in its address', async () => {
  const { headers } = await send(`${path}?key=${demoKey}`, start, '{}');
  expect(headers.get('x-goog-upload-url')).toContain(`&key=${demoKey}`);
  expect(await started()).not.toContain(demoKey);
});

test('nobody starts without a key, and a key beside an address has to be the right one', async () => {
  expect((await send(path, start, '{}')).status).toBe(403);
  const url = await started();
  const command = { 'X-Goog-Upload-Command': 'upload, finalize', 'X-Goog-Upload-Offset': '0' };
  const with_ = (apiKey: string) => send(url, { ...command, 'x-goog-api-key': apiKey }, 'abcd');
  expect((await with_('no-key-at-all')).text).toContain('API_KEY_INVALID');
  expect((await with_('other-key')).status).toBe(403);
  expect((await send(`${url}&key=${demoKey}`, { ...command, ...key }, 'abcd')).text).toContain('Multiple');
  expect(await progress(url)).toEqual(['active', '0']);
  expect((await with_(demoKey)).status).toBe(200);
});

test('a refusal on the way through the upload server says that the upload is over', async () => {
  await chunk(await started({}, '{"file":{"name":"files/taken"}}'), 'upload, finalize', 0, 'abcd');
  const refused = await send(path, { ...key, ...start }, '{"file":{"name":"files/taken"}}');
  expect([refused.status, refused.headers.get('x-goog-upload-status')]).toEqual([409, 'final']);
  expect(JSON.parse(refused.text).error).toMatchObject({ code: 409, status: 'ALREADY_EXISTS' });
});

test('of two uploads under one name the first that is finished wins', async () => {
  const [one, two] = [
    await started({}, '{"file":{"name":"files/race"}}'),
    await started({}, '{"file":{"name":"files/race"}}'),
  ];
  expect((await chunk(two, 'upload, finalize', 0, 'second')).status).toBe(200);
  expect((await chunk(one, 'upload, finalize', 0, 'first')).status).toBe(409);
});

test('single quotes are forgiven, other nonsense is not', async () => {
  const url = await started(
    { 'X-Goog-Upload-Header-Content-Type': 'image/png' },
    "{'file': {'display_name': 'Jetpack'}}",
  );
  const file = fileIn(await chunk(url, 'upload, finalize', 0, 'abcd'));
  expect(file).toMatchObject({ displayName: 'Jetpack', mimeType: 'image/png' });
  expect((await send(path, { ...key, ...start }, '{"file": ')).status).toBe(400);
});

const multipart = (boundary: string) =>
  `--${boundary}\r\nContent-Type: application/json; charset=utf-8\r\n\r\n{"file":{"displayName":"both","name":"files/both"}}\r\n` +
  `--${boundary}\r\nContent-Type: image/png\r\n\r\n\r\n--not the end\r\n--${boundary}--`;

test.each([
  ['by header', path, { 'X-Goog-Upload-Protocol': 'multipart', 'Content-Type': 'multipart/related; boundary=b42' }],
  ['by query', `${path}?uploadType=multipart`, { 'Content-Type': 'multipart/related; boundary="b42"' }],
])('a multipart upload is one call: %s', async (_, target, headers) => {
  const answer = await send(target, { ...key, ...headers }, multipart('b42'));
  const content = '\r\n--not the end';
  expect(fileIn(answer)).toMatchObject({
    name: 'files/both',
    displayName: 'both',
    mimeType: 'image/png',
    sizeBytes: String(content.length),
    sha256Hash: hashOf(content),
  });
  expect(answer.headers.get('x-goog-upload-status')).toBe('final');
});

test.each([
  ['no boundary', 'multipart/related', multipart('b42')],
  ['another boundary', 'multipart/related; boundary=b43', multipart('b42')],
  ['no end', 'multipart/related; boundary=b42', multipart('b42').slice(0, -8)],
  ['one part', 'multipart/related; boundary=b42', '--b42\r\n\r\n{}\r\n--b42--'],
])('a multipart body with %s is refused', async (_, type, body) => {
  const headers = { ...key, 'X-Goog-Upload-Protocol': 'multipart', 'Content-Type': type };
  expect((await send(path, headers, body)).status).toBe(400);
  expect(simulator.project('main').files).toEqual([]);
});

test.each([
  ['raw', path, { 'X-Goog-Upload-Protocol': 'raw' }],
  ['uploadType=media', `${path}?uploadType=media`, {}],
  ['nothing', path, {}],
])('a simple upload is the file alone: %s', async (_, target, headers) => {
  const answer = await send(target, { ...key, ...headers, 'Content-Type': 'audio/mpeg' }, 'la la');
  expect(fileIn(answer)).toMatchObject({ mimeType: 'audio/mpeg', sizeBytes: '5', sha256Hash: hashOf('la la') });
});

test('the older protocol gives a Location, and 308 while ranges are missing', async () => {
  const begun = await send(`${path}?uploadType=resumable`, { ...key, 'X-Upload-Content-Type': 'text/csv' }, '{}');
  const url = begun.headers.get('location') ?? '';
  expect(url).toMatch(new RegExp(`^${simulator.url}/upload/v1beta/files\\?upload_id=`));
  const put = (range: string, body = '') => send(url, { 'Content-Range': range }, body, 'PUT');
  const asked = await put('bytes */6');
  expect([asked.status, asked.headers.get('range')]).toEqual([308, null]);
  const first = await put('bytes 0-3/6', 'abcd');
  expect([first.status, first.headers.get('range'), first.text]).toEqual([308, 'bytes=0-3', '']);
  expect((await put('bytes 0-3/6', 'abcd')).status).toBe(400);
  expect((await put('bytes 4-9/6', 'ef')).status).toBe(400);
  expect((await put('bytes */6')).headers.get('range')).toBe('bytes=0-3');
  const last = await put('bytes 4-5/6', 'ef');
  expect([last.status, fileIn(last)]).toEqual([200, expect.objectContaining({ mimeType: 'text/csv', sizeBytes: '6' })]);
  expect(fileIn(await put('bytes */6'))).toEqual(fileIn(last));
});

test('the older protocol also takes a file in one piece, and a DELETE', async () => {
  const location = async () => (await send(`${path}?uploadType=resumable`, key, '{}')).headers.get('location') ?? '';
  expect(fileIn(await send(await location(), {}, 'abc', 'PUT'))).toMatchObject({ sizeBytes: '3' });
  const url = await location();
  expect((await send(url, {}, '', 'DELETE')).status).toBe(499);
  expect((await send(url, {}, 'abc', 'PUT')).text).toBe('Upload has already been terminated.');
});

test('answers of the upload server are never compressed', async () => {
  const headers = { ...key, 'Content-Type': 'text/plain', 'Accept-Encoding': 'gzip' };
  const answer = await send(path, headers, 'a'.repeat(1_000));
  expect(answer.headers.get('content-encoding')).toBeNull();
  expect(answer.headers.get('server')).toBe('UploadServer');
  const listed = await send('/v1beta/files', { ...key, 'Accept-Encoding': 'gzip' }, '', 'GET');
  expect(listed.headers.get('content-encoding')).toBe('gzip');
});

test('a chunk whose connection broke before it was answered can have arrived or not, and a query tells', async () => {
  simulator.plan('*', ['ok', 'rst-before-headers', 'ok', 'rst-mid-stream', 'ok']);
  const url = await started();
  await expect(chunk(url, 'upload', 0, 'abcd')).rejects.toThrow();
  expect(await progress(url)).toEqual(['active', '0']);
  await expect(chunk(url, 'upload, finalize', 0, 'abcd')).rejects.toThrow();
  expect(await progress(url)).toEqual(['final', '4']);
});

test.each([
  ['PUT', path],
  ['GET', path],
  ['POST', '/upload/v1beta/models'],
  ['POST', '/upload/files'],
])('nothing listens to %s %s', async (method, target) => {
  const answer = await send(target, key, '', method);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'text/html; charset=UTF-8']);
});
