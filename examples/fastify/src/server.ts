/** The chat as a process: `node --conditions=@sluice/source examples/fastify/src/server.ts`. */

import { makeChat } from './app.ts';
import { openProvider } from './provider.ts';

const { PORT = '3000', HOST = '127.0.0.1' } = process.env;

const provider = await openProvider(process.env);
const { app, gateway } = makeChat({ provider: provider.options, isDemo: provider.isDemo });
gateway.on('key', ({ project, key, state, reason }) => console.warn(`${key ?? project} is ${state}: ${reason}`));

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void leave());

try {
  console.log(`The chat is at ${await app.listen({ host: HOST, port: Number(PORT) })}`);
  if (provider.isDemo) {
    console.log('Demo mode: GEMINI_API_KEYS is not set, so a simulator answers. What it says is not from Gemini.');
  }
} catch (error) {
  console.error(`chat: cannot listen on ${HOST}, port ${PORT}: ${(error as Error).message}. Set PORT to another one.`);
  process.exit(1);
}

/** A second signal changes nothing: Fastify closes once. */
async function leave(): Promise<void> {
  await app.close();
  await provider.close();
}
