/** Runs a test over all four driver pairs: two ways in, two ways out, one core in between. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway, type Gateway, type GatewayOptions, systemClock } from '@sluice/core';
import { nodeListener, undiciUpstream } from '@sluice/core/node';
import { fetchHandler, fetchUpstream } from '@sluice/core/web';
import { demoKey, type Simulator, type SimulatorOptions, startSimulator } from '@sluice/simulator';
import { afterEach, describe } from 'vitest';
import { countingClock, expectAtRest } from './at-rest.ts';
import { neverShed } from './never-shed.ts';

/** One way in and one way out. */
export interface Driver {
  readonly name: string;
  readonly client: 'node' | 'web';
  readonly upstream: 'undici' | 'fetch';
}

/** What a test wants mounted. */
export interface MountOptions {
  readonly simulator?: SimulatorOptions | undefined;
  /** Merged over options that name the simulator's projects and let everybody in. */
  readonly gateway?: Partial<GatewayOptions> | undefined;
}

/** A gateway between a client and a simulated provider. */
export interface Mounted {
  readonly gateway: Gateway;
  readonly simulator: Simulator;
  /** Calls the gateway as this driver's clients do. */
  fetch(target: string, init?: RequestInit): Promise<Response>;
  /** A JSON call with a prompt. */
  ask(verb: string, init?: RequestInit): Promise<Response>;
  /** The address for clients that want one; null where the way in has no socket. */
  readonly origin: string | null;
}

const drivers: readonly Driver[] = (['node', 'web'] as const).flatMap((client) =>
  (['undici', 'fetch'] as const).map((upstream) => ({ name: `${client} → ${upstream}`, client, upstream })),
);

const prompt = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Say something.' }] }] });

/**
 * Describes a promise for each driver pair. What `mount` has made is taken down after each test, and the test fails
 * when a lease is out, a request is inside, an upstream call runs, or a timer is set.
 */
export function describeDrivers(
  what: string,
  tests: (driver: Driver, mount: (options?: MountOptions) => Promise<Mounted>) => void,
): void {
  for (const driver of drivers) {
    describe(`${what} (${driver.name})`, () => {
      const takeDown: (() => Promise<void>)[] = [];
      afterEach(async () => {
        for (const one of takeDown.splice(0).reverse()) await one();
      });
      tests(driver, async (options = {}) => {
        const simulator = await startSimulator(options.simulator);
        takeDown.push(() => simulator.close());
        return mount(driver, simulator, options, takeDown);
      });
    });
  }
}

async function mount(
  driver: Driver,
  simulator: Simulator,
  options: MountOptions,
  takeDown: (() => Promise<void>)[],
): Promise<Mounted> {
  const clock = countingClock(options.gateway?.clock ?? systemClock);
  const projects = options.simulator?.projects ?? [{ id: 'demo', keys: [demoKey] }];
  const gateway = createGateway({
    pools: { gemini: { baseUrl: simulator.url, projects: projects.map(({ id, keys }) => ({ id, keys: [...keys] })) } },
    callers: 'anyone',
    upstream: driver.upstream === 'undici' ? undiciUpstream() : fetchUpstream(),
    // A busy machine that runs tests would refuse at random.
    overload: neverShed,
    ...options.gateway,
    clock,
  });
  takeDown.push(async () => {
    await expectAtRest(gateway, simulator, clock);
    await gateway.close();
  });
  const way = driver.client === 'node' ? await overNode(gateway, takeDown) : overWeb(gateway);
  return {
    gateway,
    simulator,
    ...way,
    ask: (verb, init = {}) =>
      way.fetch(`/v1beta/models/gemini-2.5-flash:${verb}`, {
        method: 'POST',
        body: prompt,
        ...init,
        headers: { 'content-type': 'application/json', ...init.headers },
      }),
  };
}

async function overNode(
  gateway: Gateway,
  takeDown: (() => Promise<void>)[],
): Promise<Pick<Mounted, 'fetch' | 'origin'>> {
  const server = createServer(nodeListener(gateway));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  takeDown.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { origin, fetch: (target, init) => fetch(origin + target, init) };
}

function overWeb(gateway: Gateway): Pick<Mounted, 'fetch' | 'origin'> {
  const handle = fetchHandler(gateway);
  return {
    origin: null,
    fetch: async (target, init) => decoded(await handle(new Request(`http://gateway.test${target}`, init))),
  };
}

/** Over a network, the client's HTTP stack undoes the content encoding; in process nobody stands in between. */
function decoded(response: Response): Response {
  if (response.headers.get('content-encoding') !== 'gzip' || response.body === null) return response;
  const { status, headers } = response;
  return new Response(response.body.pipeThrough(new DecompressionStream('gzip')), { status, headers });
}
