/** A provider of sessions that does what a test says, a gateway before it, and a client that writes down what it hears. */

import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { GatewayOptions, ProjectOptions, RequestEndEvent } from '@sluice/core';
import { eventually, type FakeClock, fakeClock, neverShed } from '@sluice/testkit';
import { afterEach, expect } from 'vitest';
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import { type NodeUpgradeOptions, nodeUpgrade } from '../../src/live.ts';
import { nodeListener } from '../../src/node.ts';

export const path = '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent';
export const constrained = '/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateContentConstrained';
export const setup = '{"setup":{"model":"models/gemini-live-2.5-flash-preview"}}';
export const setupComplete = '{\n  "setupComplete": {}\n}\n';
export const callerKey = 'canary-caller-key-0815';

const takeDown: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const one of takeDown.splice(0).reverse()) await one();
});

/** A frame as a test sees it. */
export interface Heard {
  readonly text: string;
  readonly isText: boolean;
}

/** One end of a connection, and all that it has heard. */
export interface Party {
  readonly ws: WebSocket;
  readonly heard: Heard[];
  readonly texts: () => string[];
  /** How it has ended for this end; null until then. */
  readonly closed: () => { code: number; reason: string } | null;
  readonly pings: () => number;
}

/** A session as the provider sees it. */
export interface Talk extends Party {
  readonly target: string;
  readonly headers: IncomingMessage['headers'];
  readonly socket: Duplex;
}

/** What the provider does. */
export interface Script {
  /** Answers an upgrade with HTTP instead, or not at all; null lets it in. */
  refuse?: (req: IncomingMessage) => { status: number; body: string; headers?: string } | 'hold' | null;
  /** A frame of the client has come. @default the first one is answered by `setupComplete` */
  hears?: (talk: Talk, text: string, count: number) => void;
  /** Whatever is asked for without an upgrade. */
  answers?: (req: IncomingMessage) => string;
  protocol?: string;
}

export interface Wishes {
  readonly script?: Script;
  readonly projects?: readonly (Partial<ProjectOptions> & { readonly id: string })[];
  readonly options?: Partial<GatewayOptions>;
  readonly upgrade?: NodeUpgradeOptions;
  /** For a store that goes by the same one. */
  readonly clock?: FakeClock;
}

export interface Stage {
  readonly clock: FakeClock;
  readonly gateway: Gateway;
  readonly server: Server;
  readonly port: number;
  readonly talks: readonly Talk[];
  readonly ends: readonly RequestEndEvent[];
  /** Upgrades that the provider was asked for. */
  readonly asked: () => number;
  /** Opens a connection and resolves when it is open; rejects when it is refused. */
  connect(target?: string, options?: ClientOptions & { protocols?: string[] }): Promise<Party>;
  /** The same, with the setup said and answered. */
  begin(target?: string, options?: ClientOptions): Promise<{ client: Party; talk: Talk }>;
}

export const key = (id: string, count = 1): string => `canary-${id}-${count}`;

export async function aStage({
  script = {},
  projects = [{ id: 'main' }],
  options,
  upgrade,
  clock = fakeClock(),
}: Wishes = {}): Promise<Stage> {
  const provider = await aProvider(script);
  const all = projects.map(({ id, ...rest }) => ({ id, keys: [key(id)], ...rest }));
  const gateway = createGateway({
    pools: { gemini: { baseUrl: provider.url, projects: all } },
    callers: [{ id: 'alice', key: callerKey }],
    // A busy machine is no reason to turn anybody away here.
    overload: neverShed,
    clock,
    ...options,
  });
  const ends: RequestEndEvent[] = [];
  gateway.on('request', (end) => ends.push(end));
  const server = createServer(nodeListener(gateway, upgrade));
  server.on('upgrade', nodeUpgrade(gateway, upgrade));
  const port = await listening(server);
  const parties: Party[] = [];
  takeDown.push(async () => {
    for (const { ws } of parties) ws.terminate();
    await eventually('a session is still on', () => gateway.snapshot().open === 0, 5_000);
    expect(gateway.snapshot().bufferedBytes).toBe(0);
    const [pool] = gateway.snapshot().pools;
    expect(pool?.projects.map(({ inFlight }) => inFlight)).toEqual(all.map(() => 0));
    await eventually('the provider has an open connection', () => provider.open() === 0, 5_000);
    await gateway.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await provider.close();
    expect(clock.pending).toBe(0);
  });
  const connect: Stage['connect'] = (target = `${path}?key=${callerKey}`, { protocols = [], ...more } = {}) =>
    new Promise((resolve, reject) => {
      const ws = new WebSocket(`ws://127.0.0.1:${port}${target}`, protocols, { perMessageDeflate: false, ...more });
      const client = party(ws);
      parties.push(client);
      ws.once('open', () => resolve(client));
      ws.once('error', reject);
    });
  return {
    clock,
    gateway,
    server,
    port,
    talks: provider.talks,
    ends,
    asked: provider.asked,
    connect,
    async begin(target, more) {
      const before = provider.talks.length;
      const client = await connect(target, more);
      client.ws.send(setup);
      await eventually('the session has not begun', () => client.heard.length > 0);
      return { client, talk: provider.talks[before] as Talk };
    },
  };
}

/** What the gateway tells of the last session. */
export async function lastEnd(stage: Stage): Promise<RequestEndEvent> {
  await eventually('no session is over', () => stage.ends.length > 0, 5_000);
  return stage.ends.at(-1) as RequestEndEvent;
}

interface FakeProvider {
  readonly url: string;
  readonly talks: Talk[];
  readonly open: () => number;
  readonly asked: () => number;
  readonly close: () => Promise<void>;
}

async function aProvider(script: Script): Promise<FakeProvider> {
  const talks: Talk[] = [];
  const sockets = new Set<Duplex>();
  let asked = 0;
  const server = createServer((req, res) => {
    res.setHeader('content-type', 'application/json');
    res.end(script.answers?.(req) ?? '{}');
  });
  const { protocol } = script;
  const upgrades = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    ...(protocol === undefined ? {} : { handleProtocols: () => protocol }),
  });
  server.on('upgrade', (req, socket, head) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket)).on('error', () => {});
    asked++;
    const refusal = script.refuse?.(req) ?? null;
    if (refusal === 'hold') return void socket.resume().on('end', () => socket.destroy());
    if (refusal !== null) {
      const { status, body, headers = '' } = refusal;
      socket.end(
        `HTTP/1.1 ${status} No\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
      );
      return;
    }
    upgrades.handleUpgrade(req, socket, head, (ws) => {
      const talk: Talk = { ...party(ws), target: req.url ?? '', headers: req.headers, socket };
      talks.push(talk);
      let count = 0;
      ws.on('message', (data: Buffer) => {
        count++;
        if (script.hears !== undefined) script.hears(talk, data.toString(), count);
        else if (count === 1) ws.send(Buffer.from(setupComplete));
      });
    });
  });
  const port = await listening(server);
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, talks, open: () => sockets.size, asked: () => asked, close };
}

function party(ws: WebSocket): Party {
  const heard: Heard[] = [];
  let closed: { code: number; reason: string } | null = null;
  let pings = 0;
  ws.on('message', (data: Buffer, isBinary) => heard.push({ text: data.toString(), isText: !isBinary }));
  ws.on('close', (code, reason) => {
    closed = { code, reason: reason.toString() };
  });
  ws.on('error', () => {});
  ws.on('ping', () => pings++);
  return { ws, heard, texts: () => heard.map(({ text }) => text), closed: () => closed, pings: () => pings };
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
