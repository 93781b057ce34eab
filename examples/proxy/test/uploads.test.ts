/** Uploads through the process: they outlive it, and go on at any other process of the same store. */

import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';
import { type Simulator, startSimulator } from '@sluice/simulator';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { missing, type RedisServer, startRedis } from '../../../packages/store-redis/test/stage/redis-server.ts';
import { callerKey, type ProxyProcess, startProxy } from './running-proxy.ts';

const granularity = 262_144;
const projects = ['one', 'two', 'three'].map((id) => ({ id, keys: [`AIzaCanaryOfUploads${id.padEnd(20, '0')}`] }));
const otherKey = 'another-caller-of-the-tests-0123456789';

let simulator: Simulator;
const proxies: ProxyProcess[] = [];
const running: RedisServer[] = [];

beforeAll(async () => {
  simulator = await startSimulator({ projects, uploadGranularityBytes: granularity });
});
afterEach(async () => {
  await Promise.all(proxies.splice(0).map((one) => one.stop()));
  await Promise.all(running.splice(0).map((one) => one.kill()));
});
afterAll(() => simulator.close());

async function started(...[options]: Parameters<typeof startProxy>): Promise<ProxyProcess> {
  const env = {
    GEMINI_API_KEYS: projects.map(({ id, keys }) => `${id}=${keys[0]}`).join(','),
    GEMINI_BASE_URL: simulator.url,
    SLUICE_API_KEYS: `alice=${callerKey},bob=${otherKey}`,
  };
  const proxy = await startProxy({ ...options, env: { ...env, ...options?.env } });
  proxies.push(proxy);
  return proxy;
}

const key = { 'x-goog-api-key': callerKey };

async function sessionAt(base: string, bytes: number, headers: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(`${base}/upload/v1beta/files`, {
    method: 'POST',
    headers: {
      ...key,
      'x-goog-upload-protocol': 'resumable',
      'x-goog-upload-command': 'start',
      'x-goog-upload-header-content-length': String(bytes),
      ...headers,
    },
    body: '{"file":{"mimeType":"text/plain"}}',
  });
  expect(answer.status, await answer.text()).toBe(200);
  return answer.headers.get('x-goog-upload-url') as string;
}

async function chunk(url: string, command: string, offset: number, bytes?: Uint8Array): Promise<Response> {
  const headers = { 'x-goog-upload-command': command, 'x-goog-upload-offset': String(offset) };
  return fetch(url, { method: 'POST', headers, ...(bytes && { body: bytes as Uint8Array<ArrayBuffer> }) });
}

/** Sends a part of a chunk, and leaves the rest open. */
async function halfOf(url: string, bytes: Uint8Array, sent: number): Promise<ClientRequest> {
  const { hostname, port, pathname, search } = new URL(url);
  const headers = {
    expect: '100-continue',
    'content-length': String(bytes.length),
    'x-goog-upload-command': 'upload',
    'x-goog-upload-offset': String(granularity),
  };
  const open = request({ hostname, port, path: pathname + search, method: 'POST', headers });
  open.on('error', () => {});
  open.flushHeaders();
  // The provider is reached, and wants the body.
  await once(open, 'continue');
  await new Promise<void>((resolve) => open.write(bytes.subarray(0, sent), () => resolve()));
  return open;
}

const hashOf = (bytes: Uint8Array): string =>
  Buffer.from(createHash('sha256').update(bytes).digest('hex')).toString('base64');

