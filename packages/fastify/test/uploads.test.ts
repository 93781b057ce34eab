import { GoogleGenAI } from '@google/genai';
import type { FastifyServerOptions } from 'fastify';
import { expect, test } from 'vitest';
import { sluice } from '../src/index.ts';
import { ask, json, provider, running, unary } from './running-app.ts';

const start = { 'x-goog-upload-protocol': 'resumable', 'x-goog-upload-command': 'start' };
const forwarded = { 'x-forwarded-host': 'front.example', 'x-forwarded-proto': 'https' };

async function addressOf(base: string, headers: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(`${base}/upload/v1beta/files`, { method: 'POST', headers: { ...start, ...headers } });
  await answer.text();
  return answer.headers.get('x-goog-upload-url') as string;
}

async function finish(url: string): Promise<number> {
  const headers = { 'x-goog-upload-command': 'upload, finalize', 'x-goog-upload-offset': '0' };
  const answer = await fetch(url, { method: 'POST', headers, body: 'some text' });
  await answer.text();
  return answer.status;
}

test('the SDK uploads through a mount with parameters, past the limit of the app for bodies', async () => {
  const { gateway } = await provider();
  const origin = await running((app) => app.register(sluice, { prefix: '/tenants/:tenant/gemini', gateway }));
  const ai = new GoogleGenAI({ apiKey: 'whoever', httpOptions: { baseUrl: `${origin}/tenants/a%20b/gemini` } });
  const file = new Blob(['x'.repeat(9_000_000)]);
  expect(await ai.files.upload({ file, config: { mimeType: 'text/plain' } })).toMatchObject({ sizeBytes: '9000000' });
});

const origins: readonly (readonly [what: string, options: FastifyServerOptions, isFront: boolean])[] = [
  ['is off', {}, false],
  ['is on', { trustProxy: true }, true],
  ['trusts loopback', { trustProxy: 'loopback' }, true],
  ['trusts somebody else', { trustProxy: '198.51.100.7' }, false],
];

test.each(origins)(
  'where trustProxy %s, addresses of uploads begin as Fastify has it',
  async (_what, options, isFront) => {
    const { gateway } = await provider();
    const origin = await running((app) => app.register(sluice, { prefix: '/t/:tenant', gateway }), options);
    const front = isFront ? 'https://front.example' : origin;
    const address = await addressOf(`${origin}/t/a`, forwarded);
    expect(address).toMatch(new RegExp(`^${front}/t/a/upload/v1beta/files\\?`));
    expect(await finish(address.replace(front, origin))).toBe(200);
  },
);

test('the public origin of the gateway goes before it', async () => {
  const { gateway } = await provider({ server: { publicOrigin: 'https://public.example' } });
  const origin = await running((app) => app.register(sluice, { prefix: '/gemini', gateway }), { trustProxy: true });
  expect(await addressOf(`${origin}/gemini`, forwarded)).toMatch(/^https:\/\/public\.example\/gemini\/upload\//);
});

test('behind rewriteUrl they have the path that the client knows', async () => {
  const { gateway } = await provider();
  const origin = await running((app) => app.register(sluice, { prefix: '/gemini', gateway }), {
    rewriteUrl: ({ url = '' }) => url.replace(/^\/api/, ''),
  });
  const address = await addressOf(`${origin}/api/gemini`);
  expect(address).toMatch(new RegExp(`^${origin}/api/gemini/upload/v1beta/files\\?`));
  expect(await finish(address)).toBe(200);
});

test('one more line serves sessions of clients that forget the mount', async () => {
  const { gateway } = await provider();
  const origin = await running((app) => {
    app.register(sluice, { prefix: '/gemini', gateway });
    app.register(sluice, { prefix: '/', gateway });
  });
  const url = await addressOf(`${origin}/gemini`);
  expect(await finish(url.replace('/gemini', ''))).toBe(200);
});

const remotes: readonly (readonly [what: string, options: FastifyServerOptions, remote: string])[] = [
  ['is off', {}, '127.0.0.1'],
  ['is on', { trustProxy: true }, '203.0.113.9'],
  ['trusts loopback', { trustProxy: 'loopback' }, '198.51.100.7'],
  ['trusts by a function', { trustProxy: (_address, hop) => hop < 1 }, '198.51.100.7'],
  ['counts hops, which Fastify does not believe', { trustProxy: 1 as never }, '127.0.0.1'],
  ['trusts by a function that throws', { trustProxy: broken }, '127.0.0.1'],
];

test.each(remotes)('where trustProxy %s, the address of a caller is request.ip', async (_what, options, remote) => {
  const { gateway } = await provider();
  const origin = await running((app) => app.register(sluice, { prefix: '/gemini', gateway }), options);
  const told = new Promise((resolve) => gateway.on('request', resolve));
  const headers = { ...json, 'x-forwarded-for': '203.0.113.9, 198.51.100.7' };
  const answer = await ask(`${origin}/gemini${unary}`, { headers });
  expect([answer.status, await answer.text()]).toEqual([200, expect.not.stringContaining('canary')]);
  expect(await told).toMatchObject({ remote });
});

function broken(): boolean {
  throw new Error('canary');
}
