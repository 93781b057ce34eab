/** Answers that come in hops, by raw calls and by Google's own SDK, which goes on by itself. */

import { GoogleGenAI } from '@google/genai';
import { afterAll, afterEach, expect, test } from 'vitest';
import { collect } from './collect.ts';
import { startStage } from './projects.ts';

const words = Array.from({ length: 40 }, (_, at) => `w${at}`).join(' ');
const stage = await startStage({ answer: () => words, hopTokens: 10 });
const { simulator } = stage;
afterEach(() => stage.reset());
afterAll(() => simulator.close());

const ai = new GoogleGenAI({ apiKey: 'main-1', httpOptions: { baseUrl: simulator.url } });
const model = 'gemini-4-argon';
const body = { contents: [{ role: 'user', parts: [{ text: 'Tell me.' }] }] };
const path = `models/${model}:generateContent`;

async function streamed(): Promise<string> {
  const chunks = await collect(await ai.models.generateContentStream({ model, contents: 'Tell me.' }));
  return chunks.map(({ text }) => text ?? '').join('');
}

test('a hop ends with CONTINUATION, and its token goes on behind it in its project alone', async () => {
  const [first] = (await stage.call('POST', path, body)).json.candidates;
  expect(first).toMatchObject({ finishReason: 'CONTINUATION', continuationToken: expect.any(String) });
  const { continuationToken } = first;
  const [second] = (await stage.call('POST', path, { ...body, continuationToken }, 'main-2')).json.candidates;
  const text = (candidate: typeof first) => candidate.content.parts[0].text;
  expect(words.startsWith(text(first) + text(second))).toBe(true);
  const invalid = [400, 'Invalid continuation token.'];
  expect(await stage.refusal('POST', path, { ...body, continuationToken }, 'other-1')).toEqual(invalid);
  expect(await stage.refusal('POST', path, { ...body, continuation_token: 'x' })).toEqual(invalid);
  const elsewhere = 'models/gemini-2.5-pro:generateContent';
  expect(await stage.refusal('POST', elsewhere, { ...body, continuationToken })).toEqual(invalid);
});

test('other models answer in one', async () => {
  const { json } = await stage.call('POST', 'models/gemini-2.5-pro:generateContent', body);
  expect(json.candidates[0]).toMatchObject({ finishReason: 'STOP' });
});

test('a checkpoint stands half-way, without a finish reason', async () => {
  const { json } = await stage.call('POST', `models/${model}:streamGenerateContent`, body);
  const marked = json.flatMap(
    ({ candidates: [one] }: { candidates: { finishReason?: string; continuationToken?: string }[] }) =>
      one?.continuationToken === undefined ? [] : [one.finishReason],
  );
  expect(marked).toEqual([undefined, 'CONTINUATION']);
});

test('the SDK puts the hops together', async () => {
  expect((await ai.models.generateContent({ model, contents: 'Tell me.' })).text).toBe(words);
  expect(simulator.journal.requests.length).toBeGreaterThan(3);
  expect(await streamed()).toBe(words);
});

test('drop-after-checkpoint: no word is lost, and none comes twice', async () => {
  simulator.plan('main-1', ['drop-after-checkpoint', 'ok', 'drop-after-checkpoint', 'ok']);
  expect(await streamed()).toBe(words);
  expect(simulator.journal.requests.slice(0, 3).map(({ step }) => step)).toEqual([
    'drop-after-checkpoint',
    'ok',
    'drop-after-checkpoint',
  ]);
});
