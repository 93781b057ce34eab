/** The chat as a process: `node --conditions=@sluice/source examples/express/src/server.ts`. */

import type { AddressInfo } from 'node:net';
import { hardenServer } from '@sluice/core/node';
import { makeChat } from './app.ts';
import { openProvider } from './provider.ts';

const { PORT = '3000', HOST = '127.0.0.1' } = process.env;

const provider = await openProvider(process.env);
const { app, gateway } = makeChat({ provider: provider.options, isDemo: provider.isDemo });
gateway.on('key', ({ project, key, state, reason }) => console.warn(`${key ?? project} is ${state}: ${reason}`));

const server = app.listen(Number(PORT), HOST, (error) => {
  if (error) {
    console.error(`chat: cannot listen on ${HOST}, port ${PORT}: ${error.message}. Set PORT to another one.`);
    process.exit(1);
  }
  const { address, family, port } = server.address() as AddressInfo;
  console.log(`The chat is at http://${family === 'IPv6' ? `[${address}]` : address}:${port}`);
  if (provider.isDemo) {
    console.log('Demo mode: GEMINI_API_KEYS is not set, so a simulator answers. What it says is not from Gemini.');
  }
});

// What never becomes a request is answered in the gateway's words as well.
hardenServer(server);

let isLeaving = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void leave());

/** Answers under way may finish; nothing new begins. */
async function leave(): Promise<void> {
  if (isLeaving) return;
  isLeaving = true;
  server.close();
  await gateway.drain({ withinMs: 5_000 });
  server.closeAllConnections(); // also those that have never said anything
  await gateway.close();
  await provider.close();
}
