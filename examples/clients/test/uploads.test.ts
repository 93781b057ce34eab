/** Each client that can upload does so by base URL alone: under a prefix, over three projects, as one of two callers. */

import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { GoogleGenAI } from '@google/genai';
import { GoogleAIFileManager } from '@google/generative-ai/server';
import { createGateway, type Gateway } from '@sluice/core';
import { nodeListener } from '@sluice/core/node';
import { type Simulator, startSimulator } from '@sluice/simulator';
import { GoogleGenAI as GoogleGenAIOne } from 'genai-1';
import { afterAll, beforeAll, expect, test } from 'vitest';

const alice = 'alice-canary-key-0001';
const bob = 'bob-canary-key-000002';
const projects = ['one', 'two', 'three'].map((id) => ({ id, keys: [`canary-key-of-${id}`] }));
const mimeType = 'text/plain';

let simulator: Simulator;
let gateway: Gateway;
let base: string;
const server = createServer((req, res) => nodeListener(gateway, { mountPath: '/gemini' })(req, res));

beforeAll(async () => {
  simulator = await startSimulator({ projects });
  gateway = createGateway({
    pools: { gemini: { baseUrl: simulator.url, projects } },
    callers: [
      { id: 'alice', key: alice },
      { id: 'bob', key: bob },
    ],
    overload: { queueDelayMs: 0, refuseDelayMs: 0, queueHeapShare: 0, refuseHeapShare: 0, endHeapShare: 0 },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/gemini`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await gateway.close();
  await simulator.close();
});

type Upload = (file: Buffer) => Promise<{ readonly name: string; readonly uri: string }>;

const clients: readonly (readonly [name: string, bytes: number, upload: Upload])[] = [
  [
    '@google/genai, in chunks of 8 MiB',
    20_000_000,
    async (file) => {
      const ai = new GoogleGenAI({ apiKey: alice, httpOptions: { baseUrl: base } });
      const { name = '', uri = '' } = await ai.files.upload({
        file: new Blob([Uint8Array.from(file)]),
        config: { mimeType },
      });
      return { name, uri };
    },
  ],
  [
    '@google/genai 1.30, which goes to the address that it was told',
    9_000_000,
    async (file) => {
      const ai = new GoogleGenAIOne({ apiKey: alice, httpOptions: { baseUrl: base } });
      const { name = '', uri = '' } = await ai.files.upload({
        file: new Blob([Uint8Array.from(file)]),
        config: { mimeType },
      });
      return { name, uri };
    },
  ],
  [
    '@ai-sdk/google, which finishes without a key',
    3_000_000,
    async (file) => {
      const google = createGoogleGenerativeAI({ apiKey: alice, baseURL: `${base}/v1beta` });
      const { providerReference } = await google.files().uploadFile({
        data: { type: 'data', data: Uint8Array.from(file) },
        mediaType: mimeType,
      });
      const uri = providerReference.google ?? '';
      return { name: uri.slice(uri.indexOf('files/')), uri };
    },
  ],
  [
    '@google/generative-ai, in several parts',
    3_000_000,
    async (file) => {
      const files = new GoogleAIFileManager(alice, { baseUrl: base });
      const { name, uri } = (await files.uploadFile(file, { mimeType })).file;
      return { name, uri };
    },
  ],
];

test.each(clients)('%s', async (_, bytes, upload) => {
  const file = randomBytes(bytes);
  const { name, uri } = await upload(file);
  const sha256Hash = Buffer.from(createHash('sha256').update(file).digest('hex')).toString('base64');
  const seen = await call(alice, `/v1beta/${name}`);
  expect(await seen.json()).toMatchObject({ name, uri, sizeBytes: String(bytes), sha256Hash });
  expect((await call(bob, `/v1beta/${name}`)).status).toBe(404);
  const prompt = { contents: [{ role: 'user', parts: [{ fileData: { fileUri: uri, mimeType } }, { text: 'Read.' }] }] };
  expect((await call(alice, '/v1beta/models/gemini-2.5-flash:generateContent', prompt)).status).toBe(200);
  const told = JSON.stringify(simulator.journal.requests.map(({ target, headers }) => [target, headers]));
  expect(told).not.toMatch(/alice|bob/);
});

function call(key: string, target: string, body?: object): Promise<Response> {
  const headers = { 'x-goog-api-key': key, 'content-type': 'application/json' };
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  return fetch(base + target, { headers, ...init });
}
