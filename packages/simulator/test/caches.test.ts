/** Cached contents by Google's own SDK, and what it hides by raw calls. */

import { ApiError, createPartFromUri, GoogleGenAI } from '@google/genai';
import { startSimulator } from '@sluice/simulator';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { collect } from './collect.ts';

const start = Date.parse('2026-11-20T12:00:00Z');
let nowMs = start;
const simulator = await startSimulator({
  projects: [
    { id: 'main', keys: ['main-1', 'main-2'] },
    { id: 'other', keys: ['other-1'] },
  ],
  now: () => nowMs,
});
afterAll(() => simulator.close());
beforeEach(() => {
  nowMs = start;
  simulator.reset();
});

const model = 'gemini-2.5-flash';
const minute = 60_000;
/** Each word is a token, and 1,024 of them are just enough. */
const words = (count: number) => Array.from({ length: count }, () => 'word').join(' ');

function client(apiKey: string): GoogleGenAI {
  return new GoogleGenAI({ apiKey, httpOptions: { baseUrl: simulator.url } });
}

const ai = client('main-1');

function create(config: object = {}): Promise<{ readonly name?: string }> {
  return ai.caches.create({ model, config: { contents: words(1_024), ...config } });
}

async function failure(call: Promise<unknown>): Promise<readonly [number, unknown, unknown]> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw new Error(`Expected an ApiError, got ${error}`);
  const { status, message } = JSON.parse(error.message).error;
  return [error.status, status, message];
}

async function send(method: string, path: string, body: unknown, key = 'main-1'): Promise<[number, unknown]> {
  const answer = await fetch(`${simulator.url}/v1beta/${path}`, {
    method,
    headers: { 'x-goog-api-key': key, 'content-type': 'application/json' },
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  });
  return [answer.status, await answer.json()];
}

const unknown = [403, 'PERMISSION_DENIED', 'CachedContent not found (or permission denied)'];

test('a cached content has the fields of a real one, and shows nothing of what was cached', async () => {
  const cache = await create({ displayName: 'Words', systemInstruction: 'Be brief.' });
  expect(cache).toEqual({
    name: expect.stringMatching(/^cachedContents\/[a-z0-9]{40}$/),
    model: `models/${model}`,
    createTime: '2026-11-20T12:00:00.000Z',
    updateTime: '2026-11-20T12:00:00.000Z',
    expireTime: '2026-11-20T13:00:00.000Z',
    displayName: 'Words',
    usageMetadata: { totalTokenCount: 1_024 + 3 },
  });
  expect(await ai.caches.get({ name: cache.name ?? '' })).toEqual(cache);
  expect(simulator.project('main').cachedContents).toEqual([cache.name]);
});

test('it lives as long as it was told to, and longer when that is changed', async () => {
  const { name = '' } = await create({ ttl: '90.5s' });
  expect((await ai.caches.get({ name })).expireTime).toBe('2026-11-20T12:01:30.500Z');
  nowMs += minute;
  const longer = await ai.caches.update({ name, config: { ttl: '120s' } });
  expect([longer.updateTime, longer.expireTime]).toEqual(['2026-11-20T12:01:00.000Z', '2026-11-20T12:03:00.000Z']);
  const byTime = await ai.caches.update({ name, config: { expireTime: '2026-11-20T12:30:00Z' } });
  expect(byTime.expireTime).toBe('2026-11-20T12:30:00.000Z');
  nowMs = Date.parse('2026-11-20T12:29:59.999Z');
  await ai.caches.get({ name });
  nowMs += 1;
  expect(await failure(ai.caches.get({ name }))).toEqual(unknown);
  expect(await failure(ai.caches.update({ name, config: { ttl: '1s' } }))).toEqual(unknown);
});

