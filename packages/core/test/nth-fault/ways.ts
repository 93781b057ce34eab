/** The real ways in: a listener of `node:http` behind a socket, and `fetch` in process. */

import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RequestEndEvent } from '../../src/events.ts';
import type { Gateway } from '../../src/gateway.ts';
import { nodeListener } from '../../src/node.ts';
import type { HeaderBag } from '../../src/wire.ts';
import { type Asked, callerKey, type Shown } from './client.ts';
import type { Faults } from './faults.ts';
import type { Told } from './stage.ts';

/** How a client gets to a gateway. It looks for its own faults before it takes anything. */
export interface Way {
  readonly name: string;
  ask(gateway: Gateway, asked: Asked, faults: Faults, told: readonly Told[]): Promise<Shown>;
}

/** What a client over a real way has seen so far. */
class Reader implements Shown {
  readonly target: string;
  status = 0;
  headers: HeaderBag = {};
  outcome: 'open' | 'ended' | 'failed' = 'open';
  isGone = false;
  readonly hasLost = false;
  readonly misuse: string[] = [];
  readonly #pieces: Uint8Array[] = [];
  readonly #faults: Faults;
  readonly #told: readonly Told[];
  readonly #hangUp: () => void;

  constructor({ target }: Asked, faults: Faults, told: readonly Told[], hangUp: () => void) {
    this.target = target;
    this.#faults = faults;
    this.#told = told;
    this.#hangUp = hangUp;
  }

  /** It made one request alone. */
  get id(): string {
    const ended = this.#told.find(({ name }) => name === 'request');
    return (ended?.event as RequestEndEvent | undefined)?.requestId ?? '';
  }

  get text(): string {
    return Buffer.concat(this.#pieces).toString('latin1');
  }

  leave(): void {
    this.isGone = true;
    this.#hangUp();
  }

  /** @returns false when it has left instead */
  goesOn(): boolean {
    if (this.#faults.strike('client') === 'leaves') this.leave();
    return !this.isGone;
  }

  begin(status: number, headers: HeaderBag): void {
    this.status = status;
    this.headers = headers;
  }

  take(piece: Uint8Array): void {
    this.#pieces.push(piece);
  }
}

const overNode: Way = {
  name: 'node:http',
  async ask(gateway, asked, faults, told) {
    const server = createServer(nodeListener(gateway));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      return await overSocket(port, asked, faults, told);
    } finally {
      server.close();
    }
  },
};

function overSocket(port: number, asked: Asked, faults: Faults, told: readonly Told[]): Promise<Shown> {
  const { method = 'POST', target, body } = asked;
  return new Promise((resolve) => {
    const headers = { 'x-goog-api-key': callerKey, 'content-type': 'application/json' };
    const call = request({ port, method, path: target, headers, agent: false });
    const reader = new Reader(asked, faults, told, () => call.destroy());
    call.on('response', (response) => {
      reader.begin(response.statusCode ?? 0, response.headers);
      if (!reader.goesOn()) return;
      response.on('data', (piece: Buffer) => {
        if (reader.goesOn()) reader.take(piece);
      });
      response.on('end', () => {
        reader.outcome = response.complete ? 'ended' : 'failed';
      });
      response.on('error', () => {});
    });
    call.on('error', () => {});
    call.on('close', () => {
      if (reader.outcome === 'open') reader.outcome = 'failed';
      resolve(reader);
    });
    call.end(JSON.stringify(body));
  });
}

const inProcess: Way = {
  name: 'fetch',
  async ask(gateway, asked, faults, told) {
    const { method = 'POST', target, body } = asked;
    const aborter = new AbortController();
    const reader = new Reader(asked, faults, told, () => aborter.abort(new Error('the client hung up')));
    const headers = { 'x-goog-api-key': callerKey, 'content-type': 'application/json' };
    const { signal } = aborter;
    const answered = gateway.fetch(target, { method, headers, body: JSON.stringify(body), signal });
    reader.goesOn();
    try {
      const response = await answered;
      reader.begin(response.status, Object.fromEntries(response.headers));
      reader.goesOn();
      for await (const piece of response.body ?? []) if (reader.goesOn()) reader.take(piece);
      reader.outcome = 'ended';
    } catch {
      reader.outcome = 'failed';
    }
    return reader;
  },
};

export const ways: readonly Way[] = [overNode, inProcess];
