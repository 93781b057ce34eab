/** Uploads over three projects: where a session goes on, whose it is, and what is made of its file. */

import { describeDrivers, type MountOptions } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { bytesOf, chunk, fileIn, hashOf, received, send, started } from '../upload/a-session.ts';
import { alice, bob, call, clientOf, filesIn, homeOf, keyOf, settleAt, threeProjects } from './two-callers.ts';

const granularity = 262_144;
const size = 3 * granularity;
const scene: MountOptions = {
  ...threeProjects,
  simulator: { ...threeProjects.simulator, uploadGranularityBytes: granularity },
};
const generate = '/v1beta/models/gemini-2.5-flash:generateContent';

describeDrivers('an upload over three projects', (_driver, mount) => {
  test('goes on at an address of the gateway’s own, in the project that opened it, by chunks that carry a key or none', async () => {
    const mounted = await mount(scene);
    await settleAt(mounted, alice, 'two');
    const file = bytesOf(size + 5);
    const url = await started(mounted, alice, file.length);
    const base = mounted.origin ?? 'http://gateway.test';
    expect(url).toMatch(new RegExp(`^${base}/upload/v1beta/files\\?upload_id=[\\w-]+&upload_protocol=resumable$`));
    await settleAt(mounted, alice, 'one');
    const half = file.subarray(0, size);
    const first = await chunk(mounted, url, { command: 'upload', bytes: half, key: alice });
    expect([first.status, first.headers.get('x-goog-upload-status'), first.text]).toEqual([200, 'active', '']);
    expect(await received(mounted, url)).toEqual(['active', String(size)]);
    const last = await chunk(mounted, url, { offset: size, bytes: file.subarray(size) });
    expect([last.status, last.headers.get('x-goog-upload-status')]).toEqual([200, 'final']);
    const { name, uri, sha256Hash } = fileIn(last);
    expect(sha256Hash).toBe(hashOf(file));
    expect(homeOf(mounted, name)).toBe('two');
    expect((await call(mounted, alice, generate, filesIn('Read.', [uri]))).status).toBe(200);
    expect((await call(mounted, bob, generate, filesIn('Read.', [uri]))).status).toBe(404);
    const uploads = mounted.simulator.journal.requests.filter(({ target }) => target.includes('upload_id'));
    expect(new Set(uploads.map(({ key }) => key))).toEqual(new Set([keyOf.two]));
    for (const { headers } of uploads) expect(JSON.stringify(headers)).not.toMatch(/alice|bob/);
  });

  test('is nobody’s but its opener’s: another’s key gets the same answer as for one that never was', async () => {
    const mounted = await mount(scene);
    const file = bytesOf(1_000);
    const url = await started(mounted, alice, file.length);
    const never = url.replace(/upload_id=[^&]+/, 'upload_id=ABgVH8-never-was');
    const calls = mounted.simulator.journal.requests.length;
    const foreign = await chunk(mounted, url, { bytes: file, key: bob });
    const unknown = await chunk(mounted, never, { bytes: file, key: bob });
    expect([foreign.status, foreign.text]).toEqual([404, unknown.text]);
    expect(foreign.headers.get('x-goog-upload-status')).toBeNull();
    expect((await chunk(mounted, never, { bytes: file })).status).toBe(401);
    expect((await chunk(mounted, url, { bytes: file, key: 'nobody-has-this-key-00' })).status).toBe(401);
    expect((await send(mounted, '/upload/v1beta/files', { body: file })).status).toBe(401);
    expect(mounted.simulator.journal.requests.length).toBe(calls);
    expect((await chunk(mounted, url, { bytes: file, key: alice })).status).toBe(200);
  });

  test('never shows a key in an address, whatever the client has signed by', async () => {
    const mounted = await mount(scene);
    const told = await send(mounted, `/upload/v1beta/files?key=${alice}`, {
      headers: { 'x-goog-upload-protocol': 'resumable', 'x-goog-upload-command': 'start' },
      body: '{}',
    });
    const all = [...told.headers].flat().join('\n');
    expect(told.headers.get('x-goog-upload-control-url')).toBe(told.headers.get('x-goog-upload-url'));
    expect(all).not.toMatch(/key=|canary|googleapis/);
    expect(all).not.toContain(mounted.simulator.url);
  });

  test('is refused by the provider in its own words, with the state of the upload', async () => {
    const mounted = await mount(scene);
    const file = bytesOf(1_000);
    const url = await started(mounted, alice, file.length);
    const wrong = await chunk(mounted, url, { offset: 7, bytes: file });
    expect([wrong.status, wrong.text]).toEqual([400, 'The offset is 7, and 0 bytes have been received.']);
    expect(wrong.headers.get('x-goog-upload-status')).toBe('active');
    expect((await chunk(mounted, url, { bytes: bytesOf(1_001) })).status).toBe(400);
    expect((await chunk(mounted, url, { bytes: file })).status).toBe(200);
    const late = await chunk(mounted, url, { bytes: file });
    expect([late.status, late.headers.get('x-goog-upload-status')]).toEqual([400, 'final']);
  });

  test('can be cancelled, and asked for by GET', async () => {
    const mounted = await mount(scene);
    const url = await started(mounted, alice, 1_000);
    const { status, headers } = await send(mounted, url, { method: 'GET' });
    expect([status, headers.get('x-goog-upload-size-received')]).toEqual([200, '0']);
    const cancelled = await send(mounted, url, { headers: { 'x-goog-upload-command': 'cancel' } });
    expect([cancelled.status, cancelled.headers.get('x-goog-upload-status')]).toEqual([200, 'cancelled']);
    expect((await chunk(mounted, url, { bytes: bytesOf(1_000) })).status).toBe(400);
  });

  test('of the older protocol: Location, ranges, 308 until the last one', async () => {
    const mounted = await mount(scene);
    const file = bytesOf(2_000);
    const path = '/upload/v1beta/files?uploadType=resumable';
    const begun = await send(mounted, path, { headers: { 'x-goog-api-key': alice }, body: '{}' });
    const location = begun.headers.get('location') as string;
    expect(location).toMatch(/^http:\/\/[^/]+\/upload\/v1beta\/files\?upload_id=[\w-]+&uploadType=resumable$/);
    const range = (from: number, to: number) =>
      send(mounted, location, {
        method: 'PUT',
        headers: { 'content-range': `bytes ${from}-${to - 1}/2000`, 'content-length': String(to - from) },
        body: file.subarray(from, to),
      });
    const more = await range(0, 1_500);
    expect([more.status, more.headers.get('range'), more.headers.get('location')]).toEqual([308, 'bytes=0-1499', null]);
    const asked = await send(mounted, location, { method: 'PUT', headers: { 'content-range': 'bytes */2000' } });
    expect([asked.status, asked.headers.get('range')]).toEqual([308, 'bytes=0-1499']);
    const last = await range(1_500, 2_000);
    expect([last.status, fileIn(last).sha256Hash]).toEqual([200, hashOf(file)]);
    const other = await send(mounted, path, { headers: { 'x-goog-api-key': alice }, body: '{}' });
    const given = await send(mounted, other.headers.get('location') as string, { method: 'DELETE' });
    expect(given.status).toBe(499);
  });

  test('in one request: raw, as media, and in several parts', async () => {
    const mounted = await mount(scene);
    await settleAt(mounted, alice, 'three');
    const file = bytesOf(300_000);
    const cut = (text: string) => Buffer.from(text);
    const parts = Buffer.concat([
      cut('--x\r\ncontent-type: application/json\r\n\r\n{"file":{"name":"files/of-parts"}}\r\n'),
      cut('--x\r\ncontent-type: text/plain\r\n\r\n'),
      file,
      cut('\r\n--x--\r\n'),
    ]);
    const made = await Promise.all([
      send(mounted, '/upload/v1beta/files', {
        headers: { 'x-goog-api-key': alice, 'x-goog-upload-protocol': 'raw', 'content-type': 'text/plain' },
        body: file,
      }),
      send(mounted, '/upload/v1beta/files?uploadType=media', { headers: { 'x-goog-api-key': alice }, body: file }),
      send(mounted, `/upload/v1beta/files?uploadType=multipart&key=${alice}`, {
        headers: { 'content-type': 'multipart/related; boundary=x' },
        body: parts,
      }),
    ]);
    for (const told of made) {
      expect(told.status, told.text).toBe(200);
      const { name, sha256Hash } = fileIn(told);
      expect([homeOf(mounted, name), sha256Hash]).toEqual(['three', hashOf(file)]);
      expect((await call(mounted, alice, `/v1beta/${name}`)).status).toBe(200);
      expect((await call(mounted, bob, `/v1beta/${name}`)).status).toBe(404);
    }
  });

  test('into a store and into an environment goes where these lie', async () => {
    const mounted = await mount(scene);
    await settleAt(mounted, alice, 'two');
    const { name: store } = JSON.parse((await call(mounted, alice, '/v1beta/fileSearchStores', {})).text);
    const { id } = JSON.parse((await call(mounted, alice, '/v1/environments', {})).text);
    await settleAt(mounted, alice, 'one');
    const file = bytesOf(10_000);
    const toStore = await started(mounted, alice, file.length, `/upload/v1beta/${store}:uploadToFileSearchStore`);
    expect(toStore).toContain(`/upload/v1beta/${store}:uploadToFileSearchStore?upload_id=`);
    const operation = JSON.parse((await chunk(mounted, toStore, { bytes: file })).text) as { name: string };
    expect((await call(mounted, alice, `/v1beta/${operation.name}`)).status).toBe(200);
    expect((await call(mounted, bob, `/v1beta/${operation.name}`)).status).toBe(404);
    const path = `/upload/v1/environments/${id}/files/notes/a.txt`;
    const begun = await send(mounted, path, {
      method: 'PUT',
      headers: { 'x-goog-api-key': alice, 'x-goog-upload-protocol': 'resumable', 'x-goog-upload-command': 'start' },
      body: '{}',
    });
    const toEnvironment = begun.headers.get('x-goog-upload-url') as string;
    expect(begun.status, begun.text).toBe(200);
    expect(toEnvironment).toContain(`${path}?upload_id=`);
    expect((await chunk(mounted, toEnvironment, { bytes: file })).status).toBe(200);
    const read = await mounted.fetch(`/v1/environments/${id}/files/notes/a.txt?alt=media`, {
      headers: { 'x-goog-api-key': alice },
    });
    expect(Buffer.from(await read.arrayBuffer()).equals(file)).toBe(true);
    expect((await send(mounted, path, { method: 'PUT', headers: { 'x-goog-api-key': bob }, body: file })).status).toBe(
      404,
    );
  });

  test('by the SDK: 20 MB in chunks of 8 MiB, whole at the provider, and its caller’s at once', async () => {
    const mounted = await mount(scene);
    const file = bytesOf(20_000_000);
    const ai = clientOf(mounted, alice);
    const made = await ai.files.upload({ file: new Blob([file]), config: { mimeType: 'text/plain' } });
    expect(made).toMatchObject({ sizeBytes: '20000000', sha256Hash: hashOf(file) });
    const chunks = mounted.simulator.journal.requests.filter(({ target }) => target.includes('upload_id'));
    expect(chunks.map(({ body }) => body.length)).toEqual([8_388_608, 8_388_608, 3_222_784]);
    expect(chunks.map(({ headers }) => headers['content-length'])).toEqual(['8388608', '8388608', '3222784']);
    expect((await call(mounted, alice, generate, filesIn('Read.', [made.uri as string]))).status).toBe(200);
    expect((await call(mounted, bob, `/v1beta/${made.name}`)).status).toBe(404);
  });

  test('by the SDK into a store and into an environment', async () => {
    const mounted = await mount(scene);
    await settleAt(mounted, alice, 'three');
    const ai = clientOf(mounted, alice);
    const { name: fileSearchStoreName = '' } = await ai.fileSearchStores.create({});
    const { id: environment = '' } = await ai.environments.create({});
    await settleAt(mounted, alice, 'one');
    const file = new Blob(['Once upon a time']);
    const config = { mimeType: 'text/plain' };
    const operation = await ai.fileSearchStores.uploadToFileSearchStore({ fileSearchStoreName, file, config });
    expect(operation.name).toContain(fileSearchStoreName);
    expect((await call(mounted, bob, `/v1beta/${operation.name}`)).status).toBe(404);
    await ai.environments.files.upload({ environment, path: 'tales/one.txt', file });
    const bytes = await ai.environments.files.download({ environment, path: 'tales/one.txt' });
    expect(Buffer.from(bytes).toString()).toBe('Once upon a time');
  });

  test('of a project whose keys are all out of use is refused before a byte of it goes up, and goes on when one is back', async () => {
    const mounted = await mount(scene);
    await settleAt(mounted, alice, 'two');
    const file = bytesOf(500_000);
    const url = await started(mounted, alice, file.length);
    await mounted.gateway.pools.gemini?.disable('two#1', 'a test');
    const calls = mounted.simulator.journal.requests.length;
    const refused = await chunk(mounted, url, { bytes: file });
    expect([refused.status, JSON.parse(refused.text).error.details[0].reason]).toEqual([
      409,
      'RESOURCE_KEY_UNAVAILABLE',
    ]);
    expect(mounted.simulator.journal.requests.length).toBe(calls);
    await mounted.gateway.pools.gemini?.enable('two#1');
    expect(fileIn(await chunk(mounted, url, { bytes: file })).sha256Hash).toBe(hashOf(file));
  });
});
