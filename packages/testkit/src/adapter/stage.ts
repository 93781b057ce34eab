/** One app of a framework, and beside it the bare driver of `node:http` that it has to equal. */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway, type Gateway, type GatewayOptions, systemClock } from '@sluice/core';
import { nodeListener } from '@sluice/core/node';
import { demoKey, type Simulator, type SimulatorOptions, startSimulator } from '@sluice/simulator';
import { countingClock, expectAtRest } from '../at-rest.ts';
import { eventually } from '../eventually.ts';
import { neverShed } from '../never-shed.ts';

/** A gateway, and the path under which an app is to serve it. */
export interface AdapterMount {
  readonly path: string;
  readonly gateway: Gateway;
}

/** An app that listens. */
export interface MountedApp {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly origin: string;
  /** Stops listening, and resolves when the last connection is over. It must not end connections itself. */
  close(): Promise<void>;
}

/** How a server is to be set up that is sent more than proper requests. */
export interface AdapterDoor {
  /** How long headers may take, in ms: `hardenServer(server, { headersInMs })`. */
  readonly headersInMs: number;
}

/** What the suite is told of a framework. */
export interface AdapterSubject {
  readonly name: string;
  /**
   * Makes one app with every gateway at its path, and listens on a free port of 127.0.0.1.
   *
   * @param door - given where raw inputs are played: what the server has to keep to
   */
  mount(mounts: readonly AdapterMount[], door?: AdapterDoor): Promise<MountedApp>;
  /** Header fields that the framework adds to every answer, in lower case. @default [] */
  readonly ownHeaders?: readonly string[] | undefined;
  /** The framework mends targets (dots, doubled slashes) before a handler sees them. @default false */
  readonly mendsTargets?: boolean | undefined;
  /** Targets that the framework refuses before a handler sees them, with the same status in its own words. @default [] */
  readonly ownRefusals?: readonly string[] | undefined;
  /** With `door` it also takes upgrades: `server.on('upgrade', nodeUpgrade(gateway))`. @default false */
  readonly hasLive?: boolean | undefined;
  /**
   * What the framework answers in its own words, or mends before a handler sees it: the status, by the name of the row of
   * bad input (`a method that nobody knows`) or of the raw input (`B39`, `B84 climbing`). @default {}
   */
  readonly ownAnswers?: Readonly<Record<string, number>> | undefined;
}

/** What a test wants. */
export interface StageOptions {
  /** @default '/gemini' */
  readonly path?: string | undefined;
  readonly gateway?: Partial<GatewayOptions> | undefined;
  readonly simulator?: SimulatorOptions | undefined;
  readonly door?: AdapterDoor | undefined;
}

/** Two ways to the same provider. Each has a gateway of its own, so that neither sees what the other's calls have done. */
export interface Stage {
  readonly simulator: Simulator;
  /** The gateway in the app. */
  readonly gateway: Gateway;
  /** The app's address with the mount path, without a slash at the end. */
  readonly app: string;
  /** The bare driver's address. */
  readonly bare: string;
}

/** Takes a stage down in reverse order of how it was set up. */
export type TakeDown = (() => Promise<void>)[];

/** Sets up the app and the bare driver. Taking them down fails when anything is left. */
export async function openStage(
  subject: AdapterSubject,
  { path = '/gemini', gateway: options = {}, simulator: simulated, door }: StageOptions,
  takeDown: TakeDown,
): Promise<Stage> {
  const simulator = await startSimulator(simulated);
  takeDown.push(async () => {
    await eventually('a connection to the provider is left', () => simulator.journal.openConnections === 0);
    await simulator.close();
  });
  const gateway = openGateway(simulator, options, takeDown);
  const app = await openApp(subject, [{ path, gateway }], takeDown, door);
  const bare = await openBare(openGateway(simulator, options, takeDown), takeDown);
  return { simulator, gateway, app: app + path.replace(/\/+$/, ''), bare };
}

/** A gateway on the simulator that must be at rest when it is taken down. */
export function openGateway(simulator: Simulator, options: Partial<GatewayOptions>, takeDown: TakeDown): Gateway {
  const clock = countingClock(systemClock);
  const gateway = createGateway({
    pools: { gemini: { baseUrl: simulator.url, projects: [{ id: 'demo', keys: [demoKey] }] } },
    callers: 'anyone',
    overload: neverShed,
    ...options,
    clock,
  });
  takeDown.push(async () => {
    await expectAtRest(gateway, simulator, clock);
    await gateway.close();
  });
  return gateway;
}

/** @returns the origin of an app that must have no connection left when it is taken down */
export async function openApp(
  subject: AdapterSubject,
  mounts: readonly AdapterMount[],
  takeDown: TakeDown,
  door?: AdapterDoor,
): Promise<string> {
  const { origin, close } = await subject.mount(mounts, door);
  takeDown.push(() => closed(`the app of ${subject.name}`, close()));
  return origin;
}

async function openBare(gateway: Gateway, takeDown: TakeDown): Promise<string> {
  const server = createServer(nodeListener(gateway));
  const port = await listening(server);
  takeDown.push(() => closed('node:http', new Promise<void>((resolve) => server.close(() => resolve()))));
  return `http://127.0.0.1:${port}`;
}

/** Listens on a free port of the loopback interface. */
async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function closed(what: string, closing: Promise<void>): Promise<void> {
  let isClosed = false;
  const end = closing.then(() => {
    isClosed = true;
  });
  await eventually(`${what} has no connection left`, () => isClosed);
  await end;
}
