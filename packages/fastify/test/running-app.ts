import type { Server } from 'node:http';
import { createGateway, type Gateway, type GatewayOptions } from '@sluice/core';
import { demoKey, type Simulator, type SimulatorOptions, startSimulator } from '@sluice/simulator';
import { eventually, neverShed } from '@sluice/testkit';
import Fastify, { type FastifyHttpOptions, type FastifyInstance } from 'fastify';
import { afterEach } from 'vitest';

export const json: Record<string, string> = { 'content-type': 'application/json' };
// The blanks are on purpose: nobody who parses and writes it again keeps them.
export const prompt = '{ "contents" : [{"parts": [{"text": "hi"}]}] }';
export const unary = '/v1beta/models/gemini-2.5-flash:generateContent';
export const streamed = '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse';

const takeDown: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const one of takeDown.splice(0).reverse()) await one();
});

export interface Provider {
  readonly simulator: Simulator;
  readonly options: GatewayOptions;
  readonly gateway: Gateway;
}

/** A gateway on a simulator; after the test nothing of it may be under way. */
export async function provider(
  options: Partial<GatewayOptions> = {},
  simulated: SimulatorOptions = {},
): Promise<Provider> {
  const simulator = await startSimulator(simulated);
  const pools = { gemini: { baseUrl: simulator.url, projects: [{ id: 'demo', keys: [demoKey] }] } };
  const all = { pools, callers: 'anyone', overload: neverShed, ...options };
  const gateway = createGateway(all);
  takeDown.push(async () => {
    await eventually('everything is over', () => gateway.snapshot().open === 0 && simulator.journal.running === 0);
    await gateway.close();
    await simulator.close();
  });
  return { simulator, gateway, options: all };
}

/** @returns the app's origin */
export async function running(
  set: (app: FastifyInstance) => unknown,
  options: FastifyHttpOptions<Server> = {},
): Promise<string> {
  const app = Fastify(options);
  set(app);
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  takeDown.push(async () => {
    app.server.closeAllConnections();
    await app.close();
  });
  return origin;
}

/** Asks with the usual prompt. */
export function ask(url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { method: 'POST', body: prompt, headers: json, ...init });
}
