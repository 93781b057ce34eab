/** The fake Gemini without a socket: the real SDK over the global `fetch`, which msw mocks. */

import { ApiError, createPartFromUri, GoogleGenAI } from '@google/genai';
import { demoKey, type StepName, steps } from '@sluice/simulator';
import { geminiHandlers } from '@sluice/simulator/msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { collect } from './collect.ts';

const answer = 'The sky is blue because a simulator says so.';
const gemini = geminiHandlers({ answer: () => answer });
const server = setupServer(...gemini);
beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
afterEach(() => gemini.reset());
afterAll(() => server.close());

const ai = new GoogleGenAI({ apiKey: demoKey });
const model = 'gemini-2.5-flash';
const contents = 'why is the sky blue?';
const google = 'https://generativelanguage.googleapis.com';
const headers = { 'x-goog-api-key': demoKey };

/** The error that a call must end in. */
async function failure(call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof ApiError) return error;
  throw new Error(`Expected an ApiError, got ${error}`);
}

test('Google’s SDK gets an answer without a base URL, and nothing leaves the process', async () => {
  expect((await ai.models.generateContent({ model, contents })).text).toBe(answer);
  expect(gemini.journal.requests.map(({ key, step }) => [key, step])).toEqual([[demoKey, 'ok']]);
  expect(gemini.journal.openConnections).toBe(0);
});

test('a stream comes word by word', async () => {
  const chunks = await collect(await ai.models.generateContentStream({ model, contents }));
  expect(chunks.map(({ text }) => text).join('')).toBe(answer);
  expect(chunks).toHaveLength(answer.split(' ').length);
  expect(gemini.journal.requests[0]?.finishedAtMs).not.toBeNull();
});

test('functions are called, models listed, tokens counted', async () => {
  const declaration = { name: 'getWeather', parametersJsonSchema: { type: 'object', properties: {} } };
  const config = { tools: [{ functionDeclarations: [declaration] }] };
  const response = await ai.models.generateContent({ model, contents: 'ask getWeather', config });
  expect(response.functionCalls?.[0]?.name).toBe('getWeather');
  expect((await ai.models.get({ model })).name).toBe(`models/${model}`);
  expect((await ai.models.countTokens({ model, contents })).totalTokens).toBe(6);
});

