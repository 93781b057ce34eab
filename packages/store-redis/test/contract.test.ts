/** The contract of stores, on a Redis and on a cluster of three; in the tests of the minute and the day time is moved. */

import { redisStore } from '@sluice/store-redis';
import { describeGateways, describeStore } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRacers } from './stage/processes.ts';
import { missing, type RedisServer, startCluster, startRedis } from './stage/redis-server.ts';

describe.skipIf(missing !== null)('on a real server', () => {
  let url = '';
  let servers: readonly RedisServer[] = [];
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.kill()));
  });

  let opened = 0;
  const prefix = (): string => `test${opened}`;
  const subject = {
    ownsTime: true,
    open: () => {
      opened++;
      return redisStore({ url, prefix: prefix() });
    },
    reopen: () => redisStore({ url, prefix: prefix() }),
    processes: (count: number) => startRacers(count, url, prefix()),
  };

  describe('alone', () => {
    beforeAll(async () => {
      const server = await startRedis();
      servers = [server];
      url = server.url;
    });
    describeStore('redis', subject);
    describeGateways('redis', (isNew) => (isNew ? subject.open() : subject.reopen()));
  });

  describe('in a cluster', () => {
    beforeAll(async () => {
      const cluster = await startCluster();
      servers = [...servers, ...cluster.nodes];
      url = cluster.url;
    });
    // The long race is run on one server; here a short one will do, unless somebody asks for more.
    describeStore('redis cluster', {
      ...subject,
      processes: process.env.SLUICE_ROUNDS ? subject.processes : undefined,
    });

    test('8 processes race for the last 100 requests, and for the last 700 tokens: exactly 100 are admitted', async () => {
      const store = subject.open();
      const racers = await subject.processes(8);
      try {
        for (const limits of [
          { requestsPerMinute: 100, tokensPerMinute: 0 },
          { requestsPerMinute: 0, tokensPerMinute: 700 },
        ]) {
          for (let round = 0; round < 3; round++) {
            const meters = [{ name: 'project', limits: { ...limits, requestsPerDay: 0, maxInFlight: 0 } }];
            const scope = `${JSON.stringify(limits)} ${round}`;
            const counts = await racers.race({
              need: { scope, meters, subjects: [], tokens: 7, leaseMs: 60_000 },
              asks: 40,
            });
            expect(counts.reduce((sum, count) => sum + count, 0)).toBe(100);
          }
        }
      } finally {
        await racers.stop();
        await store.close();
      }
    }, 60_000);
  });
});
