import { GoogleGenAI } from '@google/genai/web';
import { gatewayScheme, registerProtocol } from '@sluice/electron';
import { demoKey } from '@sluice/simulator';
import { eventually } from '@sluice/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { protocol } from './fake/electron.ts';
import { openStage, type Stage } from './stage.ts';

vi.mock('electron', () => import('./fake/electron.ts'));

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

const call = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{"contents":[{"parts":[{"text":"hi"}]}]}',
};

test('the SDK of Google talks to the scheme as to Google, and the user’s key goes up', async () => {
  const { url, key } = registerProtocol(stage.backend.gateway);
  const httpOptions = { baseUrl: url, fetch: ((input, init) => protocol.fetch(String(input), init)) as typeof fetch };
  const ai = new GoogleGenAI({ apiKey: key, httpOptions });
  let text = '';
  for await (const chunk of await ai.models.generateContentStream({ model: 'gemini-2.5-flash', contents: 'Hi.' }))
    text += chunk.text ?? '';
  expect(text).not.toBe('');
  const [request] = stage.simulator.journal.requests;
  expect(request?.key).toBe(demoKey);
  expect(JSON.stringify(request?.rawHeaders)).not.toContain(key);
});

test('nobody gets in without its key, whoever they are', async () => {
  const { url, key, close } = registerProtocol(stage.backend.gateway);
  const target = `${url}/v1beta/models/gemini-2.5-flash:generateContent`;
  const tries = [{}, { 'x-goog-api-key': demoKey }, { authorization: `Bearer ${key}x` }, { 'x-goog-api-key': '' }];
  for (const more of tries) {
    const answer = await protocol.fetch(target, { ...call, headers: { ...call.headers, ...more } });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: { status: 'UNAUTHENTICATED' } });
  }
  expect(
    (await protocol.fetch('sluice://elsewhere/v1beta/models', { headers: { 'x-goog-api-key': key } })).status,
  ).toBe(404);
  expect(stage.simulator.journal.requests).toEqual([]);
  expect((await protocol.fetch(`${target}?key=${key}`, call)).status).toBe(200);
  close();
  await expect(protocol.fetch(target, call)).rejects.toThrow('Failed to fetch');
});

test('a page that leaves ends the call to the provider', async () => {
  stage.simulator.plan('*', ['slow-stream']);
  const { url, key } = registerProtocol(stage.backend.gateway, { scheme: 'mine', host: protocol as never });
  const target = `${url}/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse`;
  expect(target).toMatch(/^mine:\/\/gemini\//);
  const answer = await protocol.fetch(target, { ...call, headers: { ...call.headers, 'x-goog-api-key': key } });
  await answer.body?.cancel();
  await eventually('the provider is left', () => stage.simulator.journal.running === 0);
});

test('the scheme has what Chromium wants before a page may fetch it', () => {
  expect(gatewayScheme('mine')).toEqual({
    scheme: 'mine',
    privileges: { standard: true, secure: true, supportFetchAPI: true, corsEnabled: true, stream: true },
  });
});
