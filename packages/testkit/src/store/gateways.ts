/** What people buy a shared store for: several gateways that act as one. */

import { createGateway, type Gateway, type GatewayOptions, type Store } from '@sluice/core';
import { type Simulator, startSimulator } from '@sluice/simulator';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { neverShed } from '../never-shed.ts';
import { read } from '../read.ts';

const alice = 'alice-canary-key-0001';
const bob = 'bob-canary-key-000002';
const generate = '/v1beta/models/gemini-2.5-flash:generateContent';
const projects = [
  { id: 'one', keys: ['key-of-one-0001'] },
  { id: 'two', keys: ['key-of-two-0001'] },
  { id: 'three', keys: ['key-of-three-01'] },
];

/**
 * Describes what holds for gateways on one store, through their own doors.
 *
 * @param open - another store on the same state, as another process would open it; `isNew` begins with an empty one
 */
export function describeGateways(name: string, open: (isNew: boolean) => Store): void {
  describe(`two gateways on one store: ${name}`, () => {
    const takeDown: (() => unknown)[] = [];
    afterEach(async () => {
      for (const one of takeDown.splice(0).reverse()) await one();
    });

    async function provider(): Promise<Simulator> {
      const simulator = await startSimulator({ projects });
      takeDown.push(() => simulator.close());
      return simulator;
    }

    async function gateway(simulator: Simulator, isNew: boolean, more: Partial<GatewayOptions> = {}): Promise<Gateway> {
      const store = open(isNew);
      const made = createGateway({
        pools: { gemini: { baseUrl: simulator.url, projects } },
        callers: [
          { id: 'alice', key: alice },
          { id: 'bob', key: bob },
        ],
        overload: neverShed,
        ...more,
        store,
      });
      takeDown.push(async () => {
        await made.close();
        await store.close();
      });
      await made.ready();
      return made;
    }

    test('a file that went up through one is found by the other, and by its caller alone', async () => {
      const simulator = await provider();
      const [first, second] = [await gateway(simulator, true), await gateway(simulator, false)];
      const uploaded = await post(first, alice, '/upload/v1beta/files', 'Once upon a time', {
        'content-type': 'text/plain',
        'x-goog-upload-protocol': 'raw',
      });
      expect(uploaded.status).toBe(200);
      const { uri } = (JSON.parse(uploaded.text) as { file: { uri: string } }).file;
      const asked = simulator.journal.requests.length;
      const prompt = JSON.stringify({ contents: [{ parts: [{ fileData: { fileUri: uri } }, { text: 'And then?' }] }] });
      const answers = [await post(second, alice, generate, prompt), await post(second, bob, generate, prompt)];
      expect(answers.map(({ status }) => status)).toEqual([200, 404]);
      // No search: the second one knew.
      expect(simulator.journal.requests.length - asked).toBe(1);
    });

    test('an upload that began at one goes on at the other, for whoever began it or has its address alone', async () => {
      const simulator = await provider();
      const [first, second] = [await gateway(simulator, true), await gateway(simulator, false)];
      const begun = await post(first, alice, '/upload/v1beta/files', '{}', {
        'x-goog-upload-protocol': 'resumable',
        'x-goog-upload-command': 'start',
      });
      const url = begun.headers.get('x-goog-upload-url') as string;
      const last = { 'x-goog-upload-command': 'upload, finalize', 'x-goog-upload-offset': '0' };
      expect((await post(second, bob, url, 'Once upon a time', last)).status).toBe(404);
      const finished = await read(await second.fetch(url, { method: 'POST', headers: last, body: 'Once upon a time' }));
      expect([finished.status, finished.headers.get('x-goog-upload-status')]).toEqual([200, 'final']);
      const { name } = (JSON.parse(finished.text) as { file: { name: string } }).file;
      const seen = [alice, bob].map((key) => first.fetch(`/v1beta/${name}`, { headers: { 'x-goog-api-key': key } }));
      expect((await Promise.all(seen)).map(({ status }) => status)).toEqual([200, 404]);
    });

    test('a caller has one limit, whichever of them it asks', async () => {
      const simulator = await provider();
      const limits = { requestsPerMinute: 7 };
      const callers = [{ id: 'alice', key: alice, limits }];
      const both = [await gateway(simulator, true, { callers }), await gateway(simulator, false, { callers })];
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, at) => post(both[at % 2] as Gateway, alice, generate, prompted)),
      );
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(7);
      expect(statuses.filter((status) => status === 429)).toHaveLength(13);
    });

    test('what an operator takes out of use in one is out of use in the other, also after a restart', async () => {
      const simulator = await provider();
      const [first, second] = [await gateway(simulator, true), await gateway(simulator, false)];
      await first.pools.gemini?.disable('two#1', 'rotated');
      await eventually('the other knows', () => stateOf(second, 'two#1') === 'disabled', 5_000);
      const third = await gateway(simulator, false);
      expect(stateOf(third, 'two#1')).toBe('disabled');
      await third.pools.gemini?.enable('two#1');
      expect(stateOf(third, 'two#1')).toBe('ready');
    });
  });
}

const prompted = JSON.stringify({ contents: [{ parts: [{ text: 'Say something.' }] }] });

async function post(
  gateway: Gateway,
  key: string,
  target: string,
  body: string,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<Awaited<ReturnType<typeof read>>> {
  return read(await gateway.fetch(target, { method: 'POST', headers: { ...headers, 'x-goog-api-key': key }, body }));
}

function stateOf(gateway: Gateway, keyId: string): string | undefined {
  const keys = gateway.snapshot().pools.flatMap(({ projects: all }) => all.flatMap((project) => project.keys));
  return keys.find(({ id }) => id === keyId)?.state;
}
