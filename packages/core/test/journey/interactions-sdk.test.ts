/** Google's own SDK sees of interactions through the gateway exactly what it sees without it. */

import { GoogleGenAI } from '@google/genai';
import { demoKey } from '@sluice/simulator';
import { describeDrivers, type Mounted } from '@sluice/testkit';
import { expect, test } from 'vitest';

const callerKey = 'caller-5f0c2a9be17d';
const model = 'gemini-2.5-flash';
const words = Array.from({ length: 50 }, (_, at) => `w${at}`).join(' ');
const options = { simulator: { answer: () => words }, gateway: { callers: [{ id: 'sdk', key: callerKey }] } };
const hello = { model, input: 'Hello' };
const tools = [{ type: 'function' as const, name: 'getWeather', parameters: { type: 'object', properties: {} } }];
/** What differs between two calls that are otherwise the same. */
const passing = new Set([
  'id',
  'interaction_id',
  'previous_interaction_id',
  'event_id',
  'created',
  'updated',
  'signature',
  'call_id',
  'continuation_token',
  'continuation_ids',
  'sdkHttpResponse',
]);

describeDrivers('@google/genai 3.x: interactions', (_driver, mount) => {
  const calls: Record<string, (ai: GoogleGenAI) => Promise<unknown>> = {
    'create, get, go on, delete': async ({ interactions }) => {
      const first = await interactions.create(hello);
      const id = first.id ?? '';
      const got = await interactions.get(id);
      const next = await interactions.create({ ...hello, previous_interaction_id: id });
      await interactions.delete(id);
      return [first, got, next, await interactions.get(id).catch(nameOf)];
    },
    'create, streamed': async ({ interactions }) => collect(await interactions.create({ ...hello, stream: true })),
    'create, kept nowhere': ({ interactions }) => interactions.create({ ...hello, store: false }),
    'a function that is called, streamed and whole': async ({ interactions }) => {
      const asked = { model, input: 'Use getWeather.', tools };
      return [await interactions.create(asked), await collect(await interactions.create({ ...asked, stream: true }))];
    },
    'get, streamed from the beginning and from the middle': async ({ interactions }) => {
      const events = await collect(await interactions.create({ ...hello, stream: true }));
      const id = idIn(events);
      const last_event_id = (events[3] as { event_id?: string }).event_id ?? '';
      const again = await collect(await interactions.get(id, { stream: true }));
      return [again, await collect(await interactions.get(id, { stream: true, last_event_id }))];
    },
    'an answer in hops, whole': ({ interactions }) => interactions.create({ ...hello, model: 'gemini-4-argon' }),
    'an answer in hops, streamed': async ({ interactions }) =>
      collect(await interactions.create({ ...hello, model: 'gemini-4-argon', stream: true })),
    'an unknown model': ({ interactions }) => interactions.create({ ...hello, model: 'no-such-model' }).catch(told),
    'an unknown model, streamed': ({ interactions }) =>
      interactions.create({ ...hello, model: 'no-such-model', stream: true }).catch(told),
  };

  test.each(Object.keys(calls))('%s', async (name) => {
    const mounted = await mount(options);
    const call = calls[name] as (ai: GoogleGenAI) => Promise<unknown>;
    const direct = new GoogleGenAI({ apiKey: demoKey, httpOptions: { baseUrl: mounted.simulator.url } });
    const expected = plain(await call(direct));
    expect(plain(await call(clientOf(mounted)))).toEqual(expected);
    expect(JSON.stringify(expected)).toMatch(/completed|requires_action|no-such-model/);
  });

  test('one in the background is cancelled', async () => {
    const mounted = await mount({ ...options, simulator: { interactionMs: 600_000 } });
    const { interactions } = clientOf(mounted);
    const { id = '', status } = await interactions.create({ ...hello, background: true });
    expect(status).toBe('in_progress');
    expect((await interactions.cancel(id)).status).toBe('cancelled');
  });

  test('a stream that is cut is an error to the client, never a short answer', async () => {
    const mounted = await mount(options);
    mounted.simulator.plan('*', ['no-finish']);
    const stream = await clientOf(mounted).interactions.create({ ...hello, store: false, stream: true });
    const heard: unknown[] = [];
    await expect(collect(stream, heard)).rejects.toThrow();
    expect(heard.at(-1)).toMatchObject({ event_type: 'error', error: { code: 'service_unavailable' } });
  });
});

/** Over the network by base URL alone; in process by `fetch` alone. */
function clientOf({ origin, gateway }: Mounted): GoogleGenAI {
  const way = origin === null ? { fetch: gateway.fetch } : { baseUrl: origin };
  return new GoogleGenAI({ apiKey: callerKey, httpOptions: way });
}

async function collect<Item>(items: AsyncIterable<Item>, all: unknown[] = []): Promise<Item[]> {
  for await (const item of items) all.push(item);
  return all as Item[];
}

function idIn(events: readonly unknown[]): string {
  return (events[0] as { interaction?: { id?: string } }).interaction?.id ?? '';
}

function told(error: unknown): object {
  const { name, status, message } = error as { name: string; status?: number; message: string };
  return { name, status, message };
}

function nameOf(error: unknown): string {
  return (error as Error).name;
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (passing.has(key) ? undefined : inner)));
}
