import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { houseOf, listenerOf } from '../house.ts';
import { liveDoor } from '../live/open.ts';
import { serve } from '../wire/connection.ts';
import { certificates } from './certificates.ts';
import { listening } from './listening.ts';
import type { Start } from './network-fault.ts';

/** Reads on, so that a peer that leaves is noticed. */
export const tlsSilent: Start = (host, port) => {
  const server = createServer((socket) => socket.resume());
  return listening(server, { scheme: 'https', host, port });
};

/** Record: alert, TLS 1.2, two bytes; fatal, handshake_failure (RFC 8446 §6). */
const alert = Uint8Array.of(21, 3, 3, 0, 2, 2, 40);

export const tlsAlert: Start = (host, port) => {
  const server = createServer((socket) => socket.once('data', () => socket.end(alert)));
  return listening(server, { scheme: 'https', host, port });
};

/** The fake Gemini behind a certificate. Half-open sockets are left out: those of broken handshakes would stay for ever. */
export function tlsWith(kind: keyof typeof certificates): Start {
  return async (host, port) => {
    let url = '';
    const house = houseOf({}, () => url, undefined, liveDoor);
    const { journal } = house;
    const server = createTlsServer(certificates[kind], (socket) => {
      serve(socket, listenerOf(journal.connectionOpened(), house));
      socket.on('close', () => journal.connectionClosed());
    });
    // A client that refuses the certificate shows here, and nowhere else.
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    const fault = await listening(server, { scheme: 'https', host, port }, () => journal.requests.length);
    url = fault.url;
    return fault;
  };
}
