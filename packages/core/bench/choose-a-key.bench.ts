/** Choosing a key has to cost the same with ten projects and with ten thousand. */

import { test } from 'vitest';
import { Cancellation } from '../src/cancellation.ts';
import { systemClock } from '../src/clock.ts';
import { Emitter } from '../src/events.ts';
import { newCourse, type Plan } from '../src/plan/plan.ts';
import type { Lease } from '../src/pool/lease.ts';
import { KeyPool } from '../src/pool/pool.ts';
import { memoryStore } from '../src/store/memory.ts';

const plan: Plan = {
  model: 'gemini-2.5-flash',
  callerId: 'alice',
  pinned: null,
  home: null,
  stickyKey: null,
  tokens: () => 0,
  deadlineAtMs: Number.POSITIVE_INFINITY,
};
const gone = new Cancellation();

test('a key is taken and given back, while 50 others are out', async ({ bench }) => {
  await bench.compare(
    bench('10 keys, a project each', takeFrom(10, 1)),
    bench('10,000 keys, 100 to a project', takeFrom(100, 100)),
    bench('10,000 keys, a project each', takeFrom(10_000, 1)),
  );
});

function takeFrom(count: number, keysEach: number): () => void {
  const projects = Array.from({ length: count }, (_, at) => ({
    id: `p${at}`,
    weight: 1,
    keys: Array.from({ length: keysEach }, (_key, nth) => `key-${nth}-of-project-${at}`),
  }));
  const settings = { name: 'gemini', provider: 'gemini', baseUrl: 'https://gemini.test', projects };
  const pool = new KeyPool(settings, {
    waiting: { maxEntries: 100, maxWaitMs: 1_000 },
    store: memoryStore(systemClock),
    clock: systemClock,
    emitter: new Emitter(),
    leaseMs: 60_000,
  });
  for (let lease = 0; lease < 50; lease++) pool.take(plan, newCourse(), gone);
  return () => {
    (pool.take(plan, newCourse(), gone) as Lease).settle(null);
  };
}
