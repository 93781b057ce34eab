/** Puts a gateway between a client and a faulty provider, with everything on it that can be looked at afterwards. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway, type Gateway, type Upstream } from '@sluice/core';
import { nodeListener, undiciUpstream } from '@sluice/core/node';
import { fetchHandler, fetchUpstream } from '@sluice/core/web';
import { type Journal, startSimulator } from '@sluice/simulator';
import { startNetworkFault, testAuthority } from '@sluice/simulator/network';
import { type Driver, neverShed } from '@sluice/testkit';
import { type Client, callerKey } from './clients/client.ts';
import { genaiClient } from './clients/genai.ts';
import { handlerClient } from './clients/handler.ts';
import { rawClient } from './clients/raw.ts';
import { type ObservedUpstream, observed } from './observed-upstream.ts';
import { RecordingStore } from './recording-store.ts';
import type { CaseOptions, ProviderPlan } from './row.ts';
import { type StageClock, stageClock } from './stage-clock.ts';

/** Everything of one play. */
export interface Stage {
  readonly driver: Driver;
  readonly gateway: Gateway;
  readonly clock: StageClock;
  readonly store: RecordingStore;
  readonly upstream: ObservedUpstream;
  /** What the simulator has met; null where the fault lies below HTTP. */
  readonly journal: Journal | null;
  /** Connections that the provider has open. */
  readonly openConnections: number;
  /** Requests that a provider has answered whom nobody should have asked. */
  readonly answeredAnyway: number;
  /** Everything that the gateway has told its host, as JSON. */
  readonly events: string[];
  readonly bytes: Client;
  readonly sdk: Client;
  /** Where a gateway over `node:http` listens; null in process. */
  readonly origin: string | null;
  /** Secrets that must not show anywhere. */
  readonly secrets: readonly string[];
  /** Lets go of connections to the provider, as a gateway does that is closed. */
  closeGateway(): Promise<void>;
  close(): Promise<void>;
}

/** Below HTTP, only undici has a limit of its own; it is short here, for it is met in real time. */
const connectMs = 60;
/** Far above whatever is used: they are there so that every call is counted. */
const amplyLimited = { requestsPerMinute: 10_000, tokensPerMinute: 1_000_000_000, requestsPerDay: 100_000 };

/** The text of every right answer: a few words, so that it is quick, with characters of one to four bytes. */
const answerText = 'Sky: 空は青い, 🌌 und 👩‍🚀 grüßt.';

/** Sets one. */
export async function setStage(driver: Driver, plan: ProviderPlan, more: CaseOptions): Promise<Stage> {
  const clock = stageClock();
  const store = new RecordingStore(clock);
  const limits = { ...amplyLimited, maxInFlight: more.maxInFlight ?? 100 };
  const keys = Array.from({ length: more.projects ?? 1 }, (_, at) => `canary-of-provider-key-${at}-b81e44d0`);
  const provider = await startProvider(plan, keys, clock);
  const upstream = observed(upstreamOf(driver, plan));
  const gateway = createGateway({
    pools: {
      gemini: {
        baseUrl: provider.url,
        projects: keys.map((key, at) => ({ id: `project-${at}`, keys: [key], limits })),
      },
    },
    callers: [{ id: 'caller', key: callerKey, limits: { requestsPerMinute: 100_000 } }],
    overload: neverShed,
    ...more.gateway,
    clock,
    store,
    upstream,
  });
  const events = listenTo(gateway);
  const way = driver.client === 'node' ? await overNode(gateway) : overWeb(gateway);
  return {
    driver,
    gateway,
    clock,
    store,
    upstream,
    journal: provider.journal,
    get openConnections() {
      return provider.openConnections();
    },
    get answeredAnyway() {
      return provider.answeredAnyway();
    },
    events,
    bytes: way.bytes,
    sdk: way.sdk,
    origin: way.origin,
    secrets: [callerKey, ...keys],
    closeGateway: () => gateway.close(),
    async close() {
      await way.close();
      await gateway.close();
      await provider.close();
    },
  };
}

interface Provider {
  readonly url: string;
  readonly journal: Journal | null;
  openConnections(): number;
  answeredAnyway(): number;
  close(): Promise<void>;
}

async function startProvider(plan: ProviderPlan, keys: readonly string[], clock: StageClock): Promise<Provider> {
  if ('network' in plan) {
    const fault = await startNetworkFault(plan.network);
    return {
      url: fault.url,
      journal: null,
      openConnections: () => fault.openConnections,
      answeredAnyway: () => fault.requests,
      close: () => fault.close(),
    };
  }
  const simulator = await startSimulator({
    projects: keys.map((key, at) => ({ id: `project-${at}`, keys: [key] })),
    answer: () => answerText,
    now: () => clock.wallNow(),
  });
  simulator.plan('*', plan.steps);
  const { journal, url } = simulator;
  const dead = 'lookup' in plan && plan.dead !== undefined ? await blackHoleAt(plan.dead, url) : null;
  return {
    url: 'lookup' in plan ? url.replace('127.0.0.1', 'provider.test') : url,
    journal,
    openConnections: () => journal.openConnections,
    answeredAnyway: () => 0,
    close: async () => {
      await dead?.close();
      await simulator.close();
    },
  };
}

function blackHoleAt(host: string, url: string): ReturnType<typeof startNetworkFault> {
  return startNetworkFault('black-hole', { host, port: Number(new URL(url).port) });
}

function upstreamOf({ upstream }: Driver, plan: ProviderPlan): Upstream {
  if (upstream === 'fetch') return fetchUpstream();
  if ('lookup' in plan) return undiciUpstream({ connectMs: 2_000, lookup: plan.lookup() });
  return undiciUpstream({ connectMs, ...('network' in plan && plan.trusted ? { ca: testAuthority } : {}) });
}

function listenTo(gateway: Gateway): string[] {
  const events: string[] = [];
  for (const name of ['attempt', 'retry', 'request', 'key', 'breaker', 'project', 'store'] as const) {
    gateway.on(name, (event) => events.push(`${name} ${JSON.stringify(event)}`));
  }
  return events;
}

interface Way {
  readonly bytes: Client;
  readonly sdk: Client;
  readonly origin: string | null;
  close(): Promise<void>;
}

/** Over a socket: raw bytes, and the SDK by base URL alone. */
async function overNode(gateway: Gateway): Promise<Way> {
  const server = createServer(nodeListener(gateway));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    bytes: rawClient(origin),
    sdk: genaiClient({ baseUrl: origin }),
    origin,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** In process: the handler, and the SDK by `httpOptions.fetch`. */
function overWeb(gateway: Gateway): Way {
  return {
    bytes: handlerClient(fetchHandler(gateway)),
    sdk: genaiClient({ fetch: (input, init) => gateway.fetch(input, init) }),
    origin: null,
    close: async () => {},
  };
}
