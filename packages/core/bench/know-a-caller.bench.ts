/** A caller is known by the digest of a key: a hash per request, whatever the number of callers. */

import { test } from 'vitest';
import { listedCallers } from '../src/auth/callers.ts';

const target = '/v1beta/models/gemini-2.5-flash:generateContent';

test('a caller is known by its key', async ({ bench }) => {
  await bench.compare(
    bench('3 callers', await knowAmong(3)),
    bench('10,000 callers', await knowAmong(10_000)),
    bench('3 callers, bearer token', await knowAmong(3, (key) => ({ authorization: `Bearer ${key}` }))),
  );
});

async function knowAmong(
  count: number,
  sign = (key: string): Record<string, string> => ({ 'x-goog-api-key': key }),
): Promise<() => void> {
  const callers = Array.from({ length: count }, (_, at) => ({
    id: `caller-${at}`,
    key: `caller-${at}-0123456789abcdef`,
  }));
  const auth = listedCallers(callers);
  const headers = sign(callers[count >> 1]?.key as string);
  // Digests of the list are ready after the first question; from then on the answer comes at once.
  await auth.identify({ method: 'POST', target, headers });
  return () => {
    auth.identify({ method: 'POST', target, headers });
  };
}
