/** Live sessions by Google's own SDK. */

import { GoogleGenAI, type LiveServerMessage, Modality, type Session } from '@google/genai';
import { demoKey, startSimulator } from '@sluice/simulator';
import { afterAll, expect, test, vi } from 'vitest';

const simulator = await startSimulator();
afterAll(() => simulator.close());

const model = 'gemini-3.8-live';

function client(apiKey: string, apiVersion = 'v1beta'): GoogleGenAI {
  return new GoogleGenAI({ apiKey, httpOptions: { baseUrl: simulator.url, apiVersion } });
}

async function connect(ai: GoogleGenAI, heard: LiveServerMessage[]): Promise<Session> {
  const callbacks = { onmessage: (message: LiveServerMessage) => void heard.push(message) };
  return ai.live.connect({ model, config: { responseModalities: [Modality.TEXT] }, callbacks });
}

test('a turn is sent and its answer is heard', async () => {
  const heard: LiveServerMessage[] = [];
  const session = await connect(client(demoKey), heard);
  session.sendClientContent({ turns: 'Hello', turnComplete: true });
  await vi.waitFor(() => expect(heard.some(({ serverContent }) => serverContent?.turnComplete)).toBe(true));
  expect(heard.map((message) => message.text).join('')).toContain('Hello');
  expect(heard.at(-1)?.usageMetadata?.totalTokenCount).toBe(2);
  session.close();
  expect(simulator.journal.conversations[0]?.target).toMatch(/^\/\/ws\//);
});

test('a bad key is told by the close', async () => {
  await expect(connect(client('stranger'), [])).rejects.toThrow(
    /1007.*API key not valid\. Please pass a valid API key\./,
  );
});

test('a token that was made with a key opens a session', async () => {
  const { name = '' } = await client(demoKey, 'v1alpha').authTokens.create({ config: { uses: 1 } });
  const session = await connect(client(name, 'v1alpha'), []);
  session.close();
  expect(simulator.journal.conversations.at(-1)).toMatchObject({ key: name, project: 'demo', model });
  await expect(connect(client(name, 'v1alpha'), [])).rejects.toThrow(/1008/);
});

test('music is heard', async () => {
  const heard: unknown[] = [];
  const session = await client(demoKey).live.music.connect({
    model: 'lyria-realtime-exp',
    callbacks: { onmessage: (message) => void heard.push(message.audioChunk) },
  });
  session.play();
  await vi.waitFor(() => expect(heard.filter((chunk) => chunk !== undefined)).toHaveLength(2));
  session.close();
});
