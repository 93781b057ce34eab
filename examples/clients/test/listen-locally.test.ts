/** Clients that take an address and no `fetch`, on a gateway in the same process: by `listenLocally`. */

import { createGateway, type Gateway } from '@sluice/core';
import { nodeUpgrade } from '@sluice/core/live';
import { type LocalListener, listenLocally } from '@sluice/core/node';
import { demoKey, type Simulator, startSimulator } from '@sluice/simulator';
import { GoogleGenAI as GoogleGenAIOne } from 'genai-1';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { generativeAi } from '../src/clients/generative-ai.ts';
import { googleGenai1 } from '../src/clients/google-genai-1.ts';
import { langchainGoogle } from '../src/clients/langchain-google.ts';
import { langchainGoogleGenai } from '../src/clients/langchain-google-genai.ts';
import { weather } from '../src/contract.ts';
import { withStrayRejections } from '../src/stray-rejections.ts';

const desk = { id: 'desk', key: 'canary-key-of-the-desk-01' };
const answer = 'The sky is blue because air scatters short waves of light more than long ones.';
const neverShed = { queueDelayMs: 0, refuseDelayMs: 0, queueHeapShare: 0, refuseHeapShare: 0, endHeapShare: 0 };
const ask = { model: 'gemini-2.5-flash', prompt: 'Why is the sky blue?' };

let simulator: Simulator;
let gateway: Gateway;
let local: LocalListener;
beforeEach(async () => {
  simulator = await startSimulator({ answer: () => answer });
  gateway = createGateway({
    pools: { gemini: { baseUrl: simulator.url, projects: [{ id: 'main', keys: [demoKey] }] } },
    callers: [desk],
    overload: neverShed,
    retry: { maxAttempts: 1 },
  });
  local = await listenLocally(gateway, { callerKey: desk.key, live: nodeUpgrade(gateway, { others: 'refuse' }) });
});
afterEach(async () => {
  await local.close({ withinMs: 0 });
  await vi.waitFor(() => expect([simulator.journal.running, gateway.snapshot().open]).toEqual([0, 0]), 2_000);
  await gateway.close();
  await simulator.close();
});

async function all(pieces: AsyncIterable<unknown>): Promise<unknown[]> {
  const list: unknown[] = [];
  for await (const piece of pieces) list.push(piece);
  return list;
}

describe.each([googleGenai1, generativeAi, langchainGoogleGenai, langchainGoogle])('$packages.0', ({ connect }) => {
  test('works with the address and the key that it was given', async () => {
    const callers: (string | null)[] = [];
    gateway.on('request', ({ caller }) => callers.push(caller));
    const client = connect(local);
    expect(JSON.stringify(await all(client.unary(ask)))).toContain(answer);
    expect((await all(client.streamed(ask))).length).toBeGreaterThan(5);
    const called = await all(client.tools({ ...ask, prompt: `Please ask ${weather.name} about the weather.` }));
    expect(JSON.stringify(called)).toContain(weather.name);
    expect(new Set(callers)).toEqual(new Set(['desk']));
    expect(JSON.stringify(simulator.journal.requests)).not.toMatch(new RegExp(`${local.key}|${desk.key}`));
  });

  test('is refused with any other key, that of a caller included', async () => {
    for (const key of ['0'.repeat(64), desk.key]) {
      const refused = all(connect({ url: local.url, key }).unary(ask));
      await expect(refused).rejects.toThrow(/wants the key that listenLocally returned|401/);
    }
    expect(simulator.journal.requests).toEqual([]);
  });

  test('sees a stream that breaks as an error, and that the listener closes as well', async () => {
    await withStrayRejections(async () => {
      simulator.plan('*', ['rst-mid-stream']);
      await expect(all(connect(local).streamed(ask))).rejects.toThrow();
      simulator.plan('*', ['stall-mid-stream']);
      const stalled = all(connect(local).streamed(ask)).then(
        () => 'ended',
        () => 'broken',
      );
      await vi.waitFor(() => expect(simulator.journal.running).toBe(1), 5_000);
      await local.close({ withinMs: 20 });
      expect(await stalled).toBe('broken');
    });
  });
});

test('@google/genai 1.30 uploads, and talks live, with that key alone', async () => {
  const ai = new GoogleGenAIOne({ apiKey: local.key, httpOptions: { baseUrl: local.url } });
  const file = new Blob(['x'.repeat(9_000_000)]);
  const { name = '' } = await ai.files.upload({ file, config: { mimeType: 'text/plain' } });
  expect(await ai.files.get({ name })).toMatchObject({ sizeBytes: '9000000' });
  const heard: unknown[] = [];
  const callbacks = { onmessage: (message: unknown) => void heard.push(message) };
  const session = await ai.live.connect({ model: 'gemini-3.8-live', callbacks });
  session.sendClientContent({ turns: 'Hello there', turnComplete: true });
  await vi.waitFor(() => expect(JSON.stringify(heard)).toContain('turnComplete'), 10_000);
  session.close();
});
