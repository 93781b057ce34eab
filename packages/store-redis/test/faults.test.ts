/** What Redis does wrong, and that no request waits for it: down at the start and in between, hung, read-only, forgetful. */

import type { Limits, Need, Reservation, Store } from '@sluice/core';
import { redisStore } from '@sluice/store-redis';
import { eventually } from '@sluice/testkit';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Guarded, guard } from './stage/guarded.ts';
import { missing, type RedisServer, startRedis } from './stage/redis-server.ts';

const noLimits: Limits = { requestsPerMinute: 0, tokensPerMinute: 0, requestsPerDay: 0, maxInFlight: 0 };

function need(limits: Partial<Limits>, scope = 'pool/gemini/main'): Need {
  const meters = [{ name: 'project', limits: { ...noLimits, ...limits } }];
  return { scope, meters, subjects: ['project'], tokens: 10, leaseMs: 900_000 };
}

/** On a machine that does other things too, a time that was met once can be met. */
const measuring = { timeout: 15_000, retry: 2 };

/** What a request asks of a store. @returns how long that took, in ms */
async function request({ store }: Guarded, wanted: Need): Promise<number> {
  const beganMs = performance.now();
  await store.find(['pool/gemini/files/abc']);
  await store.claim('caller/alice', 'main', 60_000);
  const { reservation } = await store.reserve(wanted);
  if (reservation !== null) await store.settle(reservation, { requests: 1, tokens: 7 });
  return performance.now() - beganMs;
}

function quantile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] as number;
}

