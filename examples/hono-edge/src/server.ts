/** The app on Node: `node --conditions=@sluice/source examples/hono-edge/src/server.ts`. */

import { serve } from '@hono/node-server';
import { makeApp } from './app.ts';
import { openProvider } from './provider.ts';

const { PORT = '3000', HOST = '127.0.0.1' } = process.env;

const provider = await openProvider(process.env);
const { fetch, gateway } = makeApp(provider.options);
gateway.on('key', ({ project, key, state, reason }) => console.warn(`${key ?? project} is ${state}: ${reason}`));

const server = serve({ fetch, hostname: HOST, port: Number(PORT) }, ({ port }) => {
  const base = `http://${HOST}:${port}/gemini`;
  console.log(`Gemini is at ${base}. Watch an answer come:\n`);
  console.log(`curl -N '${base}/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse' \\`);
  console.log(`  -H 'x-goog-api-key: ${provider.ownKey ?? 'YOUR-KEY-OF-SLUICE_API_KEYS'}' \\`);
  console.log(
    `  -H 'content-type: application/json' -d '{"contents":[{"parts":[{"text":"Why is the sky blue?"}]}]}'\n`,
  );
  if (provider.isDemo) {
    console.log('Demo mode: GEMINI_API_KEYS is not set, so a simulator answers. What it says is not from Gemini.');
  }
});
server.on('error', (error) => {
  console.error(`hono: cannot listen on ${HOST}, port ${PORT}: ${error.message}. Set PORT to another one.`);
  process.exit(1);
});

// A process group delivers one signal twice.
let isLeaving = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void leave());

/** Answers under way may finish; nothing new begins. */
async function leave(): Promise<void> {
  if (isLeaving) return;
  isLeaving = true;
  server.close();
  await gateway.drain({ withinMs: 5_000 });
  await gateway.close();
  await provider.close();
  process.exit();
}
