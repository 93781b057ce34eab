/** Every socket that this process opens or takes, seen by Node itself. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** What was seen. */
export interface SeenSockets {
  /** Ports that were connected to, each once. */
  readonly ports: () => readonly number[];
  stop(): void;
}

export function watchSockets(): SeenSockets {
  const opened: Socket[] = [];
  const ports = new Set<number>();
  const onClient = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    opened.push(socket);
    socket.once('connect', () => ports.add(socket.remotePort ?? 0));
  };
  subscribe('net.client.socket', onClient);
  return {
    ports: () => {
      // A name that leads nowhere was asked for all the same.
      if (opened.some((socket) => socket.remotePort === undefined && !socket.destroyed && !socket.connecting))
        ports.add(0);
      return [...ports];
    },
    stop: () => void unsubscribe('net.client.socket', onClient),
  };
}