describe.skipIf(missing !== null)('a Redis that', () => {
  let server: RedisServer;
  let admin: Redis;
  const guards: Guarded[] = [];
  const bare: Store[] = [];
  let count = 0;

  const open = (url = server.url): Guarded => {
    const guarded = guard(redisStore({ url, prefix: `faults${count}` }));
    guards.push(guarded);
    return guarded;
  };

  /** Where decisions are what is looked at: behind the guard, memory would answer for a machine that is too busy. */
  const openBare = (url = server.url): Store => {
    const store = redisStore({ url, prefix: `faults${count}` });
    bare.push(store);
    return store;
  };

  beforeAll(async () => {
    server = await startRedis();
    admin = new Redis(server.port, '127.0.0.1', { retryStrategy: () => 20, maxRetriesPerRequest: null });
    admin.on('error', () => {});
  });
  afterEach(async () => {
    count++;
    if (server.isRunning) server.goOn();
    for (const { store } of guards.splice(0)) await store.close();
    for (const store of bare.splice(0)) await store.close();
    if (!server.isRunning) await server.start();
  });
  afterAll(async () => {
    admin.disconnect();
    await server.kill();
  });

  test('hangs costs nobody more than 120 ms, leaves nothing behind, and loses no place', measuring, async () => {
    const guarded = open();
    const wanted = need({ requestsPerMinute: 1_000_000, maxInFlight: 1_000 });
    for (let call = 0; call < 20; call++) await request(guarded, wanted);
    const usual = quantile(await measured(50, () => request(guarded, wanted)), 0.5);
    const before = await guarded.store.reserve(wanted);

    server.hang();
    const beganMs = performance.now();
    // These are on their way when it hangs, and no answer to them ever comes.
    const lost = Array.from({ length: 3 }, () => guarded.store.reserve(wanted));
    const first: number[] = [];
    const later: number[] = [];
    for (let elapsedMs = 0; elapsedMs < 1_600; elapsedMs = performance.now() - beganMs) {
      const times = await Promise.all(Array.from({ length: 4 }, () => request(guarded, wanted)));
      (elapsedMs < 1_000 ? first : later).push(...times);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(guarded.changes).toEqual([true]);
    expect(guarded.reasons).toEqual(['no answer within 100 ms']);
    // Those that were under way when it began to hang, and nobody else.
    expect(first.filter((ms) => ms > 90).length).toBeLessThanOrEqual(4);
    expect(Math.max(...first)).toBeLessThan(usual + 120);
    expect(quantile(later, 0.99)).toBeLessThan(usual + 5);

    const rssBytes = process.memoryUsage().rss;
    for (let call = 0; call < 2_500; call++) await request(guarded, wanted);
    expect((process.memoryUsage().rss - rssBytes) / 2 ** 20).toBeLessThan(64);
    for (const { reservation } of [before, ...(await Promise.all(lost))]) {
      await guarded.store.settle(reservation as Reservation, { requests: 1, tokens: 1 });
    }

    // After 2 s the store gives its socket up. What was sent on it stands in the server's memory, and is done later.
    await new Promise((resolve) => setTimeout(resolve, 2_250 - (performance.now() - beganMs)));
    server.goOn();
    await eventually('used again', () => guarded.changes.at(-1) === false, 6_000);
    const key = `faults${count}:{pool/gemini/main}:flight:project`;
    await eventuallySo('all places are free', async () => (await admin.zcard(key)) === 0);
    expect(guarded.changes).toEqual([true, false]);
    await request(guarded, wanted);
  });

  test('hangs for a moment counts what it admitted too late until the call is over, and is used on', async () => {
    const guarded = open();
    const wanted = need({ maxInFlight: 40 });
    await request(guarded, wanted);
    server.hang();
    const late = (await guarded.store.reserve(wanted)).reservation as Reservation;
    expect(late).not.toBeNull();
    server.goOn();
    const key = `faults${count}:{pool/gemini/main}:flight:project`;
    await eventuallySo('it is used', async () => {
      const { reservation } = await guarded.store.reserve(wanted);
      const isThere = (await admin.zscore(key, String(reservation?.id))) !== null;
      await guarded.store.settle(reservation as Reservation, { requests: 1, tokens: 1 });
      return isThere;
    });
    await eventuallySo('the late one has its place', async () => (await admin.zcard(key)) === 1);
    await guarded.store.settle(late, { requests: 1, tokens: 1 });
    await eventuallySo('all places are free', async () => (await admin.zcard(key)) === 0);
    expect(guarded.changes).toEqual([]);
  });

  test('is not there at the start keeps nobody from starting, and is used when it comes', measuring, async () => {
    await server.kill();
    const guarded = open();
    const wanted = need({ requestsPerMinute: 5 });
    const times = await measured(50, () => request(guarded, wanted));
    expect(Math.max(...times)).toBeLessThan(120 + 30);
    expect(quantile(times, 0.9)).toBeLessThan(5);
    expect(guarded.changes).toEqual([true]);
    expect(guarded.reasons[0]).toContain(`redis 127.0.0.1:${server.port}: not connected`);
    expect((await guarded.store.reserve(wanted)).shortage).toMatchObject({ by: 'requestsPerMinute' });
    const entry = { atMs: 1, scope: 's', subject: 'key:1', what: 'disabled', why: 'w' };
    await expect(guarded.store.append(entry)).rejects.toMatchObject({ code: 'storage_unavailable' });
    await server.start();
    await eventually('used', () => guarded.changes.length === 2, 8_000);
    await guarded.store.append(entry);
    expect(await guarded.store.entries(5)).toEqual([entry]);
  });

  test('goes away and comes back empty is told what was learnt meanwhile, and limits are shared in between', async () => {
    const one = open();
    await request(one, need({}));
    await eventuallySo('one is there', async () => (await admin.zcard(`faults${count}:instances`)) === 1);
    const two = open();
    await request(two, need({}));
    await eventually('both are seen', () => two.store.instances() === 2);
    await server.kill();
    const wanted = need({ requestsPerMinute: 10 });
    const times = await measured(30, () => request(two, wanted));
    expect(quantile(times, 0.9)).toBeLessThan(5);
    expect(two.store.instances()).toBe(2);
    const sinceMs = Date.now();
    const rest = { scope: wanted.scope, subject: 'model:a', reason: 'quota', sinceMs, untilMs: sinceMs + 60_000 };
    const thing = { name: 'files/1', project: 'main', caller: 'alice', untilMs: null };
    await two.store.cool(rest);
    await two.store.own([thing]);
    const fresh = need({ requestsPerMinute: 10 }, 'pool/gemini/other');
    let admitted = 0;
    for (let call = 0; call < 20; call++) if ((await two.store.reserve(fresh)).reservation !== null) admitted++;
    expect(admitted).toBe(5);
    await server.start();
    await eventually('used again', () => two.changes.length === 2, 8_000);
    expect(two.changes).toEqual([true, false]);
    expect(await two.store.rests()).toEqual([rest]);
    await eventuallySo('the owner is known', async () => (await two.store.find(['files/1']))[0] !== null);
    expect((await two.store.reserve(fresh)).shortage).toBeNull();
  }, 20_000);

  test('has become a replica that only reads is left alone, and used again as a primary, without a restart', async () => {
    const guarded = open();
    await request(guarded, need({ requestsPerMinute: 100 }));
    await admin.replicaof('127.0.0.1', 1);
    try {
      const times = await measured(30, () => request(guarded, need({ requestsPerMinute: 100 })));
      expect(quantile(times, 0.9)).toBeLessThan(10);
      expect(guarded.changes).toEqual([true]);
      expect(guarded.store.isDegraded).toBe(true);
    } finally {
      await admin.replicaof('NO', 'ONE');
    }
    await eventually('used again', () => guarded.changes.length === 2, 6_000);
  }, 15_000);

  test('forgets its scripts is sent them whole, and decides the same', async () => {
    const store = openBare();
    const wanted = need({ requestsPerMinute: 4 });
    const decisions: boolean[] = [];
    for (let call = 0; call < 6; call++) {
      await admin.script('FLUSH');
      decisions.push((await store.reserve(wanted)).shortage === null);
    }
    expect(decisions).toEqual([true, true, true, true, false, false]);
    expect(await admin.info('commandstats')).not.toContain('cmdstat_script|load');
  });

  test('forbids EVALSHA is sent scripts whole from then on, and its password is shown nowhere', async () => {
    const password = 'canary-pässword/with@signs';
    await admin.call('ACL', 'SETUSER', 'app', 'on', `>${password}`, '~*', '&*', '+@all', '-evalsha', '-script');
    await admin.config('RESETSTAT');
    const url = `redis://app:${encodeURIComponent(password)}@127.0.0.1:${server.port}`;
    const store = openBare(url);
    const wanted = need({ requestsPerMinute: 3 });
    let admitted = 0;
    for (let call = 0; call < 8; call++) if ((await store.reserve(wanted)).reservation !== null) admitted++;
    expect(admitted).toBe(3);
    expect(store.name).toBe(`redis 127.0.0.1:${server.port}`);
    const stats = await admin.info('commandstats');
    // The heartbeat and the first reservation may both have asked before the first answer came.
    expect(Number(/cmdstat_evalsha:.*rejected_calls=(\d+)/.exec(stats)?.[1])).toBeLessThanOrEqual(2);

    const wrong = open(`redis://app:${encodeURIComponent(`${password}-not`)}@127.0.0.1:${server.port}`);
    for (let call = 0; call < 8; call++) await wrong.store.reserve(wanted);
    expect(wrong.changes).toEqual([true]);
    expect(wrong.reasons[0]).toContain('WRONGPASS');
    expect(wrong.reasons.join()).not.toContain('canary');
    await admin.call('ACL', 'DELUSER', 'app');
  });

  test('forgets everything begins anew: limits, owners, rests; and nothing throws', async () => {
    const store = openBare();
    const wanted = need({ requestsPerMinute: 2, requestsPerDay: 2, maxInFlight: 2 });
    const { reservation } = await store.reserve(wanted);
    await store.reserve(wanted);
    await store.own([{ name: 'files/1', project: 'main', caller: 'alice', untilMs: null }]);
    await store.cool({ scope: 's', subject: 'project', reason: 'quota', sinceMs: Date.now(), untilMs: null });
    expect((await store.reserve(wanted)).shortage).not.toBeNull();
    await admin.flushall();
    await store.settle(reservation as Reservation, { requests: 0, tokens: 0 });
    expect(await store.find(['files/1'])).toEqual([null]);
    expect(await store.rests()).toEqual([]);
    for (let call = 0; call < 2; call++) expect((await store.reserve(wanted)).shortage).toBeNull();
    expect((await store.reserve(wanted)).shortage).not.toBeNull();
  });
});

async function measured(count: number, work: () => Promise<number>): Promise<number[]> {
  const times: number[] = [];
  for (let turn = 0; turn < count; turn++) times.push(await work());
  return times;
}

async function eventuallySo(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + 4_000;
  while (!(await isSo())) {
    if (performance.now() > untilMs) throw new Error(`${what}: still not so`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
