/** The port of a server that is about to listen. */

import type { AddressInfo, Server } from 'node:net';

/** Waits until it listens. */
export function portOf(server: Server): Promise<number> {
  return new Promise((resolve) => {
    const tell = (): void => resolve((server.address() as AddressInfo).port);
    if (server.listening) tell();
    else server.once('listening', tell);
  });
}
