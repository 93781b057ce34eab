/** Choosing a key has to cost the same with ten projects and with ten thousand. */

import { test } from 'vitest';
import { Cancellation } from '../src/cancellation.ts';
import { systemClock } from '../src/clock.ts';
import { Emitter } from '../src/events.ts';
import { newCourse, type Plan } from '../src/plan/plan.ts';
import { KeyPool, type Lease } from '../src/pool/pool.ts';

const plan: Plan = {
  model: 'gemini-2.5-flash',
  callerId: 'alice',
  isSticky: false,
  deadlineAtMs: Number.POSITIVE_INFINITY,
};
const gone = new Cancellation();

test('a key is taken and given back, while 50 others are out', async ({ bench }) => {
  await bench.compare(bench('10 projects', takeFrom(10)), bench('10,000 projects', takeFrom(10_000)));
});

function takeFrom(count: number): () => void {
  const projects = Array.from({ length: count }, (_, at) => ({
    id: `p${at}`,
    weight: 1,
    keys: [`key-of-project-${at}`],
  }));
  const settings = { name: 'gemini', provider: 'gemini', baseUrl: 'https://gemini.test', projects };
  const pool = new KeyPool(settings, { maxEntries: 100, maxWaitMs: 1_000 }, systemClock, new Emitter());
  for (let lease = 0; lease < 50; lease++) pool.take(plan, newCourse(), gone);
  return () => {
    (pool.take(plan, newCourse(), gone) as Lease).settle(null);
  };
}