test('cached contents are listed page by page, and gone when deleted', async () => {
  const names: (string | undefined)[] = [];
  for (let count = 0; count < 3; count += 1) names.unshift((await create()).name);
  const pager = await ai.caches.list({ config: { pageSize: 2 } });
  expect(pager.page).toHaveLength(2);
  expect((await collect(pager)).map(({ name }) => name)).toEqual(names);
  await ai.caches.delete({ name: names[0] ?? '' });
  expect(await failure(ai.caches.delete({ name: names[0] ?? '' }))).toEqual(unknown);
  expect((await collect(await ai.caches.list())).map(({ name }) => name)).toEqual(names.slice(1));
  expect(await send('GET', 'cachedContents', null, 'other-1')).toEqual([200, {}]);
});

test('the keys of a project share its cached contents, and no other project sees them', async () => {
  const { name = '' } = await create();
  const [mine, stranger] = [client('main-2'), client('other-1')];
  expect((await mine.caches.get({ name })).name).toBe(name);
  expect(await failure(stranger.caches.get({ name }))).toEqual(unknown);
  expect(await failure(stranger.caches.update({ name, config: { ttl: '1s' } }))).toEqual(unknown);
  expect(await failure(stranger.caches.delete({ name }))).toEqual(unknown);
  const ask = (by: GoogleGenAI, cachedContent: string) =>
    by.models.generateContent({ model, contents: 'And?', config: { cachedContent } });
  expect((await ask(mine, name)).text).toBeTruthy();
  expect(await failure(ask(stranger, name))).toEqual(unknown);
  expect(await failure(ask(ai, 'cachedContents/never'))).toEqual(unknown);
});

test('an answer counts the cached tokens within the prompt’s', async () => {
  const { name = '' } = await create();
  const config = { cachedContent: name };
  const contents = 'three more words';
  const { usageMetadata } = await ai.models.generateContent({ model, contents, config });
  expect(usageMetadata).toMatchObject({
    promptTokenCount: 1_027,
    cachedContentTokenCount: 1_024,
    cacheTokensDetails: [{ modality: 'TEXT', tokenCount: 1_024 }],
  });
  expect(usageMetadata?.totalTokenCount).toBe(1_027 + (usageMetadata?.candidatesTokenCount ?? 0));
  const chunks = await collect(await ai.models.generateContentStream({ model, contents, config }));
  for (const chunk of chunks) expect(chunk.usageMetadata?.cachedContentTokenCount).toBe(1_024);
  const plain = await ai.models.generateContent({ model, contents });
  expect(plain.usageMetadata).not.toHaveProperty('cachedContentTokenCount');
});

const turn = { role: 'user', parts: [{ text: 'three more words' }] };
test.each([
  ['beside the contents', (name: string) => ({ contents: [turn], cachedContent: name })],
  ['in snake case', (name: string) => ({ contents: [turn], cached_content: name })],
  ['inside', (name: string) => ({ generateContentRequest: { contents: [turn], cachedContent: name } })],
])('tokens are counted with a cached content named %s', async (_, bodyFor) => {
  const { name = '' } = await create();
  const path = `models/${model}:countTokens`;
  const [status, counted] = await send('POST', path, bodyFor(name));
  expect([status, counted]).toEqual([
    200,
    expect.objectContaining({ totalTokens: 1_027, cachedContentTokenCount: 1_024 }),
  ]);
  expect((await send('POST', path, bodyFor(name), 'other-1'))[0]).toBe(403);
  expect((await send('POST', path, bodyFor('cachedContents/never')))[0]).toBe(403);
});

test.each(['generateContent', 'streamGenerateContent', 'streamGenerateContent?alt=sse'])(
  '%s finds a cached content in either spelling',
  async (verb) => {
    const { name = '' } = await create();
    for (const field of ['cachedContent', 'cached_content']) {
      const ask = async (key: string) => {
        const answer = await fetch(`${simulator.url}/v1/models/${model}:${verb}`, {
          method: 'POST',
          headers: { 'x-goog-api-key': key },
          body: JSON.stringify({ contents: [turn], [field]: name }),
        });
        return [answer.status, await answer.text()] as const;
      };
      expect((await ask('main-1'))[1]).toMatch(/"cachedContentTokenCount": ?1024/);
      expect(await ask('other-1')).toEqual([403, expect.stringContaining(`"message": "${unknown[2]}"`)]);
    }
  },
);