test('real refusals and planned ones arrive with their status', async () => {
  expect((await failure(ai.models.generateContent({ model: 'gemini-0', contents }))).status).toBe(404);
  gemini.plan(demoKey, ['503', '429', 'ok']);
  expect((await failure(ai.models.generateContent({ model, contents }))).status).toBe(503);
  const busy = await failure(ai.models.generateContentStream({ model, contents }));
  expect([busy.status, busy.message]).toEqual([429, expect.stringMatching(/retryDelay[\\": ]+17s/)]);
  expect((await ai.models.generateContent({ model, contents })).text).toBe(answer);
});

test('quotas are counted as on a socket', async () => {
  const projects = [{ id: 'small', keys: ['small-key'], quota: { requestsPerMinute: 1 } }];
  server.use(...geminiHandlers({ projects, baseUrl: 'https://small.test/gemini/' }));
  const small = new GoogleGenAI({ apiKey: 'small-key', httpOptions: { baseUrl: 'https://small.test/gemini' } });
  await small.models.generateContent({ model, contents });
  expect((await failure(small.models.generateContent({ model, contents }))).status).toBe(429);
  server.resetHandlers();
});

test('files and cached contents are kept as on a socket', async () => {
  const file = await ai.files.upload({ file: new Blob(['hello']), config: { mimeType: 'text/plain' } });
  expect(gemini.project('demo').files).toEqual([file.name]);
  const uploads = gemini.journal.requests.map(({ target }) => target.replace(/upload_id=[^&]+/, 'upload_id=…'));
  expect(uploads).toEqual(['/upload/v1/files', '/upload/v1/files?upload_id=…&upload_protocol=resumable']);
  const parts = [createPartFromUri(file.uri ?? '', 'text/plain'), 'word '.repeat(1_024)];
  const cache = await ai.caches.create({ model, config: { contents: parts } });
  const config = { cachedContent: cache.name ?? '' };
  const { usageMetadata } = await ai.models.generateContent({ model, contents, config });
  expect(usageMetadata?.cachedContentTokenCount).toBe(1_024 + 258);
  expect(gemini.project('demo').used(model)).toMatchObject({ requests: 1, tokens: 1_024 + 258 + 6 });
});

test('batches, stores and interactions are kept as on a socket', async () => {
  const batch = await ai.batches.create({ model, src: [{ contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] }] });
  expect((await ai.batches.get({ name: batch.name ?? '' })).dest?.inlinedResponses).toHaveLength(1);
  const store = await ai.fileSearchStores.create({ config: { displayName: 'Tales' } });
  const { id } = await ai.interactions.create({ model, input: 'Hello' });
  const { batches, stores, interactions } = gemini.project('demo');
  expect([batches, stores, interactions]).toEqual([[batch.name], [store.name], [id]]);
});

test('faults that need a socket are refused where they are planned, with what to do instead', async () => {
  const socketSteps = Object.keys(steps).filter((name) => {
    try {
      gemini.plan('another-key', [name as StepName]);
      return false;
    } catch (error) {
      expect(String(error)).toContain(`The step "${name}" needs a socket`);
      expect(String(error)).toContain('startSimulator()');
      return true;
    }
  });
  expect(socketSteps).toEqual(
    expect.arrayContaining(['rst-mid-stream', 'status-999', 'endless-stream', 'ignores-fin']),
  );
  expect(socketSteps).toHaveLength(44);
  const brought = await fetch(`${google}/v1/models`, { headers: { ...headers, 'x-simulator-plan': 'garbage' } });
  expect([brought.status, await brought.text()]).toEqual([400, expect.stringContaining('"garbage" needs a socket')]);
  gemini.plan(demoKey, [() => 'cut-length']);
  expect((await fetch(`${google}/v1/models`, { headers })).status).toBe(400);
});

const endless: readonly StepName[] = ['no-answer', 'stall-before-first', 'stall-mid-stream', 'finish-then-hang'];
const leftOut: ReadonlySet<string> = new Set([
  ...endless,
  'comments-only',
  'endless-stream',
  'redirect',
  'redirect-307',
  'redirect-308',
  // `fetch` reads no more than five layers.
  'gzip-six-times',
]);

test('every other step can be played to its end', async () => {
  for (const name of Object.keys(steps) as StepName[]) {
    try {
      gemini.plan(demoKey, [name]);
    } catch {
      // Needs a socket: the test above.
      continue;
    }
    if (leftOut.has(name)) continue;
    const url = `${google}/v1/models/${model}:streamGenerateContent?alt=sse`;
    const body = JSON.stringify({ contents: [{ parts: [{ text: contents }] }] });
    const response = await fetch(url, { method: 'POST', headers, body });
    const status = Number(/^\d{3}/.exec(steps[name])?.[0] ?? 200);
    expect([name, response.status]).toEqual([name, status]);
    expect(typeof (await response.text())).toBe('string');
    expect([name, gemini.journal.running]).toEqual([name, 0]);
  }
});

test('a compressed stream is readable', async () => {
  gemini.plan(demoKey, ['gzip-stream']);
  const chunks = await collect(await ai.models.generateContentStream({ model, contents }));
  expect(chunks.map(({ text }) => text).join('')).toBe(answer);
});

for (const name of [...endless, 'comments-only'] as const) {
  test(`${name}: who aborts is let go, and the journal says so`, async () => {
    gemini.plan(demoKey, [name]);
    const abort = new AbortController();
    const url = `${google}/v1/models/${model}:streamGenerateContent?alt=sse`;
    const body = JSON.stringify({ contents: [{ parts: [{ text: contents }] }] });
    const read = fetch(url, { method: 'POST', headers, body, signal: abort.signal }).then((response) =>
      response.text(),
    );
    read.catch(() => {});
    await expect.poll(() => gemini.journal.running, { interval: 1 }).toBe(1);
    abort.abort();
    await expect(read).rejects.toThrow();
    await expect.poll(() => gemini.journal.running, { interval: 1 }).toBe(0);
    expect(gemini.journal.requests[0]?.abandonedAtMs).not.toBeNull();
  });
}

test('an answer of one’s own comes as it was written, and one that no Response can carry is a clear error', async () => {
  const chunks = [Buffer.from('one '), Buffer.from('two')];
  gemini.plan(demoKey, [
    { status: 201, headers: [['x-own', 'yes']], chunks },
    { status: 204, headers: [], chunks: [] },
    { status: 999, headers: [], chunks: [] },
  ]);
  const own = await fetch(`${google}/v1/models`, { headers });
  expect([own.status, own.headers.get('x-own'), await own.text()]).toEqual([201, 'yes', 'one two']);
  expect((await fetch(`${google}/v1/models`, { headers })).status).toBe(204);
  const impossible = await fetch(`${google}/v1/models`, { headers });
  expect([impossible.status, await impossible.text()]).toEqual([500, expect.stringContaining('200 to 599')]);
});
