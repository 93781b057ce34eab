/** What a call costs before and after it: at least 20,000 reservations a second, each settled, in one process. */

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Meter, Need, Store } from '@sluice/core';
import { test } from 'vitest';
import { sqliteStore } from '../src/index.ts';

const minuteAndDay = { requestsPerMinute: 1e9, tokensPerMinute: 1e12, requestsPerDay: 1e9, maxInFlight: 0 };
const all = { ...minuteAndDay, maxInFlight: 1_000 };
const folder = mkdtempSync(join(tmpdir(), 'sluice-sqlite-bench-'));
const store = sqliteStore({ path: join(folder, 'state.db') });

test('a reservation is made and settled to other tokens', async ({ bench }) => {
  await bench.compare(
    bench('one meter, three limits', pair(store, 'a', [{ name: 'project', limits: minuteAndDay }])),
    bench('two meters, three limits each', pair(store, 'b', twice(minuteAndDay))),
    bench('two meters, all four limits each', pair(store, 'c', twice(all))),
    bench('two meters without limits', pair(store, 'd', twice({ ...all, ...noLimits }))),
  );
});

const noLimits = { requestsPerMinute: 0, tokensPerMinute: 0, requestsPerDay: 0, maxInFlight: 0 };

function twice(limits: Meter['limits']): Meter[] {
  return [
    { name: 'project', limits },
    { name: 'model:gemini-2.5-flash', limits },
  ];
}

function pair(on: Store, scope: string, meters: readonly Meter[]): () => Promise<void> {
  const subjects = ['project', 'model:gemini-2.5-flash'];
  const need: Need = { scope, meters, subjects, tokens: 1_000, leaseMs: 600_000 };
  return async () => {
    const { reservation } = await on.reserve(need);
    if (reservation !== null) await on.settle(reservation, { requests: 1, tokens: 800 });
  };
}