test('cached tools are used, and none may come beside them', async () => {
  const tools = [{ functionDeclarations: [{ name: 'getWeather' }] }];
  const { name = '' } = await create({ tools });
  const contents = 'Please ask getWeather.';
  const answer = await ai.models.generateContent({ model, contents, config: { cachedContent: name } });
  expect(answer.functionCalls).toEqual([{ name: 'getWeather', args: {} }]);
  for (const beside of [{ tools }, { systemInstruction: 'Be brief.' }]) {
    const refused = ai.models.generateContent({ model, contents, config: { cachedContent: name, ...beside } });
    expect(await failure(refused)).toEqual([
      400,
      'INVALID_ARGUMENT',
      'CachedContent can not be used with GenerateContent request setting system_instruction, tools or tool_config.' +
        '\n\nProposed fix: move those values to CachedContent from GenerateContent request.',
    ]);
  }
});

test('a cached content is for the model that it was made for', async () => {
  const { name = '' } = await create();
  const other = ai.models.generateContent({ model: 'gemini-2.5-pro', contents: '?', config: { cachedContent: name } });
  expect(await failure(other)).toEqual([
    400,
    'INVALID_ARGUMENT',
    'Model used by GenerateContent request (models/gemini-2.5-pro) and CachedContent (models/gemini-2.5-flash) has to be the same.',
  ]);
});

test('too little is not cached, unless that is wanted', async () => {
  expect(await failure(ai.caches.create({ model, config: { contents: words(1_023) } }))).toEqual([
    400,
    'INVALID_ARGUMENT',
    'Cached content is too small. total_token_count=1023, min_total_token_count=1024',
  ]);
  const eager = await startSimulator({ projects: [{ id: 'main', keys: ['main-1'] }], minCachedTokens: 1 });
  const small = new GoogleGenAI({ apiKey: 'main-1', httpOptions: { baseUrl: eager.url } });
  expect((await small.caches.create({ model, config: { contents: 'word' } })).usageMetadata?.totalTokenCount).toBe(1);
  await eager.close();
});

test('a file in a cached content has to be the project’s own, and is needed no longer once it is cached', async () => {
  const file = await ai.files.upload({ file: new Blob(['hello']), config: { mimeType: 'text/plain' } });
  const contents = [createPartFromUri(file.uri ?? '', 'text/plain'), words(1_024)];
  const stranger = client('other-1').caches.create({ model, config: { contents } });
  expect((await failure(stranger)).slice(0, 2)).toEqual([403, 'PERMISSION_DENIED']);
  const { name = '' } = await ai.caches.create({ model, config: { contents } });
  await ai.files.delete({ name: file.name ?? '' });
  expect(
    (await ai.models.generateContent({ model, contents: '?', config: { cachedContent: name } })).text,
  ).toBeTruthy();
});

const contents = [{ role: 'user', parts: [{ text: words(1_024) }] }];
test.each([
  ['no model', { contents }, 400, '* CreateCachedContentRequest.model: model is not specified\n'],
  ['an unknown model', { contents, model: 'models/gemini-0' }, 404, expect.stringContaining('createCachedContent')],
  [
    'a duration without a unit',
    { contents, model: `models/${model}`, ttl: '300' },
    400,
    "Invalid value at 'cached_content.ttl' (type.googleapis.com/google.protobuf.Duration), Illegal duration format; duration must end with 's'",
  ],
  [
    'a time that is none',
    { contents, model: `models/${model}`, expireTime: 'soon' },
    400,
    expect.stringContaining('Timestamp'),
  ],
])('a cached content with %s is refused', async (_, body, status, message) => {
  const [code, answer] = await send('POST', 'cachedContents', body);
  expect([code, answer]).toEqual([status, { error: expect.objectContaining({ code: status, message }) }]);
  expect(simulator.project('main').cachedContents).toEqual([]);
});

test('nothing but the end of its life can be changed', async () => {
  const { name = '' } = await create();
  expect((await send('PATCH', name, { displayName: 'New' }))[0]).toBe(400);
  expect((await send('PATCH', `${name}?updateMask=ttl`, { ttl: '60s' }))[0]).toBe(200);
});
