import { blackHole, refused } from './closed-ports.ts';
import type { NetworkFaultKind } from './kinds.ts';
import { tlsAlert, tlsSilent, tlsWith } from './tls-faults.ts';

/** Where a fault stands. */
export interface NetworkFaultOptions {
  /** @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** 0 takes a free one. @default 0 */
  readonly port?: number | undefined;
}

/** A fault that stands until it is closed. None of it keeps the process alive. */
export interface NetworkFault {
  /** `http://127.0.0.1:PORT`, or `https://` where TLS is spoken; without a slash at the end. */
  readonly url: string;
  /** Connections ever accepted. What is refused, or never gets through, is not among them. */
  readonly connections: number;
  /** Connections open now. */
  readonly openConnections: number;
  /** Requests ever answered behind TLS: 0 for clients that know what to refuse. */
  readonly requests: number;
  /** Ends its connections and frees its port. */
  close(): Promise<void>;
}

/** How a fault is set up at an address. */
export type Start = (host: string, port: number) => Promise<NetworkFault>;

const starts: Readonly<Record<NetworkFaultKind, Start>> = {
  refused,
  'black-hole': blackHole,
  'tls-silent': tlsSilent,
  'tls-alert': tlsAlert,
  'tls-private-ca': tlsWith('tls-private-ca'),
  'tls-self-signed': tlsWith('tls-self-signed'),
  'tls-expired': tlsWith('tls-expired'),
  'tls-wrong-host': tlsWith('tls-wrong-host'),
};

/**
 * Sets up a fault of the network on a port of its own, as `networkFaults` says it. Behind the certificates stands the
 * fake Gemini with its demo key, for clients that let themselves be talked into it.
 *
 * @throws when the port is taken, or when this system has no such fault (`black-hole` needs Linux)
 * @example
 * const fault = await startNetworkFault('refused');
 * await fetch(fault.url).catch((error) => console.log(error.cause.code)); // ECONNREFUSED
 * await fault.close();
 */
export function startNetworkFault(kind: NetworkFaultKind, options: NetworkFaultOptions = {}): Promise<NetworkFault> {
  const { host = '127.0.0.1', port = 0 } = options;
  return starts[kind](host, port);
}
