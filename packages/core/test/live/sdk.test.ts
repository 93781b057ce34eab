import { GoogleGenAI, type LiveServerMessage, Modality } from '@google/genai';
import { eventually } from '@sluice/testkit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { aStage, callerKey, constrained, key, lastEnd, type Script, type Stage, setupComplete } from './a-talk.ts';

const model = 'gemini-live-2.5-flash-preview';

// It warns that all of this may change.
vi.spyOn(console, 'warn').mockImplementation(() => {});

/** Answers as the provider does: the setup first, then every turn with a word and what it used. */
const script: Script = {
  answers: () => JSON.stringify({ name: 'auth_tokens/canary-token-1' }),
  hears({ ws }, text, count) {
    if (count === 1) return ws.send(Buffer.from(setupComplete));
    if (!text.includes('clientContent')) return;
    ws.send(Buffer.from(JSON.stringify({ serverContent: { modelTurn: { parts: [{ text: 'Hello!' }] } } })));
    ws.send(
      Buffer.from(
        JSON.stringify({
          serverContent: { turnComplete: true },
          usageMetadata: { promptTokenCount: 12, responseTokenCount: 3, totalTokenCount: 15 },
        }),
      ),
    );
  },
};

const open: { close(): void }[] = [];
afterEach(() => {
  for (const session of open.splice(0)) session.close();
});

function sdk({ port }: Stage, apiKey: string, more: { prefix?: string; apiVersion?: string } = {}): GoogleGenAI {
  const { prefix = '', ...rest } = more;
  return new GoogleGenAI({ apiKey, httpOptions: { baseUrl: `http://127.0.0.1:${port}${prefix}`, ...rest } });
}

async function talkOnce(ai: GoogleGenAI): Promise<{ messages: LiveServerMessage[]; closed: () => CloseEvent | null }> {
  const messages: LiveServerMessage[] = [];
  let closed: CloseEvent | null = null;
  const session = await ai.live.connect({
    model,
    config: { responseModalities: [Modality.TEXT] },
    callbacks: {
      onmessage: (message) => messages.push(message),
      onclose: (event) => {
        closed = event;
      },
    },
  });
  open.push(session);
  session.sendClientContent({ turns: [{ role: 'user', parts: [{ text: 'Hello?' }] }], turnComplete: true });
  await eventually('no whole turn', () => messages.some(({ serverContent }) => serverContent?.turnComplete === true));
  session.sendRealtimeInput({ audio: { data: 'AAAA', mimeType: 'audio/pcm;rate=16000' } });
  return { messages, closed: () => closed };
}

describe('@google/genai, by base URL alone', () => {
  test.each([
    ['at the root, with its two slashes', {}],
    ['under a prefix', { prefix: '/gemini' }],
    ['in the version of its choice', { apiVersion: 'v1alpha' }],
  ])('talks %s', async (_where, more) => {
    const mountPath = 'prefix' in more ? more.prefix : '';
    const stage = await aStage({ script, upgrade: { mountPath } });
    const { messages } = await talkOnce(sdk(stage, callerKey, more));
    expect(messages[0]).toMatchObject({ setupComplete: {} });
    expect(messages.map(({ serverContent }) => serverContent?.modelTurn?.parts?.[0]?.text ?? '').join('')).toBe(
      'Hello!',
    );
    await eventually('the sound did not come', () => stage.talks[0]?.heard.length === 3);
    const [talk] = stage.talks;
    expect(talk?.headers['x-goog-api-key']).toBe(key('main'));
    expect(talk?.target).not.toContain('key=');
    open.splice(0)[0]?.close();
    expect(await lastEnd(stage)).toMatchObject({ outcome: 'complete', model, usage: { prompt: 12, candidates: 3 } });
  });

  test('talks by a token that it has minted itself', async () => {
    const stage = await aStage({ script });
    const apiVersion = 'v1alpha';
    const token = await sdk(stage, callerKey, { apiVersion }).authTokens.create({ config: { uses: 1 } });
    await talkOnce(sdk(stage, token.name as string, { apiVersion }));
    expect(stage.talks[0]?.target).toBe(`${constrained}?access_token=${token.name}`);
    expect(stage.talks[0]?.headers['x-goog-api-key']).toBeUndefined();
  });

  test('hears why it was not let in', async () => {
    const stage = await aStage({ script });
    await expect(talkOnce(sdk(stage, 'wrong-wrong-wrong-wrong'))).rejects.toThrow('401');
  });

  test('hears why the provider does not want its setup', async () => {
    const reason = 'models/x is not found for API version v1, or is not supported for bidiGenerateContent.';
    const stage = await aStage({ script: { hears: ({ ws }) => ws.close(1008, reason) } });
    await expect(talkOnce(sdk(stage, callerKey))).rejects.toThrow(`(code 1008): ${reason}`);
  });
});
