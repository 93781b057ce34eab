/** Interactions by raw calls: their events, their errors, and what is gone on with. */

import { startSimulator } from '@sluice/simulator';
import { afterAll, afterEach, expect, test } from 'vitest';
import { headerOf, RawConnection } from './raw-client.ts';

const start = Date.parse('2026-11-20T12:00:00Z');
let nowMs = start;
const simulator = await startSimulator({
  now: () => nowMs,
  interactionMs: 60_000,
  answer: (prompt, model) => `${model} heard: ${prompt}`,
  projects: [
    { id: 'main', keys: ['main-1', 'main-2'] },
    { id: 'other', keys: ['other-1'] },
  ],
});
afterEach(() => {
  nowMs = start;
  simulator.reset();
});
afterAll(() => simulator.close());

const model = 'gemini-2.5-flash';
const base = `${simulator.url}/v1/interactions`;

interface Answer {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came
  readonly json: any;
}

async function send(method: string, path: string, body: unknown, key = 'main-1', plan = 'ok'): Promise<Answer> {
  const answer = await fetch(`${base}${path}`, {
    method,
    headers: { 'x-goog-api-key': key, 'x-simulator-plan': plan },
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, text, json: text.startsWith('{') ? JSON.parse(text) : null };
}

interface Event {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came
  readonly data: any;
}

function eventsIn(text: string): Event[] {
  return [...text.matchAll(/^event: (.*)\ndata: (.*)\n\n/gm)].map(([, name = '', json = '']) => ({
    name,
    data: JSON.parse(json),
  }));
}

const textIn = (events: readonly Event[]) => events.map(({ data }) => data.delta?.text ?? '').join('');

const create = async (body: object = {}, key?: string) =>
  (await send('POST', '', { model, input: 'Hello', ...body }, key)).json;

test('an interaction has the fields of a real one', async () => {
  expect(await create()).toEqual({
    id: expect.stringMatching(/^v1_Ch[cd]/),
    status: 'completed',
    usage: {
      ...{ total_tokens: 11, total_input_tokens: 1, total_cached_tokens: 0, total_output_tokens: 10 },
      ...{ total_tool_use_tokens: 0, total_thought_tokens: 0 },
      input_tokens_by_modality: [{ modality: 'text', tokens: 1 }],
    },
    ...{ created: '2026-11-20T12:00:00Z', updated: '2026-11-20T12:00:00Z', service_tier: 'standard' },
    steps: [
      { signature: expect.any(String), type: 'thought' },
      { content: [{ text: `${model} heard: Hello`, type: 'text' }], type: 'model_output' },
    ],
    object: 'interaction',
    model,
  });
});

test('a stream tells it event by event, and ends with [DONE]', async () => {
  const { text } = await send('POST', '', { model, input: 'Hello', stream: true });
  const events = eventsIn(text);
  expect(events.map(({ name }) => name)).toEqual([
    ...['interaction.created', 'interaction.status_update', 'step.start', 'step.delta', 'step.stop'],
    ...['step.start', 'step.delta', 'step.delta', 'step.delta', 'step.stop', 'interaction.completed'],
  ]);
  expect(events.every(({ name, data }) => data.event_type === name && data.event_id !== undefined)).toBe(true);
  expect(textIn(events)).toBe(`${model} heard: Hello`);
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
});

test('a function is called, waits for its result, and the interaction goes on', async () => {
  const tools = [{ type: 'function', name: 'getWeather', parameters: { type: 'object', properties: {} } }];
  const asked = await create({ input: 'Use getWeather.', tools });
  expect([asked.status, asked.steps[1]]).toEqual([
    'requires_action',
    { type: 'function_call', id: expect.any(String), name: 'getWeather', arguments: {} },
  ]);
  const input = [{ type: 'function_result', name: 'getWeather', call_id: asked.steps[1].id, result: 'sun' }];
  expect((await create({ input, tools, previous_interaction_id: asked.id })).status).toBe('completed');
  const { text } = await send('POST', '', { model, input: 'Use getWeather.', tools, stream: true });
  expect(eventsIn(text).at(-3)?.data.delta).toEqual({ arguments: '{}', type: 'arguments_delta' });
});

test('what went before costs tokens again, and has to be the project’s', async () => {
  const first = await create({ input: 'one two three' });
  const previous = { previous_interaction_id: first.id };
  expect((await create(previous, 'main-2')).usage.total_input_tokens).toBe(4);
  const stranger = await send('POST', '', { model, input: 'Hello', ...previous }, 'other-1');
  expect([stranger.status, stranger.json]).toEqual([
    404,
    { error: { code: 'not_found', message: 'Requested entity was not found.' } },
  ]);
});

test('what is kept nowhere is known by no id, and no event of it says where it stands', async () => {
  expect(await create({ store: false })).not.toHaveProperty('id');
  const { text } = await send('POST', '', { model, input: 'Hello', stream: true, store: false });
  const events = eventsIn(text);
  expect(events[0]?.data.interaction.id).toBe('');
  expect(events[1]?.data.interaction_id).toBe('');
  expect(events.at(-1)?.data.interaction).toMatchObject({ id: '', status: 'completed' });
  expect(events.some(({ data }) => 'event_id' in data)).toBe(false);
  expect(textIn(events)).toBe(`${model} heard: Hello`);
});

test('it is kept for its project, unless it shall not be, until it is deleted', async () => {
  const { id } = await create();
  await create({ store: false });
  expect(simulator.project('main').interactions).toEqual([id]);
  expect((await send('GET', `/${id}?include_input=true`, null, 'main-2')).json.input).toBe('Hello');
  for (const [method, path] of [
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/cancel'],
  ] as const) {
    expect((await send(method, `/${id}${path}`, null, 'other-1')).status).toBe(404);
  }
  expect((await send('DELETE', `/${id}`, null)).status).toBe(200);
  expect((await send('GET', `/${id}`, null)).status).toBe(404);
});

test('one in the background is in progress until its time has come', async () => {
  const { id, status, steps } = await create({ background: true });
  expect([status, steps]).toEqual(['in_progress', undefined]);
  nowMs += 59_999;
  expect((await send('GET', `/${id}`, null)).json.status).toBe('in_progress');
  nowMs += 1;
  expect((await send('GET', `/${id}`, null)).json).toMatchObject({ status: 'completed', steps: [{}, {}] });
  expect((await send('POST', `/${id}/cancel`, null)).json.error.code).toBe('failed_precondition');
});

test('a stream of one in the background waits for its end', async () => {
  const { id } = await create({ background: true });
  const connection = new RawConnection(simulator.url);
  connection.send({ target: `/v1/interactions/${id}?stream=true`, headers: { 'x-goog-api-key': 'main-1' } });
  await connection.until(() => connection.text.includes('interaction.status_update'));
  // As many answers of others as this one has events: time enough for all of them.
  for (let at = 0; at < 12; at += 1) expect((await send('GET', `/${id}`, null)).json.status).toBe('in_progress');
  expect(connection.text).not.toContain('step.start');
  nowMs += 60_000;
  expect((await connection.answer()).isWhole).toBe(true);
  expect(connection.text).toContain('"status":"completed"');
  connection.leave();
});

test('one that is cancelled says so, to whoever listens as well', async () => {
  const { id } = await create({ background: true });
  const connection = new RawConnection(simulator.url);
  connection.send({ target: `/v1/interactions/${id}?stream=true`, headers: { 'x-goog-api-key': 'main-1' } });
  await connection.until(() => connection.text.includes('interaction.status_update'));
  expect((await send('POST', `/${id}/cancel`, null)).json.status).toBe('cancelled');
  expect((await connection.answer()).body.toString()).toMatch(/"status":"cancelled".*\n\ndata: \[DONE\]\n\n$/);
  expect((await send('GET', `/${id}`, null)).json.status).toBe('cancelled');
  connection.leave();
});

test('a stream that was dropped goes on behind the last event that came', async () => {
  simulator.plan('main-1', ['interaction-drop', 'ok']);
  const connection = new RawConnection(simulator.url);
  const body = JSON.stringify({ model, input: 'Hello', stream: true });
  connection.send({ target: '/v1/interactions', headers: { 'x-goog-api-key': 'main-1' }, body });
  await connection.until(() => connection.ended === 'rst');
  const before = eventsIn(connection.text.replace(/^[0-9a-f]+\r\n|\r\n$/gm, ''));
  expect(before.length).toBeGreaterThan(2);
  expect(connection.text).not.toContain('interaction.completed');
  const { id } = before[0]?.data.interaction ?? {};
  const target = `/${id}?stream=true&last_event_id=${before.at(-1)?.data.event_id}`;
  const { text } = await send('GET', target, null);
  const whole = eventsIn((await send('GET', `/${id}?stream=true`, null)).text);
  expect([...before, ...eventsIn(text)]).toEqual(whole);
  expect((await send('GET', `/${id}?stream=true&last_event_id=nothing`, null)).json.error.code).toBe('invalid_request');
});

test('an error in mid-stream is an event with a word for a code', async () => {
  const { text } = await send('POST', '', { model, input: 'Hello', stream: true }, 'main-1', 'interaction-error');
  const events = eventsIn(text);
  expect(events.at(-1)).toEqual({
    name: 'error',
    data: {
      event_type: 'error',
      error: { code: 'service_unavailable', message: expect.stringContaining('high demand') },
    },
  });
  expect(events.some(({ name }) => name === 'interaction.completed')).toBe(false);
});

test.each([
  ['400', 400, 'invalid_request'],
  ['401', 401, 'authentication'],
  ['402', 402, 'payment_required'],
  ['403-permission', 403, 'permission_denied'],
  ['404', 404, 'model_not_found'],
  ['429', 429, 'rate_limit_exceeded'],
  ['429-day', 429, 'quota_exceeded'],
  ['429-bare', 429, 'too_many_requests'],
  ['500', 500, 'api_error'],
  ['503', 503, 'service_unavailable'],
  ['504', 504, 'deadline_exceeded'],
])('%s is told in the words of interactions', async (plan, status, code) => {
  const answer = await send('POST', '', { model, input: 'Hello' }, 'main-1', plan);
  expect([answer.status, answer.json]).toEqual([status, { error: { code, message: expect.any(String) } }]);
});

test.each([
  ['no input', { input: undefined }, 'input is required.'],
  ['a model and an agent', { agent: 'deep-research-pro' }, 'Exactly one of model and agent must be set.'],
  ['a background that is not kept', { background: true, store: false }, 'background requires store to be true.'],
])('%s is refused', async (_, body, message) => {
  expect(await create(body)).toEqual({ error: { code: 'invalid_request', message } });
});

test('an unknown model, a stranger’s file, store, agent and environment are refused', async () => {
  expect((await create({ model: 'gemini-0' })).error.code).toBe('model_not_found');
  const file = simulator.project('other').addGeneratedFile(new Uint8Array(3), 'image/png');
  const uri = `https://generativelanguage.googleapis.com/v1beta/${file}`;
  expect((await create({ input: [{ type: 'image', uri }] })).error.code).toBe('permission_denied');
  expect((await create({ input: [{ type: 'image', uri }] }, 'other-1')).status).toBe('completed');
  const tools = [{ type: 'file_search', file_search_store_names: ['fileSearchStores/x'] }];
  expect((await create({ tools })).error.code).toBe('permission_denied');
  expect((await create({ model: undefined, agent: 'agents/x' })).error.code).toBe('not_found');
  expect((await create({ environment: 'environments/x' })).error.code).toBe('not_found');
  expect((await create({ model: undefined, agent: 'deep-research-pro-preview-12-2025' })).status).toBe('completed');
});

test('a long answer comes in hops, each gone on with by its token', async () => {
  const words = Array.from({ length: 40 }, (_, at) => `w${at}`).join(' ');
  const long = { model: 'gemini-4-argon', input: words };
  const first = await create(long);
  expect([first.status, typeof first.continuation_token]).toEqual(['requires_continuation', 'string']);
  const next = { previous_interaction_id: first.id, continuation_token: first.continuation_token };
  const second = await create({ model: 'gemini-4-argon', input: undefined, ...next });
  const said = (one: { readonly steps: { readonly content?: { readonly text: string }[] }[] }) =>
    one.steps[1]?.content?.[0]?.text ?? '';
  expect(`gemini-4-argon heard: ${words}`.startsWith(said(first) + said(second))).toBe(true);
  expect(said(second)).not.toBe('');
});

test('an interaction is a stream of its own kind, whatever is played', async () => {
  const { text } = await send('POST', '', { model, input: 'Hello', stream: true }, 'main-1', 'no-finish');
  expect(text).not.toMatch(/interaction\.completed|DONE/);
  const connection = new RawConnection(simulator.url);
  const body = JSON.stringify({ model, input: 'Hello', stream: true });
  connection.send({ target: '/v1/interactions', headers: { 'x-goog-api-key': 'main-1' }, body });
  expect(headerOf((await connection.answer()).headers, 'Content-Type')).toBe('text/event-stream');
  connection.leave();
});
