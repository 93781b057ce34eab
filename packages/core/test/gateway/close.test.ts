import { fakeClock } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { createGateway } from '../../src/gateway.ts';
import { waywardStore } from '../store/wayward-store.ts';

test('a gateway that is closed asks a store no more that is gone, and leaves it to whoever made it', async () => {
  const clock = fakeClock();
  const wayward = waywardStore(clock, 'refuses');
  const gateway = createGateway({ keys: 'canary-key-1', callers: 'anyone', store: wayward.store, clock });
  const heard: boolean[] = [];
  gateway.on('store', ({ isDegraded }) => heard.push(isDegraded));
  for (let round = 0; heard.length === 0; round++) {
    expect(round).toBeLessThan(10);
    await gateway.pools.gemini?.record().catch(() => {});
  }
  // It looks whether the store is back.
  expect(clock.pending).toBe(1);
  await gateway.close();
  const asked = wayward.calls.length;
  await clock.advance(60_000);
  expect(clock.pending).toBe(0);
  expect(wayward.calls).toHaveLength(asked);
  expect(wayward.calls).not.toContain('close');
});
