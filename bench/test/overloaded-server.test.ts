import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { ClosedLoop } from '../src/load/closed-loop.ts';
import { openLoop } from '../src/load/open-loop.ts';
import { StalledReaders } from '../src/load/stalled-readers.ts';
import { ends, Surge, type SurgeResult } from '../src/load/surge.ts';
import { callerKey, expectedBodies, streamEvents } from '../src/traffic.ts';

const overloaded = JSON.stringify({ error: { code: 503, details: [{ reason: 'OVERLOADED' }] } });

let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

describe('a generator that offers too much', () => {
  test('tells answers from refusals, whether or not the connection ends with them', async () => {
    let asked = 0;
    const port = await listen((_req, res) => {
      asked++;
      if (asked % 2 === 0) return void res.end(expectedBodies.unary);
      const isLast = asked % 4 === 1;
      res.writeHead(503, { 'retry-after': '1', ...(isLast ? { connection: 'close' } : {}) }).end(overloaded);
    });
    const { ends: found, problems, tookMs } = await surge(port);
    expect(problems).toEqual([]);
    expect([count(found, ends.right), count(found, ends.shed)]).toEqual([20, 20]);
    expect(asked).toBe(40);
    expect(Math.min(...tookMs)).toBeGreaterThan(0);
  });

  test('sends nothing where every connection waits, and says so', async () => {
    const port = await listen((_req, res) => void setTimeout(() => res.end(expectedBodies.unary), 60));
    const found = (await surge(port, 3)).ends;
    expect(count(found, ends.unsent)).toBeGreaterThan(0);
    expect(count(found, ends.right) + count(found, ends.unsent)).toBe(40);
  });

  test.each<[what: string, listener: RequestListener, words: RegExp]>([
    ['a refusal without a time', (_req, res) => void res.writeHead(503).end(overloaded), /when to come again/],
    ['a wrong byte', (_req, res) => void res.end('{}'), /the body differs/],
    ['a broken connection', (_req, res) => void res.destroy(), /closed|ECONNRESET/],
  ])('takes %s for what it is', async (_what, listener, words) => {
    const { ends: found, problems } = await surge(await listen(listener));
    expect(count(found, ends.right) + count(found, ends.shed)).toBe(0);
    expect(problems[0]).toMatch(words);
  });

  test('a refusal is wrong for who has not allowed it, and counted for who has', async () => {
    const port = await listen((_req, res) => void res.writeHead(503, { 'retry-after': '1' }).end(overloaded));
    const order = { port, kind: 'unary', key: callerKey, perSecond: 200, ms: 20 } as const;
    expect(await openLoop({ ...order, mayBeShed: true })).toMatchObject({ shed: 4, problems: [] });
    expect((await openLoop(order)).problems[0]).toMatch(/the answer is "HTTP\/1.1 503/);
  });
});

describe('clients who wait for their answers', () => {
  test('come again on other connections when they are asked to', async () => {
    const sockets = new Set<unknown>();
    const port = await listen((req, res) => {
      sockets.add(req.socket);
      res.writeHead(200, { connection: 'close' }).end(expectedBodies.unary);
    });
    const loop = new ClosedLoop();
    expect(await loop.open({ port, kind: 'unary', key: callerKey, clients: 2 })).toMatchObject({ requests: 2 });
    expect(await loop.run({ requests: 6, ms: 20_000 })).toMatchObject({ requests: 6, problems: [] });
    expect(sockets.size).toBe(8);
    loop.close();
  });

  test('are not turned away without anybody hearing of it', async () => {
    const port = await listen((_req, res) => void res.writeHead(503, { 'retry-after': '1' }).end(overloaded));
    const loop = new ClosedLoop();
    const { problems } = await loop.open({ port, kind: 'unary', key: callerKey, clients: 2 });
    expect(problems[0]).toMatch(/overloaded/);
    loop.close();
  });
});

describe('readers that were dropped', () => {
  const opening = streamEvents[0] as Buffer;

  test('find a broken connection', async () => {
    const port = await listen((_req, res) => void res.write(opening, () => res.destroy()));
    const readers = new StalledReaders();
    readers.open(port, callerKey, 3);
    expect(await readers.untilCut(0)).toEqual({ problems: [] });
  });

  test('are those who were served: who was refused is counted apart', async () => {
    let asked = 0;
    const port = await listen((_req, res) => {
      if (asked++ === 0) res.writeHead(503).end(overloaded);
      else res.write(opening, () => res.destroy());
    });
    const readers = new StalledReaders();
    readers.open(port, callerKey, 3);
    expect(await readers.untilCut(1)).toEqual({ problems: [] });
  });

  test.each<[what: string, listener: RequestListener, words: RegExp]>([
    ['an end', (_req, res) => void res.end(opening), /the stream has ended/],
    ['a wrong byte', (_req, res) => void res.write('data: x', () => res.destroy()), /the body differs/],
    ['a refusal that nobody has counted', (_req, res) => void res.writeHead(503).end(), /answered 503, and 0 have/],
  ])('and %s is no such thing', async (_what, listener, words) => {
    const readers = new StalledReaders();
    readers.open(await listen(listener), callerKey, 3);
    const { problems } = await readers.untilCut(0);
    expect(problems[0]).toMatch(words);
  });
});

/** With a connection for each of the 40 requests nobody has to wait for another, however slow the machine is. */
async function surge(port: number, connections = 40): Promise<SurgeResult> {
  const run = new Surge({ port, kind: 'unary', steps: [{ perSecond: 500, ms: 80 }], connections });
  await run.open();
  return run.run();
}

function count(found: Uint8Array, end: number): number {
  return found.filter((one) => one === end).length;
}

function listen(listener: RequestListener): Promise<number> {
  const listening = createServer(listener);
  server = listening;
  return new Promise((resolve) => {
    listening.listen(0, '127.0.0.1', () => resolve((listening.address() as AddressInfo).port));
  });
}
