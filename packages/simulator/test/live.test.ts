/** Live sessions by raw WebSockets. */

import { startSimulator } from '@sluice/simulator';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { LiveClient, type LiveClientOptions } from './live-client.ts';

let nowMs = Date.parse('2026-11-20T12:00:00Z');
const simulator = await startSimulator({
  now: () => nowMs,
  projects: [
    { id: 'main', keys: ['main-1', 'main-2'] },
    { id: 'other', keys: ['other-1'] },
    { id: 'small', keys: ['small-1'], maxLiveSessions: 1, quota: { requestsPerMinute: 2 } },
  ],
});
const clients: LiveClient[] = [];
afterEach(() => {
  for (const { socket } of clients.splice(0)) socket.terminate();
  simulator.reset();
});
afterAll(() => simulator.close());

function connect(key: string, options: LiveClientOptions = {}): LiveClient {
  const client = new LiveClient(simulator.url, { query: `?key=${key}`, ...options });
  clients.push(client);
  return client;
}

async function createToken(key: string, body: object): Promise<string> {
  const answer = await fetch(`${simulator.url}/v1alpha/auth_tokens`, {
    method: 'POST',
    headers: { 'x-goog-api-key': key },
    body: JSON.stringify(body),
  });
  return ((await answer.json()) as { readonly name: string }).name;
}

test('a setup is answered in a binary message of pretty-printed JSON, and turns are echoed part by part', async () => {
  const client = await connect('main-1').begin();
  expect(client.messages).toEqual([{ text: '{\n  "setupComplete": {}\n}\n', isBinary: true }]);
  client.send({ clientContent: { turns: [{ role: 'user', parts: [{ text: 'one' }] }] } });
  client.say('two three');
  await client.turns();
  expect(client.said.slice(1)).toEqual([
    { serverContent: { modelTurn: { parts: [{ text: 'one' }] } } },
    { serverContent: { modelTurn: { parts: [{ text: 'two three' }] } } },
    { serverContent: { generationComplete: true } },
    {
      serverContent: { turnComplete: true },
      usageMetadata: expect.objectContaining({ promptTokenCount: 3, responseTokenCount: 3, totalTokenCount: 6 }),
    },
  ]);
});

test('two slashes in front of the path and a key in a header open a session as well', async () => {
  const client = await connect('', { slashes: '//', query: '', headers: { 'x-goog-api-key': 'main-1' } }).begin();
  expect(client.said).toEqual([{ setupComplete: {} }]);
});

test('audio is echoed as audio when it comes, and its end is the end of a turn', async () => {
  const client = await connect('main-1').begin();
  const audio = { mimeType: 'audio/pcm;rate=16000', data: Buffer.from('sounds').toString('base64') };
  client.send({ realtimeInput: { audio } });
  client.send({ realtimeInput: { audioStreamEnd: true } });
  await client.turns();
  expect(client.said[1]).toEqual({ serverContent: { modelTurn: { parts: [{ inlineData: audio }] } } });
});

test('an offered function that is named is called, and its result is told', async () => {
  const client = await connect('main-1').begin({ tools: [{ functionDeclarations: [{ name: 'getWeather' }] }] });
  client.say('Use getWeather.');
  await client.until(() => client.messages.length >= 3);
  expect(client.said[1]).toEqual({
    toolCall: { functionCalls: [{ id: expect.stringMatching(/^function-call-/), name: 'getWeather', args: {} }] },
  });
  client.send({ toolResponse: { functionResponses: [{ id: '1', name: 'getWeather', response: { sun: true } }] } });
  await client.turns();
  expect(client.said[3]).toEqual({ serverContent: { modelTurn: { parts: [{ text: '{"sun":true}' }] } } });
});

