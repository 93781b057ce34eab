/** Which addresses are trusted proxies. */

import { BlockList, isIP } from 'node:net';

/**
 * Tells whether an address lies in one of these ranges.
 *
 * @param ranges - addresses, and ranges like `10.0.0.0/8`; what is neither counts for nothing
 * @example const isTrusted = trustedAddresses(['10.0.0.0/8', '::1']);
 */
export function trustedAddresses(ranges: readonly string[]): (address: string) => boolean {
  if (ranges.length === 0) return () => false;
  const list = new BlockList();
  for (const range of ranges.map(rangeOf)) if (range !== null) list.addSubnet(...range);
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address));
}

/** `10.0.0.0/8`, or an address alone: a range of one. */
function rangeOf(entry: string): [address: string, bits: number, family: 'ipv4' | 'ipv6'] | null {
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
  const longest = familyOf(address) === 'ipv6' ? 128 : 32;
  const bits = prefix === undefined ? longest : Number(prefix);
  return isIP(address) === 0 || bits > longest ? null : [address, bits, familyOf(address)];
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
