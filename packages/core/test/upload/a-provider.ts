/** A provider of uploads whose reading a test can hold, and four ways to it. */

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway, type Gateway, type GatewayOptions } from '@sluice/core';
import { nodeListener, undiciUpstream } from '@sluice/core/node';
import { fetchHandler, fetchUpstream } from '@sluice/core/web';
import { neverShed } from '@sluice/testkit';
import { afterEach, describe } from 'vitest';

/** One request with bytes, as it arrives at the provider. */
export interface Arrival {
  readonly headers: IncomingMessage['headers'];
  readonly target: string;
  bytes: number;
  /** Set when all of it was read. */
  sha256: string | null;
  /** On the clock of `performance`; null as long as the connection is not cut in the middle. */
  cutAtMs: number | null;
  goOn(): void;
}

/** What the provider does with a piece of a file. */
export interface ProviderPlan {
  /** It reads nothing until it is told to go on. */
  holds?: boolean;
  /** It answers so at once, whatever comes. */
  status?: number;
}

export interface Provider {
  url: string;
  /** One per call with bytes. */
  readonly arrivals: Arrival[];
  /** For the next calls; the last one stays. */
  readonly plan: ProviderPlan[];
}

let sessions = 0;

/** Answers a start with a session, and bytes as `plan` has it. */
export function answerUpload(req: IncomingMessage, res: ServerResponse, provider: Provider): void {
  const { url = '', headers } = req;
  if (!url.includes('upload_id')) {
    const address = `${provider.url}/upload/v1beta/files?upload_id=ABgVH8-session-${sessions++}&upload_protocol=resumable`;
    req.resume().on('end', () => res.writeHead(200, { 'x-goog-upload-url': address }).end());
    return;
  }
  const { holds = false, status = 200 } = (provider.plan.length > 1 ? provider.plan.shift() : provider.plan[0]) ?? {};
  const hash = createHash('sha256');
  const one: Arrival = {
    headers,
    target: url,
    bytes: 0,
    sha256: null,
    cutAtMs: null,
    goOn: () => req.on('data', take).on('end', end),
  };
  const take = (piece: Buffer): void => {
    one.bytes += piece.length;
    hash.update(piece);
  };
  const end = (): void => {
    one.sha256 = hash.digest('hex');
    if (res.headersSent) return;
    res.writeHead(status, { 'content-type': 'application/json', 'x-goog-upload-status': 'final' });
    res.end(
      JSON.stringify(status < 400 ? { file: { name: 'files/one' } } : { error: { code: status, message: 'no' } }),
    );
  };
  req.once('close', () => (one.cutAtMs = req.complete ? null : performance.now()));
  req.on('error', () => {});
  provider.arrivals.push(one);
  if (status >= 400 && holds) {
    res.writeHead(status, { 'content-type': 'text/plain', 'x-goog-upload-status': 'active' }).end('Not like this.');
  } else if (!holds) one.goOn();
}

/** A gateway between a client and that provider. */
export interface Stage {
  readonly provider: Provider;
  readonly gateway: Gateway;
  /** Calls the gateway as this way's clients do. */
  call(target: string, init?: RequestInit & { duplex?: 'half' }): Promise<Response>;
  /** The address of a session that has been opened. */
  readonly session: string;
  readonly origin: string | null;
}

export interface Way {
  readonly client: 'node' | 'web';
  readonly upstream: 'undici' | 'fetch';
}

type Tests = (way: Way, stage: (options?: Partial<GatewayOptions>) => Promise<Stage>) => void;

/** The same for each pair of drivers. What was opened is closed after each test. */
export function describeWays(what: string, tests: Tests): void {
  for (const client of ['node', 'web'] as const) {
    for (const upstream of ['undici', 'fetch'] as const) describeWay({ client, upstream }, what, tests);
  }
}

/** For one pair, where the others would show nothing more. */
export function describeWay(way: Way, what: string, tests: Tests): void {
  describe(`${what} (${way.client} → ${way.upstream})`, () => {
    const takeDown: (() => unknown)[] = [];
    afterEach(async () => {
      for (const one of takeDown.splice(0).reverse()) await one();
    });
    tests(way, (options) => staged(way, options ?? {}, takeDown));
  });
}

async function staged(way: Way, options: Partial<GatewayOptions>, takeDown: (() => unknown)[]): Promise<Stage> {
  const upstreamServer = createServer((req, res) => answerUpload(req, res, provider));
  const provider: Provider = { url: await listening(upstreamServer, takeDown), arrivals: [], plan: [] };
  const gateway = createGateway({
    pools: { gemini: { baseUrl: provider.url, projects: [{ id: 'one', keys: ['canary-key-1'] }] } },
    callers: 'anyone',
    upstream: way.upstream === 'undici' ? undiciUpstream() : fetchUpstream(),
    overload: neverShed,
    ...options,
  });
  takeDown.push(() => gateway.close());
  const origin = way.client === 'node' ? await listening(mounted(gateway), takeDown) : null;
  const handle = fetchHandler(gateway);
  const call: Stage['call'] = (target, init) =>
    origin === null ? handle(new Request(`http://gateway.test${target}`, init)) : fetch(origin + target, init);
  const begun = await call('/upload/v1beta/files', {
    method: 'POST',
    headers: { 'x-goog-upload-protocol': 'resumable', 'x-goog-upload-command': 'start' },
  });
  await begun.text();
  const session = new URL(begun.headers.get('x-goog-upload-url') as string);
  return { provider, gateway, call, session: session.pathname + session.search, origin };
}

function mounted(gateway: Gateway): Server {
  const listener = nodeListener(gateway);
  return createServer(listener).on('checkContinue', listener);
}

async function listening(server: Server, takeDown: (() => unknown)[]): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  takeDown.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
