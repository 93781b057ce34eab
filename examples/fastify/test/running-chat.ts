import { demoKey, type Simulator, startSimulator } from '@sluice/simulator';
import { eventually } from '@sluice/testkit';
import { type Chat, makeChat } from '../src/app.ts';

export interface RunningChat extends Pick<Chat, 'app' | 'gateway'> {
  readonly simulator: Simulator;
  readonly origin: string;
  close(): Promise<void>;
}

/** The chat on a simulator. `close` fails when something is still under way. */
export async function runningChat(chunkMs: number): Promise<RunningChat> {
  const simulator = await startSimulator({ chunkMs });
  const pools = { gemini: { baseUrl: simulator.url, projects: [{ id: 'demo', keys: [demoKey] }] } };
  const { app, gateway } = makeChat({ provider: { pools }, isDemo: true });
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    app,
    simulator,
    gateway,
    origin,
    async close() {
      await eventually('everything is over', () => gateway.snapshot().open === 0 && simulator.journal.running === 0);
      await app.close();
      await simulator.close();
    },
  };
}
