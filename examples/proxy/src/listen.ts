/** The listening side: node:http with limits that suit a gateway, and one sentence when it cannot listen. */

import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SluiceError } from '@sluice/core';

/** Longer than load balancers keep a connection for reuse (60 s is usual), so that they close it and not we. */
const keepAliveMs = 65_000;
const maxHeaderBytes = 16 * 1024;

/** Who answers what. */
export interface Listeners {
  readonly onRequest: RequestListener;
  /** Whether a request that offers an upgrade is to become one; any other one stays an ordinary request. */
  readonly isUpgrade: (request: IncomingMessage) => boolean;
}

/** Makes the server; nothing listens yet. Bodies have a timer of their own in the gateway, headers are `hardenServer`'s. */
export function createListener({ onRequest, isUpgrade }: Listeners): Server {
  const server = createServer({
    shouldUpgradeCallback: isUpgrade,
    requestTimeout: 0,
    keepAliveTimeout: keepAliveMs,
    maxHeaderSize: maxHeaderBytes,
    // A missing host is refused with all other requests that cannot be understood, in Google's shape.
    requireHostHeader: false,
  });
  return server.on('request', onRequest);
}

/**
 * @returns the port that was taken
 * @throws SluiceError `invalid_options` when the address cannot be used
 */
export function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    function onError(error: NodeJS.ErrnoException): void {
      reject(new SluiceError('invalid_options', sentence(error, host, port), { cause: error }));
    }
    server.once('error', onError);
    server.listen(port, host, () => {
      server.off('error', onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function sentence({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is in use. Set PORT to another one, or stop what listens there.`;
    case 'EACCES':
      return `Port ${port} on ${host} may not be used by this user. Set PORT to one above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `This machine has no address ${host}. Set HOST to 127.0.0.1, or to 0.0.0.0 for all addresses.`;
    default:
      return `Cannot listen on ${host}, port ${port}: ${message}.`;
  }
}
