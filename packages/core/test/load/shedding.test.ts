/** What a gateway does no more when its process cannot keep up. How the process is, is told by the test. */

import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { demoKey, type Simulator, startSimulator } from '@sluice/simulator';
import { eventually, type FakeClock, fakeClock, read } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OverloadEvent } from '../../src/events.ts';
import { type Gateway, gatewayWith } from '../../src/gateway.ts';
import { nodeListener } from '../../src/node.ts';
import type { GatewayOptions } from '../../src/options.ts';
import { fetchHandler } from '../../src/web.ts';

const path = '/v1beta/models/gemini-2.5-flash';
const init = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ contents: [{ parts: [{ text: 'Say something.' }] }] }),
};

let simulator: Simulator;
const takeDown: (() => Promise<unknown> | unknown)[] = [];

beforeEach(async () => {
  simulator = await startSimulator({ chunkMs: 2 });
  takeDown.push(() => simulator.close());
});

afterEach(async () => {
  for (const one of takeDown.splice(0).reverse()) await one();
});

describe.each(['node', 'web'] as const)('over %s, a process that is late', (client) => {
  test('still serves everybody after one bad look', async () => {
    const stage = await staged(client);
    await stage.turn({ delayMs: 9_000 });
    expect((await stage.ask()).status).toBe(200);
    await stage.turn({ delayMs: 0 });
    expect((await stage.ask()).status).toBe(200);
    expect(stage.told).toEqual([]);
  });

  test('turns new requests away over as many as it can serve, before anybody looks at them, and tells when to come again', async () => {
    const lookup = vi.fn(() => ({ id: 'a' }));
    const stage = await staged(client, { callers: lookup });
    simulator.plan('*', ['stall-mid-stream', 'stall-mid-stream', 'ok']);
    const leave = new AbortController();
    const inside = [stage.fetch(stream, leave.signal), stage.fetch(stream, leave.signal)];
    await eventually('both are inside', () => stage.gateway.snapshot().open === 2);
    lookup.mockClear();
    await stage.turn({ delayMs: 80 });
    for (let look = 0; look < 4; look++) await stage.turn();
    const answers = [await stage.ask(), await stage.ask()];
    expect(answers.map(({ status }) => status)).toEqual([503, 503]);
    expect(answers[0]?.headers.get('retry-after')).toBe('1');
    expect(answers[0]?.text).toContain('OVERLOADED');
    expect(lookup).not.toHaveBeenCalled();
    expect(stage.gateway.snapshot().overload).toBe('refuse');
    expect(stage.told.at(-1)).toEqual({ level: 'refuse', delayMs: 80, heapShare: 0 });
    for (const one of inside) void (await one).body?.cancel();
    leave.abort();
    await eventually('they have left', () => stage.gateway.snapshot().open === 0);
    expect((await stage.ask()).status).toBe(200);
  });

  test('serves everybody again soon after it has become well', async () => {
    const stage = await staged(client);
    await stage.turn({ delayMs: 80 });
    for (let look = 0; look < 12; look++) {
      await stage.turn();
      await stage.ask();
    }
    expect(stage.gateway.snapshot().overload).toBe('refuse');
    for (let look = 0; look < 12; look++) {
      await stage.turn({ delayMs: 5 });
      await stage.ask();
    }
    const statuses = [await stage.ask(), await stage.ask(), await stage.ask()].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 200]);
    expect(stage.told.map(({ level }) => level)).toEqual(['queue', 'refuse', 'none']);
  });

  test('lets nobody begin to wait for a key: who would is answered as after the wait', async () => {
    const stage = await staged(client, { queue: { maxWaitMs: 60_000 } });
    simulator.plan('*', ['429', 'ok']);
    expect((await stage.ask()).status).toBe(429);
    await stage.turn({ delayMs: 40 });
    const waiting = stage.ask();
    await eventually('it waits', () => stage.gateway.snapshot().waiting === 1);
    await stage.clock.advance(300);
    const refused = await stage.ask();
    expect([refused.status, refused.text.includes('QUOTA_EXHAUSTED')]).toEqual([429, true]);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(1);
    expect(stage.told.map(({ level }) => level)).toEqual(['queue']);
    // Who has waited before goes on waiting.
    expect(stage.gateway.snapshot().waiting).toBe(1);
    await stage.clock.advance(30_000);
    expect((await waiting).status).toBe(200);
  });

  test('keeps requests that are inside, and finishes them', async () => {
    const stage = await staged(client);
    simulator.plan('*', ['slow-stream']);
    const running = stage.fetch('streamGenerateContent?alt=sse').then(read);
    await eventually('it runs', () => simulator.journal.requests.length === 1);
    await stage.turn({ delayMs: 80, heapShare: 0.9 });
    for (let look = 0; look < 2; look++) await stage.turn();
    expect(stage.gateway.snapshot().overload).toBe('refuse');
    const { text, brokenBy } = await running;
    expect([text.includes('"STOP"'), brokenBy]).toEqual([true, null]);
  });

  test('whose heap bursts ends those who hold most, in their own dialect', async () => {
    const stage = await staged(client);
    simulator.plan('*', ['endless-stream']);
    const stalled = await stage.fetch('streamGenerateContent?alt=sse');
    await eventually('it holds what nobody reads', () => stage.gateway.snapshot().bufferedBytes > 65_536);
    simulator.plan('*', ['slow-stream']);
    const small = stage.fetch('streamGenerateContent?alt=sse').then(read);
    await eventually('both are inside', () => simulator.journal.requests.length === 2);
    await stage.turn({ heapShare: 0.95 });
    for (let look = 0; look < 2; look++) await stage.turn();
    const { text, brokenBy } = await read(stalled);
    expect(text).toContain('OVERLOADED');
    expect(brokenBy).not.toBeNull();
    expect((await small).text).toContain('"STOP"');
  });
});

