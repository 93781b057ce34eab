/** A call in process fails as `fetch` does: the promise rejects, and nothing is thrown at whoever forgot a `try`. */

import { afterEach, expect, test } from 'vitest';
import { createGateway, type Gateway } from '../../src/gateway.ts';

const gateways: Gateway[] = [];
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close();
});

const url = 'http://gateway.test/v1beta/models';
const used = new Request(url, { method: 'POST', body: 'x' });
await used.text();

test.each<[what: string, input: string | URL | Request, init?: RequestInit]>([
  ['an address that is none', 'http://'],
  ['no address', undefined as never],
  ['a path without a slash', 'v1beta/models'],
  ['a credential in the address', 'http://alice:secret@gateway.test/v1beta/models'],
  ['a body on a GET', url, { body: 'x' }],
  ['a method that is none', url, { method: 'NO METHOD' }],
  ['a method that nobody may send', url, { method: 'TRACE' }],
  ['a header that is none', url, { headers: { 'a header': 'x' } }],
  ['a signal that is none', url, { signal: {} as AbortSignal }],
  ['a stream without duplex', url, { method: 'POST', body: new ReadableStream() }],
  ['a request that was read before', used, { method: 'POST' }],
])('%s rejects with the error of `new Request`', async (_what, input, init) => {
  const gateway = createGateway({ keys: 'canary-1', callers: 'anyone' });
  gateways.push(gateway);
  const theirs = errorOf(() => new Request(input, init));
  const called = gateway.fetch(input, init);
  await expect(called).rejects.toMatchObject({ name: theirs.name, message: theirs.message });
  expect(gateway.snapshot().open).toBe(0);
});

function errorOf(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  return expect.unreachable('it should have thrown');
}
