import type { LookupFunction } from 'node:net';
import { lookups } from '@sluice/simulator/network';
import { expect, test } from 'vitest';

/** What a lookup tells, in the form for one address or for all. */
function asked(lookup: LookupFunction, all: boolean): Promise<unknown> {
  return new Promise((resolve) => {
    lookup('provider.test', { all }, (error, address, family) =>
      resolve(error === null ? (family === undefined ? address : [address, family]) : error),
    );
  });
}

test('nxdomain fails as Node does', async () => {
  expect(await asked(lookups.nxdomain, false)).toMatchObject({
    code: 'ENOTFOUND',
    syscall: 'getaddrinfo',
    hostname: 'provider.test',
    message: 'getaddrinfo ENOTFOUND provider.test',
  });
});

test('againOnce fails once, each time that it is made', async () => {
  for (let round = 0; round < 2; round += 1) {
    const lookup = lookups.againOnce();
    expect(await asked(lookup, true)).toMatchObject({ code: 'EAI_AGAIN' });
    expect(await asked(lookup, true)).toEqual([{ address: '127.0.0.1', family: 4 }]);
    expect(await asked(lookup, false)).toEqual(['127.0.0.1', 4]);
  }
});

test('deadFirst names the dead address before the other', async () => {
  const lookup = lookups.deadFirst('::1');
  expect(await asked(lookup, true)).toEqual([
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ]);
  expect(await asked(lookup, false)).toEqual(['::1', 6]);
});
