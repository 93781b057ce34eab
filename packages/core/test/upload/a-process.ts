/** A gateway in a process of its own, so that its memory is its alone. Told `look`, it says what it holds when all garbage is gone. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway } from '@sluice/core';
import { nodeListener } from '@sluice/core/node';

/** What it says of itself. */
export interface Told {
  readonly port: number;
  readonly rssBytes: number;
}

const [, , baseUrl = ''] = process.argv;
const gateway = createGateway({
  pools: { gemini: { baseUrl, projects: [{ id: 'one', keys: ['canary-key-1'] }] } },
  callers: 'anyone',
  overload: { queueDelayMs: 0, refuseDelayMs: 0, queueHeapShare: 0, refuseHeapShare: 0, endHeapShare: 0 },
});
const server = createServer(nodeListener(gateway));
server.requestTimeout = 0;
server.listen(0, '127.0.0.1', tell);
process.on('message', tell);
process.on('disconnect', () => process.exit(0));

function tell(): void {
  globalThis.gc?.();
  // Buffers are given back by another thread.
  setTimeout(say, 10);
}

function say(): void {
  const told: Told = { port: (server.address() as AddressInfo).port, rssBytes: process.memoryUsage.rss() };
  process.send?.(told);
}
