import type { AddressInfo } from 'node:net';
import { demoKey, type Simulator, startSimulator } from '@sluice/simulator';
import { eventually } from '@sluice/testkit';
import { type Chat, makeChat } from '../src/app.ts';

export interface RunningChat extends Pick<Chat, 'gateway'> {
  readonly simulator: Simulator;
  readonly origin: string;
  close(): Promise<void>;
}

/** The chat on a simulator. `close` fails when something is still under way. */
export async function runningChat(chunkMs: number): Promise<RunningChat> {
  const simulator = await startSimulator({ chunkMs });
  const pools = { gemini: { baseUrl: simulator.url, projects: [{ id: 'demo', keys: [demoKey] }] } };
  const { app, gateway } = makeChat({ provider: { pools }, isDemo: true });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    simulator,
    gateway,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      await eventually('everything is over', () => gateway.snapshot().open === 0 && simulator.journal.running === 0);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await gateway.close();
      await simulator.close();
    },
  };
}
