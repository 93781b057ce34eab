import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway, type Gateway, type GatewayOptions } from '@sluice/core';
import { demoKey, type Simulator, type SimulatorOptions, startSimulator } from '@sluice/simulator';
import { type AdapterMount, eventually, type MountedApp, neverShed } from '@sluice/testkit';
import type { NextServer } from 'next/dist/server/next.js';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { builtFixture, fixture } from './fixture.ts';

export const json: Record<string, string> = { 'content-type': 'application/json' };
// The blanks are on purpose: nobody who parses and writes it again keeps them.
export const prompt = '{ "contents" : [{"parts": [{"text": "hi"}]}] }';
export const unary = '/v1beta/models/gemini-2.5-flash:generateContent';
export const streamed = '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse';

/** What `fixture/lib/handed-in.js` looks gateways up in, by path. */
const gateways = new Map<string, Gateway>();
Object.assign(globalThis, { [Symbol.for('sluice.next.test')]: gateways });

let app: NextServer | null = null;
const takeDown: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const one of takeDown.splice(0).reverse()) await one();
});

/** Builds the app unless it is built, and starts it in this process. To be called once by a test file. */
export function withNext(environment: NodeJS.ProcessEnv | Record<string, string> = {}): void {
  beforeAll(async () => {
    await builtFixture();
    // Read when Next is loaded; under a test runner it is something else.
    Object.assign(process.env, { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', ...environment });
    const { default: next } = await import('next');
    app = (next as unknown as (options: object) => NextServer)({ dev: false, dir: fixture });
    await app.prepare();
    // Half a minute on two cores that do nothing else.
  }, 600_000);
  afterAll(() => app?.close());
}

/** Where the routes of each kind stand in the fixture. */
export type Kind = 'app' | 'pages' | 'edge';
const folders: Readonly<Record<Kind, string>> = { app: '/base', pages: '/base/api', edge: '/base/edge' };

/** As a custom server of the host: the routes of one kind look as if they stood at the root. */
export async function mounted(kind: Kind, mounts: readonly AdapterMount[]): Promise<MountedApp> {
  for (const { path, gateway } of mounts) gateways.set(path.replace(/\/+$/, '') || '/', gateway);
  const handle = app?.getRequestHandler();
  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    req.url = folders[kind] + req.url;
    void handle?.(req, res);
  });
  return { origin: await listening(server), close: () => closed(server) };
}

/** The app as it is, with a gateway under every path. @returns its origin */
export async function running(gateway?: Gateway): Promise<string> {
  if (gateway) for (const path of ['/', '/gemini', '/a/b/c', '/one', '/one-more']) gateways.set(path, gateway);
  const server = createServer(app?.getRequestHandler());
  takeDown.push(() => {
    server.closeAllConnections();
    return closed(server);
  });
  return listening(server);
}

export interface Provider {
  readonly simulator: Simulator;
  readonly gateway: Gateway;
}

/** A gateway on a simulator; after the test nothing of it may be under way. */
export async function provider(
  options: Partial<GatewayOptions> = {},
  simulated: SimulatorOptions = {},
): Promise<Provider> {
  const simulator = await startSimulator(simulated);
  const pools = { gemini: { baseUrl: simulator.url, projects: [{ id: 'demo', keys: [demoKey] }] } };
  const gateway = createGateway({ pools, callers: 'anyone', overload: neverShed, ...options });
  takeDown.push(async () => {
    await eventually('everything is over', () => gateway.snapshot().open === 0 && simulator.journal.running === 0);
    await gateway.close();
    await simulator.close();
  });
  return { simulator, gateway };
}

/** Asks with the usual prompt. */
export function ask(url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { method: 'POST', body: prompt, headers: json, ...init });
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