test('over node, answers are the last ones of their connections while memory runs out, and not where the loop is late', async () => {
  const stage = await staged('node');
  const connection = async (): Promise<string | null> => (await stage.ask()).headers.get('connection');
  const looks = async (count: number): Promise<void> => {
    for (let look = 0; look < count; look++) {
      await stage.turn();
      await stage.ask();
    }
  };
  await stage.turn({ delayMs: 40 });
  await looks(3);
  expect(await connection()).not.toBe('close');
  await stage.turn({ delayMs: 0, heapShare: 0.85 });
  await looks(3);
  expect(await connection()).toBe('close');
  await stage.turn({ heapShare: 0.5 });
  await stage.ask();
  expect(await connection()).not.toBe('close');
});

test('over node, whoever comes again at once is read later where refusals take a fifth of the time', async () => {
  const stage = await staged('node');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  takeDown.push(() => agent.destroy());
  const ask = async (): Promise<number | undefined> => {
    const asked = request(`${stage.origin}${path}:generateContent`, { ...init, agent }).end(init.body);
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    for await (const _ of answer);
    return answer.statusCode;
  };
  const refuse = (times: number): void => {
    const caller = { requestId: 'r', method: 'POST', target: path, headers: {}, remote: null };
    for (let time = 0; time < times; time++) stage.gateway.turnAway(caller);
  };
  simulator.plan('*', ['stall-mid-stream', 'stall-mid-stream', 'ok']);
  const leave = new AbortController();
  const inside = [stage.fetch(stream, leave.signal), stage.fetch(stream, leave.signal)];
  await eventually('both are inside', () => stage.gateway.snapshot().open === 2);
  await stage.turn({ delayMs: 80 });
  for (let look = 0; look < 4; look++) await stage.turn();
  for (let look = 0; look < 5; look++) {
    refuse(600);
    await stage.turn();
  }
  const first = await ask();
  let second: number | undefined;
  const later = ask().then((status) => {
    second = status;
  });
  // Whoever comes over another connection is heard meanwhile.
  expect((await stage.ask()).status).toBe(503);
  for (const one of inside) void (await one).body?.cancel();
  leave.abort();
  await eventually('they have left', () => stage.gateway.snapshot().open === 0);
  expect([first, second]).toEqual([503, undefined]);
  await stage.clock.advance(1_000);
  await later;
  expect(second).toBe(200);
  await stage.clock.advance(1_000);
});

test('other options hold from the next look on', async () => {
  const stage = await staged('web');
  await stage.turn({ heapShare: 0.9 });
  for (let look = 0; look < 2; look++) {
    await stage.ask();
    await stage.turn();
  }
  expect((await stage.ask()).status).toBe(503);
  await stage.gateway.reload({ ...stage.options, overload: { refuseHeapShare: 0, queueHeapShare: 0 } });
  expect((await stage.ask()).status).toBe(200);
  expect((await stage.ask()).status).toBe(200);
});

const stream = 'streamGenerateContent?alt=sse';

type Send = (target: string, more?: { signal: AbortSignal }) => Promise<Response>;

interface Stage {
  readonly gateway: Gateway;
  /** Where it listens; empty without sockets. */
  readonly origin: string;
  readonly options: GatewayOptions;
  readonly clock: FakeClock;
  readonly told: OverloadEvent[];
  /** A tenth of a second goes by; from now on the process is so. */
  turn(vitals?: { delayMs?: number; heapShare?: number }): Promise<void>;
  fetch(verb: string, signal?: AbortSignal): Promise<Response>;
  ask(): ReturnType<typeof read>;
}

async function staged(client: 'node' | 'web', more: Partial<GatewayOptions> = {}): Promise<Stage> {
  const clock = fakeClock();
  const vitals = { delayMs: 0, busyShare: 1, heapShare: 0 };
  const options: GatewayOptions = {
    pools: { gemini: { baseUrl: simulator.url, projects: [{ id: 'demo', keys: [demoKey] }] } },
    callers: 'anyone',
    ...more,
    clock,
  };
  const gateway = gatewayWith(options, { vitals: () => ({ ...vitals }) });
  const told: OverloadEvent[] = [];
  gateway.on('overload', (event) => told.push(event));
  takeDown.push(async () => {
    await eventually('a request is still inside', () => gateway.snapshot().open === 0);
    expect([clock.pending, gateway.snapshot().bufferedBytes]).toEqual([0, 0]);
    await gateway.close();
  });
  const origin = client === 'node' ? await overNode(gateway) : '';
  const send: Send =
    client === 'node' ? (target, more) => fetch(origin + target, { ...init, ...more }) : overWeb(gateway);
  const post = (verb: string, signal?: AbortSignal): Promise<Response> => send(`${path}:${verb}`, signal && { signal });
  return {
    gateway,
    origin,
    options,
    clock,
    told,
    async turn(next = {}) {
      Object.assign(vitals, next);
      await clock.advance(100);
    },
    fetch: post,
    ask: async () => read(await post('generateContent')),
  };
}

/** @returns where it listens */
async function overNode(gateway: Gateway): Promise<string> {
  const server = createServer(nodeListener(gateway));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  takeDown.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function overWeb(gateway: Gateway): Send {
  const handle = fetchHandler(gateway);
  return (target, more) => handle(new Request(`http://gateway.test${target}`, { ...init, ...more }));
}
