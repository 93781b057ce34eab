/** A process on the file of its argument: it asks when it is told to, and says how often it was admitted. */

import { setTimeout as pause } from 'node:timers/promises';
import { isSluiceError } from '@sluice/core';
import type { Race } from '@sluice/testkit';
import { sqliteStore } from '../src/index.ts';

const store = sqliteStore({ path: process.argv[2] as string });

process.on('message', async ({ need, asks }: Race) => {
  let admitted = 0;
  for (let ask = 0; ask < asks; ) {
    try {
      const { reservation } = await store.reserve(need);
      if (reservation !== null) admitted++;
      ask++;
    } catch (error) {
      // Seven others want the same lock without a pause, on few processors: who waited in vain asks again.
      if (!isSluiceError(error, 'storage_unavailable')) throw error;
    }
    if (ask % 10 === 0) await pause(0);
  }
  process.send?.(admitted);
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
