/** The two ends of a trial: a simulated Google, and a gateway with three projects of just such a one. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway } from '@sluice/core';
import { nodeUpgrade } from '@sluice/core/live';
import { nodeListener } from '@sluice/core/node';
import {
  demoKey,
  type SimulatedProject,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '@sluice/simulator';
import type { Endpoint } from '../contract.ts';
import { studioOf } from './studio.ts';
import { made, type Place, taleCache } from './use.ts';

/** An end that runs. */
export interface OpenEnd extends Place {
  /** The Google behind it. */
  readonly simulator: Simulator;
  close(): Promise<void>;
}

/** The projects behind the gateway. */
export const projects: readonly SimulatedProject[] = ['one', 'two', 'three'].map((id) => ({
  id,
  keys: [`key-1-of-${id}-0123456789`, `key-2-of-${id}-0123456789`],
}));

const callerKey = 'caller-key-of-the-clients-0123456789';
const neighbourKey = 'caller-key-of-a-neighbour-0123456789';
const world: SimulatorOptions = {
  answer: () => 'The sky is blue because air scatters short waves of light more than long ones.',
  hopTokens: 6,
  batchProcessingMs: 60_000,
  operationMs: 10_000,
  interactionMs: 60_000,
};

/** What is otherwise about the simulated Google, and when it is there: gateways remember names until Google forgets them. */
export interface World extends SimulatorOptions {
  readonly startMs: number;
}

/** Google itself, with one project. */
export function directly(options: World): Promise<OpenEnd> {
  return google({ ...options, projects: [{ id: 'demo', keys: [demoKey] }] });
}

async function google({ startMs, ...options }: World): Promise<OpenEnd> {
  let passedMs = 0;
  const simulator = await startSimulator({ ...world, ...options, now: () => startMs + passedMs });
  simulator.plan('*', [studioOf(options.projects ?? [])]);
  return {
    url: simulator.url,
    key: demoKey,
    simulator,
    pass: (ms) => {
      passedMs += ms;
    },
    close: () => simulator.close(),
  };
}

/** A gateway in front of Google, as its users write it, and somebody else who has been there before. */
export async function throughPool(options: World): Promise<OpenEnd> {
  const behind = await google({ ...options, projects });
  const gateway = createGateway({
    pools: { gemini: { baseUrl: behind.url, projects: projects.map(({ id, keys }) => ({ id, keys: [...keys] })) } },
    callers: [
      { id: 'client', key: callerKey },
      { id: 'neighbour', key: neighbourKey },
    ],
  });
  const server = createServer(nodeListener(gateway));
  server.on('upgrade', nodeUpgrade(gateway, { others: 'refuse' }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await settle({ url, key: neighbourKey });
  behind.simulator.journal.clear();
  return {
    ...{ url, key: callerKey, simulator: behind.simulator, pass: behind.pass },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await gateway.close();
      await behind.close();
    },
  };
}

/** What a neighbour has is not to be seen in any list. */
async function settle(neighbour: Endpoint): Promise<void> {
  await made(neighbour, 'cachedContents', taleCache);
  await made(neighbour, 'fileSearchStores', {});
  const contents = [{ role: 'user', parts: [{ text: 'Hello' }] }];
  const batch = { inputConfig: { requests: { requests: [{ request: { contents } }] } } };
  await made(neighbour, 'models/gemini-2.5-flash:batchGenerateContent', { batch });
}
