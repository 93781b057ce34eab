/** What stands around interactions, by Google's own SDK. */

import { GoogleGenAI } from '@google/genai';
import { demoKey, startSimulator } from '@sluice/simulator';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';

const simulator = await startSimulator();
// The SDK warns that some of these may change.
beforeAll(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
afterEach(() => simulator.reset());
afterAll(() => simulator.close());

const ai = new GoogleGenAI({ apiKey: demoKey, httpOptions: { baseUrl: simulator.url } });

test('an agent is made, listed, asked and deleted', async () => {
  await ai.agents.create({ id: 'butler', base_agent: 'antigravity' });
  expect((await ai.agents.get('butler')).id).toBe('butler');
  expect((await ai.agents.list()).agents?.map(({ id }) => id)).toEqual(['butler']);
  expect((await ai.interactions.create({ agent: 'butler', input: 'Hello' })).status).toBe('completed');
  await ai.agents.delete('butler');
  await expect(ai.agents.get('butler')).rejects.toThrow(/Requested entity was not found/);
});

test('a webhook is made, with a secret that can be changed', async () => {
  const { id = '', new_signing_secret } = await ai.webhooks.create({
    uri: 'https://example.com',
    subscribed_events: [],
  });
  expect(new_signing_secret).toMatch(/^whsec_/);
  await ai.webhooks.ping(id);
  expect((await ai.webhooks.rotateSigningSecret(id, {})).secret).not.toBe(new_signing_secret);
  expect((await ai.webhooks.list()).webhooks?.map((one) => one.id)).toEqual([id]);
});

test('a file goes into an environment and comes out again', async () => {
  const { id: environment = '' } = await ai.environments.create({});
  const file = new Blob(['Once upon a time'], { type: 'text/plain' });
  await ai.environments.files.upload({ environment, path: 'tales/one.txt', file });
  const listed = await ai.environments.files.list({ environment, path: 'tales' });
  expect(listed.files).toMatchObject([{ path: 'tales/one.txt', size: '16' }]);
  const bytes = await ai.environments.files.download({ environment, path: 'tales/one.txt' });
  expect(Buffer.from(bytes).toString()).toBe('Once upon a time');
  await ai.environments.delete(environment);
  await expect(ai.environments.files.list({ environment, path: 'tales' })).rejects.toThrow();
});
