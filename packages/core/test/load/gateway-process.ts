/** A gateway in a process of its own, so that its memory is its alone. Options come in a message, and so do answers. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGateway, type Gateway, type GatewayOptions } from '@sluice/core';
import { nodeListener } from '@sluice/core/node';

/** What it tells of itself. */
export interface Told {
  readonly port: number;
  readonly rssBytes: number;
  readonly open: number;
  readonly bufferedBytes: number;
  readonly overload: string;
}

let gateway: Gateway | null = null;
let port = 0;

process.on('message', async (message: { readonly options: GatewayOptions } | { readonly blockMs: number } | 'look') => {
  if (message === 'look') return tell();
  if ('blockMs' in message) return block(message.blockMs);
  gateway = createGateway(message.options);
  const server = createServer(nodeListener(gateway));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
  tell();
});

process.on('disconnect', () => process.exit(0));

function tell(): void {
  const { open, bufferedBytes, overload } = (gateway as Gateway).snapshot();
  const told: Told = { port, rssBytes: process.memoryUsage.rss(), open, bufferedBytes, overload };
  process.send?.(told);
}

/** A loop that is late at every turn, as one with too much to do is: in between it does what is there to do. */
function block(ms: number): void {
  const untilMs = performance.now() + ms;
  const turn = (): void => {
    const endMs = performance.now() + 400;
    while (performance.now() < endMs);
    if (performance.now() < untilMs) setImmediate(() => setImmediate(turn));
    else tell();
  };
  turn();
}
