import { createServer, type Socket } from 'node:net';
import type { Journal, Simulator, SimulatorOptions } from './contract.ts';
import { projectState } from './gemini/project-state.ts';
import { emptied, houseOf, listenerOf } from './house.ts';
import { liveDoor } from './live/open.ts';
import { serve } from './wire/connection.ts';

/**
 * Starts a fake Gemini on a port of its own.
 *
 * Resolves when it listens. Everything it opens (the port, connections, timers) is gone once `close` has resolved.
 *
 * @throws when the port is taken
 * @example
 * const simulator = await startSimulator();
 * simulator.plan(demoKey, ['503', 'rst-mid-stream', 'ok']);
 * await fetch(`${simulator.url}/v1beta/models`, { headers: { 'x-goog-api-key': demoKey } });
 * await simulator.close();
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = '127.0.0.1', port = 0, ...others } = options;
  let url = '';
  const house = houseOf(others, () => url, undefined, liveDoor);
  const { journal, plans, world } = house;
  const sockets = new Set<Socket>();

  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const connection = journal.connectionOpened();
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      journal.connectionClosed();
    });
    serve(socket, listenerOf(connection, house));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const boundPort = typeof address === 'object' && address !== null ? address.port : port;
  url = `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`;

  return {
    url,
    journal: journal satisfies Journal,
    plan: (key, steps) => plans.set(key, steps),
    project: (id) => projectState(id, world),
    reset: () => emptied(house),
    async close() {
      // Listening last, so the journal is settled when `close` resolves.
      const gone = [...sockets].map((socket) => new Promise((resolve) => socket.on('close', resolve)));
      for (const socket of sockets) socket.destroy();
      await Promise.all([...gone, new Promise((resolve) => server.close(resolve))]);
    },
  };
}
