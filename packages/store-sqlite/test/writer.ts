/** A process that writes until it is killed, and tells of each thing only after it was acknowledged. */

import { setImmediate as turn } from 'node:timers/promises';
import type { Reservation } from '@sluice/core';
import { sqliteStore } from '../src/index.ts';

const [path, round] = process.argv.slice(2);
const store = sqliteStore({ path: path as string });
const scope = `round/${round}`;
const limits = { requestsPerMinute: 1e6, tokensPerMinute: 1e9, requestsPerDay: 1e6, maxInFlight: 1e6 };
const need = { scope, meters: [{ name: 'project', limits }], subjects: ['project'], tokens: 100, leaseMs: 60_000 };

process.send?.('ready');
for (let at = 0; ; at++) {
  const { reservation } = await store.reserve(need);
  const atMs = Date.now();
  await store.cool({ scope, subject: `key:${at}`, reason: 'quota_day', sinceMs: atMs, untilMs: atMs + 86_400_000 });
  await store.own([{ name: `${scope}/files/${at}`, project: 'main', caller: 'alice', untilMs: null }]);
  await store.claim(`${scope}/caller/${at}`, `p${at}`, 86_400_000);
  await store.append({ atMs, scope, subject: `key:${at}`, what: 'disabled', why: 'quota_day' });
  if (at % 3 > 0) await store.settle(reservation as Reservation, { requests: 1, tokens: at });
  process.send?.(at);
  await turn();
}
