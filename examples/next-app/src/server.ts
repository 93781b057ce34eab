/** The chat as a process: `node --conditions=@sluice/source examples/next-app/src/server.ts`. */

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { demoKey, type Simulator, startSimulator } from '@sluice/simulator';
import { app, built, next } from './build.ts';

const { PORT = '3000', HOST = '127.0.0.1' } = process.env;
/** A word takes as long as it does from a real model. */
const wordMs = 45;

await built(() => console.log('Building the app, which takes half a minute ...'));

const isDemo = !process.env.GEMINI_API_KEYS && !process.env.GEMINI_API_KEY;
const simulator: Simulator | null = isDemo ? await startSimulator({ chunkMs: wordMs, maxJournalEntries: 0 }) : null;
const demo = simulator && { GEMINI_API_KEYS: demoKey, GEMINI_BASE_URL: simulator.url, CHAT_IS_DEMO: '1' };
// Sessions end with the process, unless they are to outlive it.
const secret = process.env.SESSION_SECRET || randomBytes(32).toString('base64url');
const env = {
  ...process.env,
  NODE_ENV: 'production' as const,
  NEXT_TELEMETRY_DISABLED: '1',
  ...demo,
  SESSION_SECRET: secret,
};

const server = spawn(process.execPath, [next, 'start', '--hostname', HOST, '--port', PORT], {
  cwd: app,
  env,
  stdio: 'inherit',
});
let isTold = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    isTold = true;
    server.kill(signal);
  });
}
if (isDemo)
  console.log('Demo mode: GEMINI_API_KEYS is not set, so a simulator answers. What it says is not from Gemini.');

const code = await new Promise<number>((resolve) => server.once('exit', (status) => resolve(status ?? 1)));
await simulator?.close();
// Next ends with the number of the signal. To go down when one is told to is no failure.
process.exit(isTold ? 0 : code);
