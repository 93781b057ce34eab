import type { AddressInfo, Server, Socket } from 'node:net';
import type { NetworkFault } from './network-fault.ts';

/**
 * Has a server listen and counts its connections.
 *
 * Neither the server nor its connections keep the process alive.
 */
export async function listening(
  server: Server,
  at: { readonly scheme: 'http' | 'https'; readonly host: string; readonly port: number },
  requests: () => number = () => 0,
): Promise<NetworkFault> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.unref();
    // A peer that resets is what these faults are for.
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, resolve);
  });
  server.unref();
  const { port } = server.address() as AddressInfo;
  return {
    url: urlOf(at.scheme, at.host, port),
    get connections() {
      return connections;
    },
    get openConnections() {
      return sockets.size;
    },
    get requests() {
      return requests();
    },
    async close() {
      const gone = [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      for (const socket of sockets) socket.destroy();
      await Promise.all([...gone, new Promise((resolve) => server.close(resolve))]);
    },
  };
}

/** Without a slash at the end. */
export function urlOf(scheme: 'http' | 'https', host: string, port: number): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
