/** The floor of live sessions: `ws` in, `ws` out, the key swapped, every frame passed on as it comes, and nothing else. */

import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { announce, upstreamOrigin } from './announce.ts';

/** As much of `ws` as a relay needs. */
export interface Ws {
  readonly readyState: number;
  send(data: Buffer, options: { binary: boolean }): void;
  terminate(): void;
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): void;
  on(event: 'open' | 'close' | 'error', listener: () => void): void;
}

interface WsModule {
  readonly WebSocket: new (url: string, options: object) => Ws;
  readonly WebSocketServer: new (
    options: object,
  ) => { handleUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer, onOpen: (client: Ws) => void): void };
}

// The one that core has, so that the same code is on both sides of a ratio.
const entry = join(process.env.BENCH_PACKAGES as string, 'core', 'package.json');
const { WebSocket, WebSocketServer } = createRequire(entry)('ws') as WsModule;
const isOpen = 1;
const key = process.env.BENCH_PROVIDER_KEY as string;
const door = new WebSocketServer({ noServer: true, perMessageDeflate: false, clientTracking: false });

/** Takes a frame on its way; the bench's own faulty relays do something to it. */
export type PassOn = (to: Ws, data: Buffer, isBinary: boolean) => void;

/** A server that relays sessions. */
export function relayServer(passDown: PassOn, signedWith: (callerKey: string) => string = () => key): Server {
  return createServer().on('upgrade', (req, socket, head) => {
    door.handleUpgrade(req, socket, head, (client) => {
      const headers = { 'x-goog-api-key': signedWith(req.headers['x-goog-api-key'] as string) };
      const url = upstreamOrigin().replace(/^http/, 'ws') + req.url;
      relay(client, new WebSocket(url, { perMessageDeflate: false, headers }), passDown);
    });
  });
}

function relay(client: Ws, provider: Ws, passDown: PassOn): void {
  const early: (readonly [data: Buffer, isBinary: boolean])[] = [];
  client.on('message', (data, isBinary) => {
    if (provider.readyState === isOpen) passOn(provider, data, isBinary);
    else early.push([data, isBinary]);
  });
  provider.on('open', () => {
    for (const [data, isBinary] of early) passOn(provider, data, isBinary);
  });
  provider.on('message', (data, isBinary) => passDown(client, data, isBinary));
  for (const [one, other] of [
    [client, provider],
    [provider, client],
  ] as const) {
    one.on('close', () => other.terminate());
    one.on('error', () => other.terminate());
  }
}

/** As it came. */
export function passOn(to: Ws, data: Buffer, isBinary: boolean): void {
  to.send(data, { binary: isBinary });
}

if (import.meta.main) announce(relayServer(passOn));
