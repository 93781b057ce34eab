import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoKey, startSimulator } from '@sluice/simulator';
import { afterAll, describe, expect, test } from 'vitest';
import { calls, planned } from './calls.ts';
import { LiveClient } from './live-client.ts';
import { type RawAnswer, RawConnection, type RawRequest } from './raw-client.ts';

const golden = process.env.SLUICE_GOLDEN_DIR;

interface Recorded {
  readonly request: { readonly url: string };
  readonly response: {
    readonly statusCode: number;
    readonly headers: Readonly<Record<string, string>>;
    /** Missing where nothing came. */
    readonly bodySegments?: readonly Readonly<Record<string, unknown>>[];
  };
}

/** Every recorded exchange whose address contains a text. */
function recorded(part: string): Recorded[] {
  const folder = join(golden ?? '', 'js-genai');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name): Recorded[] => JSON.parse(readFileSync(join(folder, name), 'utf8')).interactions)
    .filter(({ request, response }) => request.url.includes(part) && response.bodySegments !== undefined);
}

/** Header names in lower case, without those that only frame a body. */
function names(headers: Iterable<string>): string[] {
  const framing = ['content-length', 'transfer-encoding'];
  return [...headers].map((name) => name.toLowerCase()).filter((name) => !framing.includes(name));
}

const title = `compared with recorded answers${golden === undefined ? ' (skipped: no golden data)' : ''}`;

describe.skipIf(golden === undefined)(title, async () => {
  const simulator = await startSimulator();
  afterAll(() => simulator.close());

  async function played(call: RawRequest): Promise<RawAnswer> {
    const connection = new RawConnection(simulator.url);
    connection.send({ ...call, headers: { ...call.headers, 'Accept-Encoding': 'gzip, deflate' } });
    const answer = await connection.answer();
    connection.leave();
    return answer;
  }

  test.each([
    ['a stream', calls.sse, ':streamGenerateContent?alt=sse', 200],
    ['a whole answer', calls.whole, ':generateContent', 200],
    ['a refused stream', planned(calls.sse, '404'), ':streamGenerateContent?alt=sse', 404],
  ])('%s carries the headers of the real one, and no other', async (_, call, address, status) => {
    const ours = await played(call);
    const theirs = recorded(address).filter(({ response }) => response.statusCode === status);
    expect(theirs.length).toBeGreaterThan(0);
    const ourNames = names(ours.headers.map(([name]) => name)).toSorted();
    for (const { response } of theirs) {
      expect(names(Object.keys(response.headers)).toSorted()).toEqual(ourNames);
      const constant = Object.entries(response.headers).filter(
        ([name]) => !/^(date|server-timing|content-length)$/i.test(name),
      );
      const our = new Map(ours.headers.map(([name, value]) => [name.toLowerCase(), value]));
      for (const [name, value] of constant) expect([name, our.get(name.toLowerCase())]).toEqual([name, value]);
    }
  });

  test('the fields of an event are fields that the real one has', async () => {
    const known = new Set(recorded(':streamGenerateContent').flatMap(({ response }) => paths(response.bodySegments)));
    const { chunks } = await played(calls.sse);
    for (const chunk of chunks) {
      for (const path of paths(JSON.parse(chunk.toString().slice(6)))) expect(known).toContain(path);
    }
  });

  test('an interaction is told in the events of a real one, with their fields and an id', async () => {
    const lines = readFileSync(join(golden ?? '', 'ai-google', 'interactions--basic.chunks.txt'), 'utf8').trim();
    const theirs = lines.split('\n').map((line) => JSON.parse(line));
    const body = JSON.stringify({ model: 'gemini-2.5-flash', input: 'Hello', stream: true });
    const ours = await played({ ...calls.sse, target: '/v1/interactions', body });
    const told = [...ours.body.toString().matchAll(/^data: (\{.*)$/gm)].map(([, json = '']) => JSON.parse(json));
    const shape = (events: typeof told) =>
      events.map((event) => [event.event_type, ...paths(event).filter((path) => path !== '.event_id')].join(' '));
    expect([...new Set(shape(told))]).toEqual(
      [...new Set(shape(theirs))].map((line) => expect.toSatisfy((ours: string) => sameWords(ours, line))),
    );
  });

  test('a Live session is answered in the fields of real ones', async () => {
    const folder = join(golden ?? '', 'js-genai');
    const logs = readdirSync(folder).filter((name) => /ML_Dev.*\.websocket\.log$/.test(name));
    const frames = logs.flatMap((name) => [
      ...readFileSync(join(folder, name), 'utf8').matchAll(/^<\d+ (\{[\s\S]*?^\})/gm),
    ]);
    const known = new Set(frames.flatMap(([, json = '']) => paths(JSON.parse(json))));
    const client = await new LiveClient(simulator.url, { query: `?key=${demoKey}` }).begin({
      tools: [{ functionDeclarations: [{ name: 'look' }] }],
    });
    client.say('Hello');
    await client.turns();
    client.say('look');
    await client.until(() => client.messages.some(({ text }) => text.includes('toolCall')));
    client.socket.terminate();
    const setup = frames.find(([, json = '']) => json.includes('setupComplete'))?.[1];
    expect(client.messages[0]?.text.trim()).toBe(setup);
    for (const message of client.said) {
      for (const path of paths(message).filter((path) => !path.endsWith('.args'))) {
        expect(known).toContain(path);
      }
    }
  });

  test('a 404 says what the real one says', async () => {
    const [theirs] = recorded('custom-gemini').map(({ response }) => response.bodySegments?.[0]);
    const ours = await played({
      ...calls.sse,
      target: '/v1beta/models/custom-gemini-2.0-flash:streamGenerateContent?alt=sse',
    });
    const { code, message, status } = JSON.parse(ours.body.toString()).error;
    expect(theirs).toMatchObject({ error: { code, message, status } });
  });
});

/** Every field of a value with its way down, list positions left out. */
function paths(value: unknown, prefix = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => paths(item, prefix));
  if (typeof value !== 'object' || value === null) return [prefix];
  return Object.entries(value).flatMap(([name, field]) => paths(field, `${prefix}.${name}`));
}

/** Whether two lines have the same words, in whatever order. */
function sameWords(one: string, other: string): boolean {
  return one.split(' ').sort().join() === other.split(' ').sort().join();
}
