/** Gateways before the simulator, each with a listener of its own and all on one store: as real clients meet them. */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GoogleGenAI, type LiveServerMessage, type Session } from '@google/genai';
import type { GatewayOptions, ProjectOptions, RequestEndEvent } from '@sluice/core';
import { type SimulatedProject, type Simulator, startSimulator } from '@sluice/simulator';
import { eventually, type FakeClock, fakeClock, neverShed } from '@sluice/testkit';
import { afterEach, expect } from 'vitest';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import { nodeUpgrade } from '../../src/live.ts';
import { nodeListener } from '../../src/node.ts';
import { sharedStore } from '../gateway/a-gateway.ts';

export const model = 'gemini-3.8-live';

const takeDown: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const one of takeDown.splice(0).reverse()) await one();
});

export interface Door {
  readonly gateway: Gateway;
  readonly origin: string;
  readonly port: number;
  readonly ends: readonly RequestEndEvent[];
}

export interface Doors {
  readonly clock: FakeClock;
  readonly simulator: Simulator;
  readonly doors: readonly Door[];
}

export interface Household {
  readonly projects: readonly SimulatedProject[];
  /** Of each project. */
  readonly limits?: ProjectOptions['limits'];
  readonly callers: readonly { readonly id: string; readonly key: string }[];
  readonly options?: Partial<GatewayOptions>;
}

/** @param count - how many gateways share one store */
export async function openDoors(count: number, { projects, limits, callers, options }: Household): Promise<Doors> {
  const clock = fakeClock();
  const simulator = await startSimulator({ projects });
  takeDown.push(() => simulator.close());
  const store = sharedStore(clock);
  const pool = { baseUrl: simulator.url, projects: projects.map(({ id, keys }) => ({ id, keys: [...keys], limits })) };
  const all = {
    pools: { gemini: pool },
    callers: [...callers],
    overload: neverShed,
    clock,
    store,
    ...options,
  };
  const doors = await Promise.all(Array.from({ length: count }, () => openDoor(all)));
  takeDown.push(() => eventually('sessions are left', () => simulator.journal.running === 0, 5_000));
  return { clock, simulator, doors };
}

async function openDoor(options: GatewayOptions): Promise<Door> {
  const gateway = createGateway(options);
  const ends: RequestEndEvent[] = [];
  gateway.on('request', (end) => ends.push(end));
  const server: Server = createServer(nodeListener(gateway)).on('upgrade', nodeUpgrade(gateway));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  takeDown.push(async () => {
    await nothingIsLeft(gateway);
    await gateway.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { gateway, origin: `http://127.0.0.1:${port}`, port, ends };
}

/** No session, no byte and no lease. */
export async function nothingIsLeft(gateway: Gateway): Promise<void> {
  await eventually('a session is still on', () => gateway.snapshot().open === 0, 10_000);
  const { bufferedBytes, streams, pools } = gateway.snapshot();
  const inFlight = pools.flatMap(({ projects }) => projects.map((project) => project.inFlight));
  expect({ bufferedBytes, streams, inFlight: inFlight.filter((count) => count > 0) }).toEqual({
    bufferedBytes: 0,
    streams: 0,
    inFlight: [],
  });
}

/** Google's SDK, by base URL alone. */
export function sdk({ origin }: Pick<Door, 'origin'>, apiKey: string, apiVersion = 'v1beta'): GoogleGenAI {
  return new GoogleGenAI({ apiKey, httpOptions: { baseUrl: origin, apiVersion } });
}

export interface SdkTalk {
  readonly session: Session;
  readonly messages: LiveServerMessage[];
  readonly closed: () => { code: number; reason: string } | null;
}

/** A session of the SDK in which a word was said, and answered. */
export async function talkBy(ai: GoogleGenAI, word: string): Promise<SdkTalk> {
  const messages: LiveServerMessage[] = [];
  let closed: { code: number; reason: string } | null = null;
  const session = await ai.live.connect({
    model,
    callbacks: {
      onmessage: (message) => messages.push(message),
      onclose: ({ code, reason }) => {
        closed = { code, reason };
      },
    },
  });
  takeDown.push(() => session.close());
  session.sendClientContent({ turns: word, turnComplete: true });
  await eventually('no whole turn', () => messages.some(({ serverContent }) => serverContent?.turnComplete), 10_000);
  expect(messages.map(({ text }) => text ?? '').join('')).toContain(word);
  return { session, messages, closed: () => closed };
}
