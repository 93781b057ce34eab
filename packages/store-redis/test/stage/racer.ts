/** A process that asks as often and as fast as it is told to, and says how often it was admitted. */

import { redisStore } from '@sluice/store-redis';
import type { Race } from '@sluice/testkit';

const store = redisStore({ url: process.env.STORE_URL as string, prefix: process.env.STORE_PREFIX as string });

process.on('message', async ({ need, asks }: Race) => {
  const answers = await Promise.all(Array.from({ length: asks }, () => store.reserve(need)));
  process.send?.({ admitted: answers.filter(({ reservation }) => reservation !== null).length });
});
process.once('disconnect', async () => {
  await store.close();
  process.exit(0);
});

// Only who is connected can race.
await store.entries(1);
process.send?.({ isReady: true });
