/** Under which origin a client reaches a server of `node:http`: upload sessions go on at an address that we tell. */

import type { IncomingMessage } from 'node:http';
import { trustedAddresses } from './trusted-addresses.ts';

const loopback = trustedAddresses(['127.0.0.0/8', '::1']);
/** A name or an address, and perhaps a port; nothing that could begin a path, or another host. */
const hostShape = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253})|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/**
 * What trusted proxies forward; else the address that the connection came in on, when that is loopback: then nobody else
 * can be meant, whatever `host` says; else `host`.
 */
export function publicOriginOf(req: IncomingMessage, isTrusted: (address: string) => boolean): string {
  const { headers, socket } = req;
  const ownScheme = 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http';
  const own = hostOf(headers.host);
  if (isTrusted(socket.remoteAddress ?? '')) {
    const { proto, host } = forwarded(req);
    const said = hostOf(host);
    const scheme = /^https?$/i.test(proto) ? proto.toLowerCase() : ownScheme;
    if (said !== null || (proto !== '' && own !== null)) return `${scheme}://${said ?? own}`;
  }
  const local = (socket.localAddress ?? '').replace(/^::ffff:(?=\d)/, '');
  if (loopback(local) || own === null) return `${ownScheme}://${bracketed(local)}:${socket.localPort}`;
  return `${ownScheme}://${own}`;
}

/** RFC 7239, or the fields that are older and more usual. The first hop stands first: it is the one that the client met. */
function forwarded({ headers }: IncomingMessage): { readonly proto: string; readonly host: string } {
  const [first = ''] = String(headers.forwarded ?? '').split(',');
  const pairs = new Map(
    first.split(';').map((pair) => {
      const [name = '', value = ''] = pair.trim().split(/=(.*)/s);
      return [name.toLowerCase(), value.replace(/^"(.*)"$/, '$1')] as const;
    }),
  );
  return {
    proto: pairs.get('proto') ?? firstOf(headers['x-forwarded-proto']),
    host: pairs.get('host') ?? firstOf(headers['x-forwarded-host']),
  };
}

function firstOf(value: string | string[] | undefined): string {
  return (String(value ?? '').split(',', 1)[0] as string).trim();
}

function hostOf(host: string | undefined): string | null {
  return host !== undefined && hostShape.test(host) ? host : null;
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
