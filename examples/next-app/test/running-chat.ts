import { type ChildProcess, spawn } from 'node:child_process';
import { demoKey, type Simulator, startSimulator } from '@sluice/simulator';
import { eventually } from '@sluice/testkit';
import { app, built, next } from '../src/build.ts';

export interface RunningChat {
  readonly simulator: Simulator;
  readonly origin: string;
  close(): Promise<void>;
}

/** The chat on a simulator, as `next build` has made it and `next start` runs it. */
export async function runningChat(chunkMs: number): Promise<RunningChat> {
  await built();
  const simulator = await startSimulator({ chunkMs });
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'production' as const,
    NEXT_TELEMETRY_DISABLED: '1',
    GEMINI_API_KEYS: demoKey,
    GEMINI_BASE_URL: simulator.url,
    SESSION_SECRET: 'canary-secret-of-the-sessions',
    CHAT_IS_DEMO: '1',
  };
  const server = spawn(process.execPath, [next, 'start', '--hostname', '127.0.0.1', '--port', '0'], { cwd: app, env });
  const origin = await originOf(server);
  return {
    simulator,
    origin,
    async close() {
      await eventually('everything is over', () => simulator.journal.running === 0);
      const exited = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGTERM');
      await exited;
      await simulator.close();
    },
  };
}

/** Reads it from what a server says. */
export async function originOf(server: ChildProcess): Promise<string> {
  let said = '';
  for (const stream of [server.stdout, server.stderr])
    stream?.on('data', (piece: Buffer) => {
      said += piece.toString();
    });
  await eventually('it listens', () => /http:\/\/127\.0\.0\.1:\d+[\s\S]*Ready/.test(said), 60_000);
  return /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0] ?? '';
}
