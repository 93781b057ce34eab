/** The two ends of the comparison: a simulated Google, and a gateway in front of just such a one. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway } from '@sluice/core';
import { nodeListener } from '@sluice/core/node';
import { demoKey, type Simulator, type StepName, startSimulator } from '@sluice/simulator';
import type { Endpoint } from './contract.ts';

/** An endpoint that runs. */
export interface OpenEndpoint extends Endpoint {
  /** The Google behind it. */
  readonly simulator: Simulator;
  close(): Promise<void>;
}

const callerKey = 'caller-key-of-the-clients-0123456789';
/** The wall clock of the simulated Google stands still, so that both ends tell the same time. */
const nowMs = Date.UTC(2026, 10, 21, 12);
const answer = 'The sky is blue because air scatters short waves of light more than long ones.';

/** Google itself. */
export async function directly(plan: readonly StepName[]): Promise<OpenEndpoint> {
  const simulator = await startSimulator({ now: () => nowMs, answer: () => answer });
  simulator.plan(demoKey, plan);
  return { url: simulator.url, key: demoKey, simulator, close: () => simulator.close() };
}

/** A gateway in front of Google, as its users write it. */
export async function throughGateway(plan: readonly StepName[]): Promise<OpenEndpoint> {
  const google = await directly(plan);
  const gateway = createGateway({
    pools: { gemini: { baseUrl: google.url, projects: [{ id: 'main', keys: [google.key] }] } },
    callers: [{ id: 'client', key: callerKey }],
  });
  const server = createServer(nodeListener(gateway));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    key: callerKey,
    simulator: google.simulator,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await gateway.close();
      await google.close();
    },
  };
}
