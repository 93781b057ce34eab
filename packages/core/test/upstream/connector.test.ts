/** A kept connection that its server closes as a request goes out is nobody's fault, and a call that is given up takes its handshake along. */

import { createServer, type Server, type Socket } from 'node:net';
import { createGateway, type Flow } from '@sluice/core';
import { undiciUpstream } from '@sluice/core/node';
import { startNetworkFault } from '@sluice/simulator/network';
import { eventually } from '@sluice/testkit';
import { afterEach, expect, test } from 'vitest';

const answer = '{"candidates":[{"content":{"parts":[{"text":"hi"}]},"finishReason":"STOP"}]}';
const whole = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${answer.length}\r\n\r\n${answer}`;

type Play = (socket: Socket) => void;
const say: Play = (socket) => void socket.write(whole);
const reset: Play = (socket) => void socket.resetAndDestroy();
const close: Play = (socket) => void socket.end();
const half: Play = (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-', () => socket.resetAndDestroy());

const servers: Server[] = [];
let opened = 0;
afterEach(() => {
  opened = 0;
  for (const one of servers.splice(0)) one.close();
});

/** Plays what each connection shall do with each of its requests. */
async function provider(connections: readonly (readonly Play[])[]): Promise<string> {
  const waiting = [...connections];
  const server = createServer((socket) => {
    const plays = [...(waiting.shift() ?? [])];
    socket.on('error', () => {});
    opened++;
    socket.on('data', (chunk) => {
      // Head and body may come apart; a request is over with its body.
      if (chunk.toString().endsWith('}')) (plays.shift() ?? reset)(socket);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

async function asked(baseUrl: string, times: number) {
  const gateway = createGateway({
    pools: { gemini: { baseUrl, projects: [{ id: 'main', keys: ['canary'] }] } },
    callers: 'anyone',
    upstream: undiciUpstream(),
    // A pause would be seen, and so would a budget.
    retry: { maxAttempts: 1, baseDelayMs: 20_000 },
  });
  const outcomes: string[] = [];
  gateway.on('attempt', ({ outcome }) => outcomes.push(outcome));
  const statuses: number[] = [];
  for (let time = 0; time < times; time++) {
    const response = await gateway.fetch('/v1beta/models/gemini-2.5-flash:generateContent', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"contents":[{"parts":[{"text":"hi"}]}]}',
    });
    await response.text();
    statuses.push(response.status);
    // undici has a connection free again some turns after its answer.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { breakers } = gateway.snapshot();
  await gateway.close();
  return { statuses, outcomes, breakers };
}

test.each([
  ['reset', reset],
  ['closed', close],
])('%s: the request is sent again at once on a fresh one, and nobody is blamed', async (_, play) => {
  const found = await asked(await provider([[say, play], [say]]), 2);
  expect(found).toEqual({ statuses: [200, 200], outcomes: ['ok', 'stale', 'ok'], breakers: [] });
});

test('only once: a provider that goes on like this is not asked for ever', async () => {
  const found = await asked(await provider([[say, reset], [reset]]), 2);
  expect(found.statuses).toEqual([200, 502]);
  expect(found.outcomes).toEqual(['ok', 'stale', 'reset']);
});

test.each([
  ['a fresh connection that is reset', [[reset]], 1],
  ['a kept connection that breaks in the middle of the head', [[say, half]], 2],
])('%s is a failure like any other', async (_, connections, times) => {
  const found = await asked(await provider(connections), times);
  expect(found.statuses.at(-1)).toBe(502);
  expect(found.outcomes).toEqual(times === 1 ? ['reset'] : ['ok', 'reset']);
  expect(opened).toBe(1);
});

test.each(['black-hole', 'tls-silent'] as const)(
  '%s: a call that is given up shakes no hands any more',
  async (kind) => {
    const fault = await startNetworkFault(kind);
    const upstream = undiciUpstream({ connectMs: 60_000 });
    const flow = await new Promise<Flow>((resolve) => {
      const sink = { open: resolve, head() {}, write: () => true, end() {}, fail() {} };
      upstream.send({ method: 'POST', origin: fault.url, target: '/', headers: [], body: Buffer.from('{}') }, sink);
    });
    const connecting = (): number =>
      process.getActiveResourcesInfo().filter((name) => /Connect|TLSWrap/.test(name)).length;
    await eventually('hands are shaken', () =>
      kind === 'black-hole' ? connecting() > 0 : fault.openConnections === 1,
    );
    flow.abort(new Error('given up'));
    await eventually('the handshake is over', () => connecting() === 0 && fault.openConnections === 0);
    await upstream.close();
    await fault.close();
  },
);
