/** The minute and the day in Lua, with the server's clock in the test's hands; and against the counters in memory. */

import { type Clock, memoryStore, type Reservation, type Store } from '@sluice/core';
import { redisStore } from '@sluice/store-redis';
import { describeSessions, fakeClock } from '@sluice/testkit';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { admitsExactly } from '../../testkit/src/store/admission.ts';
import { countsDays } from '../../testkit/src/store/days.ts';
import { countsInFlight } from '../../testkit/src/store/in-flight.ts';
import { countsMinutes } from '../../testkit/src/store/minutes.ts';
import { setStage } from '../../testkit/src/store/stage.ts';
import { missing, type RedisServer, startRedis } from './stage/redis-server.ts';

describe.skipIf(missing !== null)('with the server clock moved by hand', () => {
  let server: RedisServer;
  let client: Redis;
  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.port, '127.0.0.1');
  });
  afterAll(async () => {
    client.disconnect();
    await server.kill();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  let opened = 0;
  /** The real scripts on the real server; only where they ask it for the time they are told ours. */
  const open = (clock: Clock, skewMs = 0, isNew = true): Store => {
    if (isNew) opened++;
    vi.spyOn(Date, 'now').mockImplementation(() => clock.wallNow() + skewMs);
    const moved: Record<string, unknown> = {
      isCluster: false,
      status: 'ready',
      options: client.options,
      on: () => moved,
      off: () => moved,
      zrem: () => Promise.resolve(0),
      call: (command: string, [script, ...rest]: (string | number)[]) => {
        if (command === 'evalsha') return Promise.reject(new Error('NOSCRIPT No matching script.'));
        const wallMs = clock.wallNow();
        const now = `{ '${Math.floor(wallMs / 1000)}', '${(wallMs % 1000) * 1000}' }`;
        return client.call('eval', [String(script).replace("redis.call('TIME')", now), ...rest]);
      },
    };
    return redisStore({ client: moved as unknown as Redis, prefix: `time${opened - 1}` });
  };

  describe('the contract of stores', () => {
    const stage = setStage({ open: (clock) => open(clock) });
    admitsExactly(stage);
    countsMinutes(stage);
    countsDays(stage);
    countsInFlight(stage);
  });

  describeSessions('Redis', (clock, isNew) => open(clock, 0, isNew));

  test('it decides as the store in memory does, call by call', async () => {
    const limits = fc.record({
      requestsPerMinute: fc.integer({ min: 0, max: 6 }),
      tokensPerMinute: fc.oneof(fc.constant(0), fc.integer({ min: 50, max: 900 })),
      requestsPerDay: fc.oneof(fc.constant(0), fc.integer({ min: 5, max: 25 })),
      maxInFlight: fc.integer({ min: 0, max: 5 }),
    });
    const step = fc.record({
      gapMs: fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.constantFrom(0, 1, 999, 1_000, 30_000, 61_000, 7_200_000)),
      tokens: fc.integer({ min: 0, max: 1_000 }),
      which: fc.constantFrom('both', 'first', 'second'),
      /** The reservation, counted from the latest, that is settled before. */
      settled: fc.option(
        fc.record({ back: fc.integer({ min: 0, max: 4 }), isTaken: fc.boolean(), tokens: fc.nat(900) }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(limits, limits, fc.array(step, { minLength: 5, maxLength: 60 }), async (one, two, steps) => {
        // Whole seconds on both clocks fall together: then both windows have the same seconds.
        const clock = fakeClock(Date.UTC(2026, 10, 21, 12));
        const [redis, memory] = [open(clock), memoryStore(clock)];
        const held: [Reservation, Reservation][] = [];
        for (const { gapMs, tokens, which, settled } of steps) {
          await clock.advance(gapMs);
          const pair = settled === null ? undefined : held.splice(held.length - 1 - settled.back, 1)[0];
          if (settled !== null && pair !== undefined) {
            const spent = { requests: settled.isTaken ? 0 : 1, tokens: settled.tokens } as const;
            await redis.settle(pair[0], spent);
            await memory.settle(pair[1], spent);
          }
          const meters = [
            ...(which === 'second' ? [] : [{ name: 'one', limits: one }]),
            ...(which === 'first' ? [] : [{ name: 'two', limits: two }]),
          ];
          const need = { scope: 's', meters, subjects: [], tokens, leaseMs: 30 * 86_400_000 };
          const [ours, theirs] = [await redis.reserve(need), await memory.reserve(need)];
          expect(ours.shortage).toEqual(theirs.shortage);
          if (ours.reservation !== null && theirs.reservation !== null)
            held.push([ours.reservation, theirs.reservation]);
        }
        await redis.close();
      }),
      { numRuns: 80 },
    );
  }, 60_000);

  test.each([
    ['minute', { requestsPerMinute: 4, requestsPerDay: 0 }],
    ['day', { requestsPerMinute: 0, requestsPerDay: 4 }],
  ])('machines whose clocks differ by 5 s share one %s', async (_what, some) => {
    // To one of them it is tomorrow.
    const clock = fakeClock(Date.parse('2026-07-15T23:59:57-07:00'));
    const limits = { ...some, tokensPerMinute: 0, maxInFlight: 0 };
    const needs = ['other', 's'].map((scope) => ({
      scope,
      meters: [{ name: 'm', limits }],
      subjects: [],
      tokens: 0,
      leaseMs: 60_000,
    }));
    const store = open(clock);
    let admitted = 0;
    for (const skewMs of [-5_000, 5_000, 0, 5_000, -5_000, 5_000, 0]) {
      vi.spyOn(Date, 'now').mockImplementation(() => clock.wallNow() + skewMs);
      // Any answer teaches a process what the server's clock shows.
      for (const need of needs) {
        const { reservation } = await store.reserve(need);
        if (reservation !== null && need.scope === 's') admitted++;
      }
    }
    expect(admitted).toBe(4);
  });

  test('what is settled a minute later does not touch the second that has taken its place', async () => {
    const clock = fakeClock(Date.UTC(2026, 10, 21, 12));
    const store = open(clock);
    const limits = { requestsPerMinute: 0, tokensPerMinute: 100, requestsPerDay: 0, maxInFlight: 0 };
    const take = (tokens: number) =>
      store.reserve({ scope: 's', meters: [{ name: 'm', limits }], subjects: [], tokens, leaseMs: 900_000 });
    const { reservation: old } = await take(50);
    await clock.advance(61_000);
    await take(60);
    await store.settle(old as Reservation, { requests: 1, tokens: 0 });
    expect((await take(41)).shortage).toMatchObject({ by: 'tokensPerMinute' });
    expect((await take(40)).shortage).toBeNull();
  });

  test('a server clock that is set back admits no more, and does not stop for good', async () => {
    const clock = fakeClock(Date.UTC(2026, 10, 21, 12));
    let backMs = 0;
    const store = open({ ...clock, wallNow: () => clock.wallNow() - backMs });
    const limits = { requestsPerMinute: 3, tokensPerMinute: 0, requestsPerDay: 0, maxInFlight: 0 };
    const need = { scope: 's', meters: [{ name: 'm', limits }], subjects: [], tokens: 0, leaseMs: 60_000 };
    for (let call = 0; call < 2; call++) expect((await store.reserve(need)).shortage).toBeNull();
    backMs = 3_600_000;
    expect((await store.reserve(need)).shortage).toBeNull();
    expect((await store.reserve(need)).shortage).toMatchObject({ by: 'requestsPerMinute' });
    const key = `time${opened - 1}:{s}:minute:m`;
    const leftMs = await client.pttl(key);
    expect(leftMs).toBeGreaterThan(55_000);
    expect(leftMs).toBeLessThanOrEqual(62_000);
  });

  test('every key of a reservation goes by itself', async () => {
    const store = open(fakeClock());
    const limits = { requestsPerMinute: 3, tokensPerMinute: 9, requestsPerDay: 4, maxInFlight: 5 };
    await store.reserve({ scope: 's', meters: [{ name: 'm', limits }], subjects: [], tokens: 1, leaseMs: 60_000 });
    const keys = await client.keys(`time${opened - 1}:*`);
    expect(keys.map((key) => key.replace(/^time\d+:/, '').replace(/day:\d+/, 'day')).sort()).toEqual([
      'instances',
      '{s}:day:m',
      '{s}:flight:m',
      '{s}:minute:m',
      '{s}:open',
    ]);
    for (const key of keys) expect(await client.pttl(key), key).toBeGreaterThan(0);
  });
});
