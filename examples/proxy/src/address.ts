/** Addresses: which hosts are this machine alone, how an origin is written, and who is really at the other end. */

import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { trustedAddresses } from '@sluice/core/node';

/** Whether nobody but this machine can reach what listens on `host`. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return name === 'localhost' || name.endsWith('.localhost') || loopback.check(name, familyOf(name));
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** `http://host:port`, with the brackets that IPv6 needs. */
export function originOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The origin to give to a client on this machine: nobody can connect to `0.0.0.0` or `::` by these names. */
export function localOrigin(host: string, port: number): string {
  return originOf(host === '0.0.0.0' || host === '::' ? 'localhost' : host, port);
}

/** Tells where a request came from. */
export type RemoteAddress = (request: IncomingMessage) => string;

/**
 * Believes `x-forwarded-for` from trusted proxies alone, read from the right: each entry was written by the hop after
 * it, so the first one that is not a trusted proxy is the farthest address that somebody trusted has vouched for.
 */
export function remoteAddressReader(trustedProxies: readonly string[]): RemoteAddress {
  if (trustedProxies.length === 0) return (request) => request.socket.remoteAddress ?? 'unknown';
  const isTrusted = trustedAddresses(trustedProxies);
  return (request) => {
    let address = request.socket.remoteAddress ?? 'unknown';
    const hops = String(request.headers['x-forwarded-for'] ?? '').split(',');
    while (isTrusted(address)) {
      const hop = withoutPort(hops.pop()?.trim() ?? '');
      if (isIP(hop) === 0) break;
      address = hop;
    }
    return address;
  };
}

/** Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  return hop.replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
