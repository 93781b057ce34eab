/** Several processes that ask for the last of a limit: exactly as many are admitted as there is left. */

import type { Limits } from '@sluice/core';
import { expect, test } from 'vitest';
import { meter, need, type Stage, timesAdmitted } from './stage.ts';

const racers = 8;
/** `SLUICE_ROUNDS=100` for a thorough look. */
const rounds = Number(process.env.SLUICE_ROUNDS ?? 20);

/** Each has room for two hundred calls of seven tokens. */
const limits: readonly (readonly [by: keyof Limits, limits: Partial<Limits>])[] = [
  ['requestsPerMinute', { requestsPerMinute: 200 }],
  ['tokensPerMinute', { tokensPerMinute: 1_400 }],
  ['requestsPerDay', { requestsPerDay: 200 }],
  ['maxInFlight', { maxInFlight: 200 }],
];

export function sharesExactly(stage: Stage): void {
  const { processes: start } = stage.subject;
  test.skipIf(start === undefined)(
    `${racers} processes race for the last 100 of each limit: exactly 100 are admitted, ${rounds} times`,
    async () => {
      const { store } = await stage.openForProcesses();
      const processes = await start?.(racers);
      try {
        for (const [by, limit] of limits) {
          for (let round = 0; round < rounds; round++) {
            const wanted = need([meter('project', limit)], { tokens: 7, scope: `${by}/${round}` });
            expect(await timesAdmitted(store, wanted, 100)).toBe(100);
            const counts = (await processes?.race({ need: wanted, asks: 40 })) ?? [];
            expect(counts).toHaveLength(racers);
            const sum = counts.reduce((total, count) => total + count, 0);
            expect(sum, `${by}, round ${round}: ${counts.join(' + ')}`).toBe(100);
            expect(await timesAdmitted(store, wanted, 1)).toBe(0);
          }
        }
      } finally {
        await processes?.stop();
      }
    },
    600_000,
  );
}
