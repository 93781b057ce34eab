/** DNS that fails, as functions for the `lookup` option of `node:net`, of undici's connector, and of those built on them. */

import type { LookupFunction } from 'node:net';

interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/**
 * Ways in which looking up a name goes wrong. They are asked for names only: an address in a URL is never looked up.
 *
 * @example
 * import { Agent } from 'undici';
 *
 * const agent = new Agent({ connect: { lookup: lookups.nxdomain } });
 */
export const lookups = {
  /** No such name (NXDOMAIN): fails with ENOTFOUND. */
  nxdomain: ((hostname, _options, callback) => {
    process.nextTick(callback, failure('ENOTFOUND', -3008, hostname), '');
  }) as LookupFunction,

  /** Busy for the first time (EAI_AGAIN); from then on `address` is the answer to every name. */
  againOnce(address = '127.0.0.1'): LookupFunction {
    let isFirst = true;
    return (hostname, options, callback) => {
      const error = isFirst ? failure('EAI_AGAIN', -3001, hostname) : null;
      isFirst = false;
      if (error !== null) process.nextTick(callback, error, '');
      else answer([addressOf(address)], options, callback);
    };
  },

  /** Two addresses for every name, and the first is where nobody answers: clients should soon try the second. */
  deadFirst(deadAddress: string, address = '127.0.0.1'): LookupFunction {
    return (_hostname, options, callback) => answer([addressOf(deadAddress), addressOf(address)], options, callback);
  },
};

function failure(code: string, errno: number, hostname: string): NodeJS.ErrnoException {
  const error = new Error(`getaddrinfo ${code} ${hostname}`);
  return Object.assign(error, { code, errno, syscall: 'getaddrinfo', hostname });
}

function addressOf(address: string): Address {
  return { address, family: address.includes(':') ? 6 : 4 };
}

function answer(
  addresses: readonly [Address, ...Address[]],
  options: Parameters<LookupFunction>[1],
  callback: Parameters<LookupFunction>[2],
): void {
  const [first] = addresses;
  if (options.all) process.nextTick(callback, null, addresses);
  else process.nextTick(callback, null, first.address, first.family);
}
