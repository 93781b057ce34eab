/** SDKs on `gateway.fetch`: what works, which error they show, and that no socket stands between them and the gateway. */

import { createAnthropic } from '@ai-sdk/anthropic';
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { createGateway, type Gateway } from '@sluice/core';
import { demoKey, type Simulator, startSimulator } from '@sluice/simulator';
import { generateText } from 'ai';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { weather } from '../src/contract.ts';
import { sdks } from './in-process/sdks.ts';
import { type SeenSockets, watchSockets } from './in-process/sockets.ts';

const key = 'canary-key-of-the-desk-01';
const answer = 'The sky is blue because air scatters short waves of light more than long ones.';
const neverShed = { queueDelayMs: 0, refuseDelayMs: 0, queueHeapShare: 0, refuseHeapShare: 0, endHeapShare: 0 };

let simulator: Simulator;
let gateway: Gateway;
let sockets: SeenSockets;
beforeEach(async () => {
  simulator = await startSimulator({ answer: () => answer });
  gateway = gatewayWith({ retry: { maxAttempts: 1 } });
  sockets = watchSockets();
  vi.stubGlobal('fetch', () => {
    throw new Error('the global fetch was asked');
  });
});
afterEach(async () => {
  vi.unstubAllGlobals();
  sockets.stop();
  const port = Number(new URL(simulator.url).port);
  for (const seen of sockets.ports()) expect(seen, 'a socket to somewhere else than the provider').toBe(port);
  await vi.waitFor(() => expect([simulator.journal.running, gateway.snapshot().open]).toEqual([0, 0]), 2_000);
  await gateway.close();
  await simulator.close();
});

function gatewayWith(options: { retry?: { maxAttempts: number } }): Gateway {
  return createGateway({
    pools: { gemini: { baseUrl: simulator.url, projects: [{ id: 'main', keys: [demoKey] }] } },
    callers: [{ id: 'desk', key }],
    overload: neverShed,
    ...options,
  });
}

async function all(pieces: AsyncIterable<string>): Promise<string[]> {
  const list: string[] = [];
  for await (const piece of pieces) if (piece !== '') list.push(piece);
  return list;
}

/** The status that an SDK's own class of error tells. */
function statusOf(error: unknown): number | undefined {
  const { status, statusCode } = error as { status?: number; statusCode?: number };
  return status ?? statusCode;
}

describe.each(sdks)('$name in process', ({ connect }) => {
  test('answers, streams in pieces, and calls functions, with no socket but the one to the provider', async () => {
    const sdk = connect(gateway.fetch, key);
    expect(await sdk.unary('Why is the sky blue?')).toBe(answer);
    const pieces = await all(sdk.streamed('Why is the sky blue?'));
    expect(pieces.join('')).toBe(answer);
    expect(pieces.length).toBeGreaterThan(5);
    expect(await sdk.tool(`Please ask ${weather.name} about the weather.`)).toBe(weather.name);
    expect(simulator.journal.requests).toHaveLength(3);
    expect(sockets.ports()).toEqual([Number(new URL(simulator.url).port)]);
    expect(JSON.stringify(simulator.journal.requests)).not.toContain(key);
  });

  test.each([
    ['429-day', 429],
    ['503', 503],
    ['404', 404],
  ] as const)('shows a refusal (%s) in its own class of error, with the status', async (step, status) => {
    simulator.plan('*', [step]);
    const error = await connect(gateway.fetch, key)
      .unary('Why?')
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect([statusOf(error), (error as Error).constructor.name]).toEqual([
      status,
      expect.not.stringMatching(/^(Type)?Error$/),
    ]);
  });

  test('is told 401 for a key that nobody has, and nothing goes up', async () => {
    const sdk = connect(gateway.fetch, 'nobody-knows-this-key-01');
    await expect(sdk.unary('Why?')).rejects.toSatisfy((error) => statusOf(error) === 401);
    expect(simulator.journal.requests).toEqual([]);
  });

  test('never takes a stream that breaks for one that has ended', async () => {
    simulator.plan('*', ['rst-mid-stream']);
    await expect(all(connect(gateway.fetch, key).streamed('Why?'))).rejects.toThrow();
  });

  test('ends the call to the provider within 100 ms of its abort, before an answer and in the middle of one', async () => {
    const sdk = connect(gateway.fetch, key);
    for (const step of ['no-answer', 'stall-mid-stream'] as const) {
      simulator.plan('*', [step]);
      const leaving = new AbortController();
      const pieces = sdk.streamed('Why?', leaving.signal)[Symbol.asyncIterator]();
      const isOver = all({ [Symbol.asyncIterator]: () => pieces }).catch(() => 'thrown');
      const isUnderWay = (): void => expect(simulator.journal.running).toBe(1);
      await vi.waitFor(isUnderWay, { timeout: 2_000, interval: 2 });
      const leftAtMs = performance.now();
      leaving.abort();
      await vi.waitFor(() => expect(simulator.journal.running).toBe(0), { timeout: 2_000, interval: 2 });
      expect(performance.now() - leftAtMs).toBeLessThan(100);
      await isOver;
    }
  });
});

test('@google/genai uploads in process, in chunks, and finds the file again', async () => {
  const ai = new GoogleGenAI({ apiKey: key, httpOptions: { fetch: gateway.fetch } });
  const file = new Blob(['x'.repeat(9_000_000)]);
  const { name = '', uri = '' } = await ai.files.upload({ file, config: { mimeType: 'text/plain' } });
  expect(await ai.files.get({ name })).toMatchObject({ name, uri, sizeBytes: '9000000' });
});

describe('@anthropic-ai/sdk', () => {
  test('leaves repeating to a gateway that has done it: one error after three calls, not nine', async () => {
    await gateway.close();
    gateway = gatewayWith({});
    simulator.plan('*', ['503']);
    const client = new Anthropic({
      apiKey: null,
      authToken: key,
      fetch: gateway.fetch,
      baseURL: 'http://gateway',
      maxRetries: 2,
    });
    const body = { contents: [{ parts: [{ text: 'Why?' }] }] };
    const error = await client
      .post('/v1beta/models/gemini-2.5-flash:generateContent', { body })
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(Anthropic.InternalServerError);
    expect(simulator.journal.requests).toHaveLength(3);
  });

  test('messages.create ends in a typed error of its own: there is no surface for it yet', async () => {
    const client = new Anthropic({ apiKey: null, authToken: key, fetch: gateway.fetch, baseURL: 'http://gateway' });
    const messages = [{ role: 'user' as const, content: 'Why?' }];
    const error = await client.messages
      .create({ model: 'gemini-2.5-flash', max_tokens: 10, messages })
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(Anthropic.NotFoundError);
    expect(simulator.journal.requests).toEqual([]);
  });
});

test('@ai-sdk/anthropic ends in a typed error of its own: there is no surface for it yet', async () => {
  const anthropic = createAnthropic({ authToken: key, fetch: gateway.fetch, baseURL: 'http://gateway/v1' });
  const model = anthropic('gemini-2.5-flash');
  await expect(generateText({ model, prompt: 'Why?', maxRetries: 0 })).rejects.toMatchObject({
    name: 'AI_APICallError',
    statusCode: 404,
  });
});
