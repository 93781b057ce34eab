/** What counting a call costs: reserved before, settled after, on a project with limits and on a model in it. */

import { test } from 'vitest';
import { systemClock } from '../src/clock.ts';
import { memoryStore } from '../src/store/memory.ts';
import type { Admission, Limits } from '../src/store/store.ts';

const unlimited = 1e9;
const all: Limits = {
  requestsPerMinute: unlimited,
  tokensPerMinute: unlimited,
  requestsPerDay: unlimited,
  maxInFlight: unlimited,
};
const none: Limits = { requestsPerMinute: 0, tokensPerMinute: 0, requestsPerDay: 0, maxInFlight: 0 };

test('a call is reserved and settled in memory', async ({ bench }) => {
  await bench.compare(
    bench('requests a minute', reserving([{ ...none, requestsPerMinute: unlimited }])),
    bench('all four limits', reserving([all])),
    bench('all four, for the project and for the model', reserving([all, all])),
  );
});

function reserving(limits: readonly Limits[]): () => void {
  const store = memoryStore(systemClock);
  const need = {
    scope: 'pool/gemini/main',
    meters: limits.map((some, at) => ({ name: `meter ${at}`, limits: some })),
    subjects: [],
    tokens: 1_000,
    leaseMs: 60_000,
  };
  return () => {
    const { reservation } = store.reserve(need) as Admission;
    if (reservation !== null) void store.settle(reservation, { requests: 1, tokens: 900 });
  };
}