test('killed in the middle of a chunk and started again, it tells how far the file is and goes on', async () => {
  const file = randomBytes(4 * granularity);
  const first = await started();
  const url = await sessionAt(first.url, file.length);
  expect(url.startsWith(`${first.url}/upload/v1beta/files?upload_id=`)).toBe(true);
  expect((await chunk(url, 'upload', 0, file.subarray(0, granularity))).status).toBe(200);
  const open = await halfOf(url, file.subarray(granularity, 3 * granularity), granularity);
  const cut = new Promise((resolve) => open.once('close', resolve));
  first.signal('SIGKILL');
  await first.exit;
  await cut;
  const second = await started({ folder: first.folder });
  const again = url.replace(first.url, second.url);
  const asked = await chunk(again, 'query', 0);
  expect([asked.status, asked.headers.get('x-goog-upload-status')]).toEqual([200, 'active']);
  expect(asked.headers.get('x-goog-upload-size-received')).toBe(String(granularity));
  const last = await chunk(again, 'upload, finalize', granularity, file.subarray(granularity));
  expect(last.status).toBe(200);
  const { name, sha256Hash } = ((await last.json()) as { file: { name: string; sha256Hash: string } }).file;
  expect(sha256Hash).toBe(hashOf(file));
  const read = (signed: Record<string, string>) => fetch(`${second.url}/v1beta/${name}`, { headers: signed });
  expect((await read(key)).status).toBe(200);
  expect((await read({ 'x-goog-api-key': otherKey })).status).toBe(404);
  for (const { stdout, stderr } of [first, second]) {
    expect(stdout + stderr).not.toMatch(/AIza|upload_id|ABgVH8/);
  }
});

test('going down lets a chunk finish in time', async () => {
  const file = randomBytes(2 * granularity);
  const proxy = await started();
  const url = await sessionAt(proxy.url, 3 * granularity);
  expect((await chunk(url, 'upload', 0, randomBytes(granularity))).status).toBe(200);
  const open = await halfOf(url, file, granularity);
  const answered = once(open, 'response');
  proxy.signal('SIGTERM');
  await proxy.line(({ msg }) => msg === 'going down');
  open.end(file.subarray(granularity));
  const [response] = (await answered) as [{ statusCode: number; resume(): void }];
  response.resume();
  expect(response.statusCode).toBe(200);
  expect(await proxy.exit).toBe(0);
});

test('addresses begin as the configuration says', async () => {
  const proxy = await started({ config: { server: { publicOrigin: 'https://ai.example' } } });
  expect(await sessionAt(proxy.url, 1)).toMatch(/^https:\/\/ai\.example\/upload\/v1beta\/files\?/);
  const behind = await started({ config: { server: { trustedProxies: ['127.0.0.1'] } } });
  const forwarded = { 'x-forwarded-host': 'front.example', 'x-forwarded-proto': 'https' };
  expect(await sessionAt(behind.url, 1, forwarded)).toMatch(/^https:\/\/front\.example\/upload\//);
});

test.skipIf(missing !== null)(
  'begun at one of two on a Redis, it goes on at the other, and its file is in a prompt at the first',
  async () => {
    const redis = await startRedis();
    running.push(redis);
    const env = { SLUICE_STORE: redis.url };
    const [first, second] = (await Promise.all([started({ env }), started({ env })])) as [ProxyProcess, ProxyProcess];
    const file = randomBytes(3 * granularity);
    const url = await sessionAt(first.url, file.length);
    const other = url.replace(first.url, second.url);
    const projectOf = () => simulator.journal.requests.at(-1)?.key;
    const opener = projectOf();
    expect((await chunk(other, 'upload', 0, file.subarray(0, granularity))).status).toBe(200);
    expect(projectOf()).toBe(opener);
    const last = await chunk(other, 'upload, finalize', granularity, file.subarray(granularity));
    const { uri, sha256Hash } = ((await last.json()) as { file: { uri: string; sha256Hash: string } }).file;
    expect(sha256Hash).toBe(hashOf(file));
    const asked = simulator.journal.requests.length;
    const answer = await fetch(`${first.url}/v1beta/models/gemini-2.5-flash:generateContent`, {
      method: 'POST',
      headers: { ...key, 'content-type': 'application/json' },
      body: JSON.stringify({ contents: [{ parts: [{ fileData: { fileUri: uri } }, { text: 'Read.' }] }] }),
    });
    expect([answer.status, projectOf(), simulator.journal.requests.length - asked]).toEqual([200, opener, 1]);
    await answer.text();
  },
);
