/** Interactions by Google's own SDK. */

import { GoogleGenAI } from '@google/genai';
import { demoKey, startSimulator } from '@sluice/simulator';
import { afterAll, afterEach, expect, test } from 'vitest';
import { collect } from './collect.ts';

const words = Array.from({ length: 50 }, (_, at) => `w${at}`).join(' ');
const simulator = await startSimulator({ answer: () => words });
afterEach(() => simulator.reset());
afterAll(() => simulator.close());

const { interactions } = new GoogleGenAI({ apiKey: demoKey, httpOptions: { baseUrl: simulator.url } });
const model = 'gemini-2.5-flash';

type Events = readonly { readonly event_type?: string }[];
const textOf = (events: Events) =>
  events.map((event) => (event as { delta?: { text?: string } }).delta?.text ?? '').join('');

test('one is made, read, gone on from and deleted', async () => {
  const first = await interactions.create({ model, input: 'Hello' });
  expect([first.status, (first as { output_text?: string }).output_text]).toEqual(['completed', words]);
  expect((await interactions.get(first.id ?? '')).id).toBe(first.id);
  const second = await interactions.create({ model, input: 'More', previous_interaction_id: first.id });
  expect(second.previous_interaction_id).toBe(first.id);
  await interactions.delete(first.id ?? '');
  await expect(interactions.get(first.id ?? '')).rejects.toThrow(/Requested entity was not found/);
});

test('a stream is heard, and one that was dropped is heard on', async () => {
  const stream = await interactions.create({ model, input: 'Hello', stream: true });
  expect(textOf(await collect(stream))).toBe(words);
  simulator.plan(demoKey, ['interaction-drop', 'ok']);
  const heard: { readonly event_id?: string; readonly interaction?: { readonly id?: string } }[] = [];
  const broken = await interactions.create({ model, input: 'Hello', stream: true });
  await expect(
    (async () => {
      for await (const event of broken) heard.push(event as (typeof heard)[number]);
    })(),
  ).rejects.toThrow();
  const last_event_id = heard.at(-1)?.event_id ?? '';
  const rest = await interactions.get(heard[0]?.interaction?.id ?? '', { stream: true, last_event_id });
  expect(textOf([...(heard as Events), ...(await collect(rest))])).toBe(words);
});

test('one in the background is cancelled', async () => {
  const slow = await startSimulator({ interactionMs: 600_000 });
  const ai = new GoogleGenAI({ apiKey: demoKey, httpOptions: { baseUrl: slow.url } });
  const { id = '', status } = await ai.interactions.create({ model, input: 'Hello', background: true });
  expect(status).toBe('in_progress');
  expect((await ai.interactions.cancel(id)).status).toBe('cancelled');
  await slow.close();
});

test('an answer in hops is put together by the SDK, whole and streamed', async () => {
  const long = { model: 'gemini-4-argon', input: 'Hello' };
  const whole = await interactions.create(long);
  expect((whole as { output_text?: string }).output_text).toBe(words);
  const before = simulator.journal.requests.length;
  expect(before).toBe(4);
  expect(textOf(await collect(await interactions.create({ ...long, stream: true })))).toBe(words);
});