test.each([
  ['a bad key', '?key=stranger', 1007, 'API key not valid. Please pass a valid API key.'],
  ['two keys', '?key=main-1&key=main-2', 1007, 'Multiple authentication credentials received. Please pass only one.'],
  ['no key', '', 1008, expect.stringMatching(/^Method doesn't allow unregistered callers.{1,82}$/)],
  ['a token where keys belong', '?access_token=auth_tokens/1', 1008, expect.stringContaining('invalid authentication')],
])('%s is closed with its code and in Google’s words', async (_, query, code, reason) => {
  expect(await connect('', { query }).end()).toEqual({ code, reason });
});

test.each([
  ['a turn before the setup', { clientContent: {} }, 1007, 'setup must be the first message and only the first'],
  ['what is no JSON', 'hello', 1007, expect.stringContaining('Invalid JSON payload received.')],
  [
    'a model that does not talk',
    { setup: { model: 'models/gemini-2.5-pro' } },
    1008,
    expect.stringContaining('is not'),
  ],
  [
    'a handle that nobody gave',
    { setup: { model: 'models/gemini-3.8-live', sessionResumption: { handle: 'x' } } },
    1008,
    'Requested entity was not found.',
  ],
])('%s as the first message ends the session', async (_, message, code, reason) => {
  const client = await connect('main-1').open();
  client.send(message);
  expect(await client.end()).toEqual({ code, reason });
});

test('a second setup and a message without a meaning end the session', async () => {
  const twice = await connect('main-1').begin();
  twice.send({ setup: {} });
  expect((await twice.end())?.code).toBe(1007);
  const odd = await connect('main-1').begin();
  odd.send({ weather: {} });
  expect((await odd.end())?.reason).toContain('Unknown name "weather"');
});

test('a session goes on by its handle in its project, and in no other', async () => {
  const first = await connect('main-1').begin({ sessionResumption: {} });
  first.say('one two');
  await first.turns();
  await first.until(() => first.messages.length >= 6);
  const update = first.said.at(-1)?.sessionResumptionUpdate as { readonly newHandle: string };
  expect(update).toEqual({ newHandle: expect.any(String), resumable: true });
  const sessionResumption = { handle: update.newHandle };
  expect((await connect('other-1').begin({ sessionResumption })).closed).toEqual({
    code: 1008,
    reason: 'Requested entity was not found.',
  });
  const again = await connect('main-2').begin({ sessionResumption });
  again.say('three');
  await again.turns();
  const usage = again.said.find(({ usageMetadata }) => usageMetadata !== undefined)?.usageMetadata;
  expect(usage).toMatchObject({ promptTokenCount: 5 });
});

test('a session too many and a quota that is full are closed with 1011', async () => {
  const quota = expect.stringMatching(/^You exceeded your current quota, please check your plan and billing details/);
  const open = await connect('small-1').begin();
  expect(await connect('small-1').end()).toEqual({ code: 1011, reason: quota });
  const leave = async (client: LiveClient) => {
    client.socket.close();
    await client.end();
    await vi.waitFor(() => expect(simulator.project('small').sessions).toEqual([]));
  };
  await leave(open);
  await leave(await connect('small-1').begin());
  expect((await connect('small-1').begin()).closed).toEqual({ code: 1011, reason: quota });
});

test('a token opens as many sessions as it has uses, on its own method, for as long as it lives', async () => {
  const constrained = (token: string) => ({
    method: 'BidiGenerateContentConstrained',
    query: `?access_token=${token}`,
  });
  const twice = await createToken('main-1', { uses: 2 });
  for (const _ of [1, 2]) expect((await connect('', constrained(twice)).begin()).said).toEqual([{ setupComplete: {} }]);
  expect(simulator.project('main').sessions).toHaveLength(2);
  expect((await connect('', constrained(twice)).end())?.code).toBe(1008);
  const byHeader = { method: 'BidiGenerateContentConstrained', query: '' };
  const headers = { authorization: `Token ${await createToken('main-1', {})}` };
  expect((await connect('', { ...byHeader, headers }).begin()).said).toEqual([{ setupComplete: {} }]);
  expect((await connect('', { query: `?access_token=${await createToken('main-1', {})}` }).end())?.code).toBe(1008);
  expect((await connect('main-1', { method: 'BidiGenerateContentConstrained' }).end())?.code).toBe(1008);
  const late = await createToken('main-1', {});
  nowMs += 60_000;
  expect((await connect('', constrained(late)).end())?.code).toBe(1008);
});

test('music is played once it is asked for', async () => {
  const client = connect('main-1', { method: 'BidiGenerateMusic' });
  await client.begin({ model: 'models/lyria-realtime-exp' });
  client.send({ clientContent: { weightedPrompts: [{ text: 'harp', weight: 0 }] } });
  client.send({ playbackControl: 'PLAY' });
  await client.until(() => client.messages.length >= 4);
  expect(client.said.map((message) => Object.keys(message)[0])).toEqual([
    'setupComplete',
    'filteredPrompt',
    'serverContent',
    'serverContent',
  ]);
});

test('the journal knows the session: messages both ways, the close, the key and the project', async () => {
  const client = await connect('main-2').begin();
  client.say('hello');
  await client.turns();
  expect(simulator.project('main').sessions).toHaveLength(1);
  client.socket.close(1000, 'bye');
  await client.end();
  const [conversation] = simulator.journal.conversations;
  await vi.waitFor(() => expect(conversation?.endedAtMs).not.toBeNull());
  expect(conversation).toMatchObject({
    ...{ key: 'main-2', project: 'main', model: 'gemini-3.8-live', step: 'ok' },
    close: { code: 1000, reason: 'bye', by: 'client' },
  });
  expect(conversation?.frames.map(({ from, isBinary }) => `${from} ${isBinary}`)).toEqual([
    'client false',
    'simulator true',
    'client false',
    'simulator true',
    'simulator true',
    'simulator true',
  ]);
  const sent = conversation?.frames.filter(({ from }) => from === 'simulator') ?? [];
  expect(conversation?.bytesSent).toBe(sent.reduce((sum, { data }) => sum + data.length, 0));
  expect(simulator.project('main').sessions).toEqual([]);
  expect(simulator.journal.requests.map(({ step, finishedAtMs }) => [step, finishedAtMs !== null])).toEqual([
    ['ok', true],
  ]);
});

test('all sessions of a project can be told to go, and are closed when the time is over', async () => {
  const [mine, other] = [await connect('main-1').begin(), await connect('other-1').begin()];
  simulator.project('main').goAway(20);
  expect(await mine.end()).toEqual({ code: 1001, reason: '' });
  expect(mine.said[1]).toEqual({ goAway: { timeLeft: '0.02s' } });
  expect(other.closed).toBeNull();
});
