/** Google's own SDK works with interactions, and what stands around them, over a pool of three projects as if it were one. */

import type { GoogleGenAI } from '@google/genai';
import { describeDrivers, type Mounted, type MountOptions } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { alice, bob, clientOf, keyOf, projects, settleAt, threeProjects } from './two-callers.ts';

const words = Array.from({ length: 20 }, (_, at) => `w${at}`).join(' ');
const stage: MountOptions = { ...threeProjects, simulator: { ...threeProjects.simulator, answer: () => words } };
const hello = { model: 'gemini-2.5-flash', input: 'Hello' } as const;

describeDrivers('@google/genai 3.x over three projects', (_driver, mount) => {
  test('what is made in one of them is read, gone on with, told again and deleted there', async () => {
    const mounted = await mount(stage);
    const { interactions } = clientOf(mounted, alice);
    for (const [at, home] of projects.entries()) {
      await settleAt(mounted, alice, home);
      const { id = '' } = await interactions.create(hello);
      const streamed = await collect(await interactions.create({ ...hello, stream: true }));
      await settleAt(mounted, alice, projects[(at + 1) % 3] as string);
      const settled = mounted.simulator.journal.requests.length;
      expect((await interactions.get(id)).status).toBe('completed');
      const next = await interactions.create({ ...hello, previous_interaction_id: id });
      const told = await collect(await interactions.get(idIn(streamed), { stream: true }));
      expect(told).toEqual(streamed);
      const last_event_id = placeIn(streamed, 3);
      const tail = await collect(await interactions.get(idIn(streamed), { stream: true, last_event_id }));
      expect(tail).toEqual(streamed.slice(4));
      for (const made of [id, idIn(streamed), next.id ?? '']) await interactions.delete(made);
      expect(keysUsed(mounted, settled)).toEqual(new Set([keyOf[home]]));
      await expect(interactions.get(id)).rejects.toMatchObject({ status: 404 });
    }
  });

  test('one in the background is asked for until it is done, and another is cancelled', async () => {
    let nowMs = Date.parse('2026-11-20T12:00:00Z');
    const simulator = { ...stage.simulator, interactionMs: 60_000, now: () => nowMs };
    const mounted = await mount({ ...stage, simulator });
    const { interactions } = clientOf(mounted, alice);
    const begun: string[] = [];
    for (const home of projects) {
      await settleAt(mounted, alice, home);
      const { id = '', status } = await interactions.create({ ...hello, background: true });
      expect(status).toBe('in_progress');
      begun.push(id);
    }
    const cancelled = begun[1] as string;
    expect((await interactions.cancel(cancelled)).status).toBe('cancelled');
    for (const [at, id] of begun.entries()) {
      for (let poll = 0; poll < 3; poll++) {
        const before = mounted.simulator.journal.requests.length;
        expect((await interactions.get(id)).status).toBe(id === cancelled ? 'cancelled' : 'in_progress');
        expect(keysUsed(mounted, before)).toEqual(new Set([keyOf[projects[at] as string]]));
      }
    }
    nowMs += 60_000;
    for (const id of begun) {
      expect((await interactions.get(id)).status).toBe(id === cancelled ? 'cancelled' : 'completed');
    }
  });

  test('an agent, an environment with its files, a voice, a webhook and a trigger are found where they were made', async () => {
    const mounted = await mount(stage);
    const ai = clientOf(mounted, alice);
    for (const [at, home] of projects.entries()) {
      await settleAt(mounted, alice, home);
      const made = await around(ai, at);
      await settleAt(mounted, alice, projects[(at + 1) % 3] as string);
      const from = mounted.simulator.journal.requests.length;
      await made.use();
      expect(keysUsed(mounted, from)).toEqual(new Set([keyOf[home]]));
      await made.end();
    }
  });

  test("another caller's is a 404 like that of none, word for word", async () => {
    const mounted = await mount(stage);
    const { id = '' } = await clientOf(mounted, alice).interactions.create(hello);
    const { interactions } = clientOf(mounted, bob);
    const never = `${id.slice(0, -4)}AAAA`;
    const ways = (of: string): readonly (() => PromiseLike<unknown>)[] => [
      () => interactions.get(of),
      () => interactions.get(of, { stream: true }),
      () => interactions.cancel(of),
      () => interactions.delete(of),
      () => interactions.create({ ...hello, previous_interaction_id: of }),
      () => interactions.create({ ...hello, stream: true, previous_interaction_id: of }),
    ];
    for (const [at, way] of ways(id).entries()) {
      const foreign = await refusal(way);
      const unknown = await refusal(ways(never)[at] as () => PromiseLike<unknown>);
      expect(foreign.status).toBe(404);
      expect(foreign.message.replaceAll(id, never)).toBe(unknown.message);
    }
    expect((await clientOf(mounted, alice).interactions.get(id)).status).toBe('completed');
  });
});

/** One of each, and what is done with them later. */
async function around(
  { agents, environments, voices, webhooks, triggers, interactions }: GoogleGenAI,
  at: number,
): Promise<{ use(): Promise<void>; end(): Promise<void> }> {
  const agent = `butler-${at}`;
  await agents.create({ id: agent, base_agent: 'antigravity' });
  const { id: environment = '' } = await environments.create({});
  const file = new Blob(['Once upon a time'], { type: 'text/plain' });
  const path = 'tales/one.txt';
  await environments.files.upload({ environment, path, file });
  const { id: webhook = '' } = (await webhooks.create({
    uri: 'https://example.com/hook',
    subscribed_events: ['batch.succeeded'],
  } as Parameters<typeof webhooks.create>[0])) as { id?: string };
  const { id: trigger = '' } = (await triggers.create({ display_name: 'daily' } as never)) as { id?: string };
  const { id: voice = '' } = (await voices.create({ display_name: 'mine' } as never)) as { id?: string };
  return {
    async use() {
      await agents.get(agent);
      await interactions.create({ agent, input: 'Hello' });
      await environments.get(environment);
      expect(Buffer.from(await environments.files.download({ environment, path })).toString()).toBe('Once upon a time');
      await interactions.create({ ...hello, environment } as never);
      await webhooks.get(webhook);
      await triggers.get(trigger);
      await voices.get(voice);
    },
    async end() {
      await agents.delete(agent);
      await environments.delete(environment);
      await webhooks.delete(webhook);
      await triggers.delete(trigger);
      await voices.delete(voice);
      await expect(voices.get(voice)).rejects.toMatchObject({ status: 404 });
    },
  };
}

async function refusal(way: () => PromiseLike<unknown>): Promise<{ status: number; message: string }> {
  try {
    await way();
  } catch (error) {
    return error as { status: number; message: string };
  }
  throw new Error('it was not refused');
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function idIn(events: readonly unknown[]): string {
  return (events[0] as { interaction?: { id?: string } }).interaction?.id ?? '';
}

function placeIn(events: readonly unknown[], at: number): string {
  return (events[at] as { event_id?: string }).event_id ?? '';
}

function keysUsed({ simulator }: Mounted, from: number): Set<string | undefined> {
  return new Set(simulator.journal.requests.slice(from).map(({ headers }) => headers['x-goog-api-key']));
}
