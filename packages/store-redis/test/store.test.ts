/** What is Redis' own: addresses, clients of others, how many processes there are, and where keys lie. */

import { isSluiceError, type Store } from '@sluice/core';
import { type RedisStoreOptions, redisStore } from '@sluice/store-redis';
import { eventually } from '@sluice/testkit';
import { Cluster, Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { missing, type RedisServer, startCluster, startRedis } from './stage/redis-server.ts';

const limits = { requestsPerMinute: 3, tokensPerMinute: 0, requestsPerDay: 0, maxInFlight: 0 };
const need = { scope: 's', meters: [{ name: 'm', limits }], subjects: ['project'], tokens: 0, leaseMs: 60_000 };

async function timesAdmitted(store: Store, scope = 's'): Promise<number> {
  let count = 0;
  for (let ask = 0; ask < 5; ask++) if ((await store.reserve({ ...need, scope })).reservation !== null) count++;
  return count;
}

test.each([
  'http://127.0.0.1',
  'redis://',
  'redis+cluster://a:1,,b:2',
  'redis://user:canary-password@host:port',
  '127.0.0.1:6379',
])('the address %s is refused, and not repeated', (url) => {
  const error = caught({ url });
  expect(isSluiceError(error, 'invalid_options')).toBe(true);
  expect(String(error)).toContain('redis://host:port');
  expect(String(error)).not.toContain('canary');
});

test.each(['', 'a{b}', 'with space', 'x'.repeat(101)])('the prefix "%s" is refused', (prefix) => {
  expect(isSluiceError(caught({ url: 'redis://127.0.0.1:1', prefix }), 'invalid_options')).toBe(true);
});

function caught(options: RedisStoreOptions): unknown {
  try {
    return void redisStore(options).close();
  } catch (error) {
    return error;
  }
}

describe.skipIf(missing !== null)('on a real server', () => {
  let server: RedisServer;
  const stores: Store[] = [];
  const open = (options: RedisStoreOptions): Store => {
    const store = redisStore(options);
    stores.push(store);
    return store;
  };
  beforeAll(async () => {
    server = await startRedis();
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  afterAll(() => server.kill());

  test('a name tells the place and never the password', async () => {
    const url = `redis://user:canary@127.0.0.1:${server.port}/3`;
    expect(open({ url }).name).toBe(`redis 127.0.0.1:${server.port}/3`);
    expect(open({ url: 'redis://localhost' }).name).toBe('redis localhost:6379');
    const login = open({ url: `redis+cluster://user:canary@127.0.0.1:${server.port}` });
    await Promise.resolve(login.entries(1)).catch((error: Error) => expect(error.message).not.toContain('canary'));
    expect(login.name).not.toContain('canary');
  });

  test('databases and prefixes keep states apart', async () => {
    const url = `redis://127.0.0.1:${server.port}`;
    for (const options of [{ url }, { url: `${url}/1` }, { url, prefix: 'other' }]) {
      expect(await timesAdmitted(open(options))).toBe(3);
      expect(await timesAdmitted(open(options))).toBe(0);
    }
  });

  test('every process is counted once, and no more once it has left', async () => {
    const options = { url: `redis://127.0.0.1:${server.port}`, prefix: 'counted' };
    const counts: number[] = [];
    for (let process = 0; process < 4; process++) {
      if (process === 3) await stores[1]?.close();
      const store = open(options);
      await store.entries(1);
      await eventually('the first beat', () => store.instances() > 1 || process === 0);
      counts.push(store.instances());
    }
    expect(counts).toEqual([1, 2, 3, 3]);
  });

  test.each([
    ['as it comes', {}],
    ['with a key prefix', { keyPrefix: 'mine:' }],
    ['with numbers as strings', { stringNumbers: true }],
    ['with RESP2', { protocol: 2 as const }],
    ['with RESP3 shapes', { protocol: 3 as const, replyMapping: 'resp3' as const }],
    ['with pipelines of its own', { enableAutoPipelining: true }],
  ])('a client of yours is used %s, and stays open', async (what, options) => {
    const client = new Redis(server.port, '127.0.0.1', options);
    try {
      const store = redisStore({ client, prefix: what.replaceAll(' ', '-') });
      const rest = { scope: 's', subject: 'project', reason: 'a|b\nc', sinceMs: Date.now(), untilMs: null };
      expect(await timesAdmitted(store)).toBe(3);
      await store.cool(rest);
      expect(await store.rests()).toEqual([rest]);
      expect((await store.reserve(need)).shortage).toMatchObject({ by: 'rest', reason: 'a|b\nc', retryAfterMs: null });
      expect(await store.claim('c', 'one', 1_000)).toBe('one');
      await store.close();
      expect(await client.ping()).toBe('PONG');
    } finally {
      client.disconnect();
    }
  });

  test('keys of rests go with the last of them, except where one has no end', async () => {
    const client = new Redis(server.port, '127.0.0.1');
    const store = open({ client, prefix: 'ends' });
    const sinceMs = Date.now();
    const rest = { scope: 's', reason: 'quota', sinceMs };
    await store.cool({ ...rest, subject: 'a', untilMs: sinceMs + 60_000 });
    await store.cool({ ...rest, subject: 'b', untilMs: sinceMs + 30_000 });
    const leftMs = async (): Promise<number> => await client.pttl('ends:{s}:rests');
    expect(await leftMs()).toBeGreaterThan(55_000);
    await store.cool({ ...rest, subject: 'c', untilMs: null });
    expect(await leftMs()).toBe(-1);
    await store.wake('s', 'c');
    expect(await leftMs()).toBeGreaterThan(55_000);
    await store.wake('s', 'a');
    expect(await leftMs()).toBeLessThanOrEqual(30_000);
    await store.wake('s', 'b');
    expect(await client.exists('ends:{s}:rests')).toBe(0);
    client.disconnect();
  });

  test('what is written about things and processes goes by itself as well', async () => {
    const client = new Redis(server.port, '127.0.0.1');
    const store = open({ client, prefix: 'goes' });
    await store.own([{ name: 'n', project: 'p', caller: null, untilMs: null }]);
    await store.claim('c', 'one', 5_000);
    await store.append({ atMs: 1, scope: 's', subject: 'k', what: 'w', why: 'w' });
    await store.cool({ scope: 's', subject: 'a', reason: 'r', sinceMs: 1, untilMs: Date.now() + 5_000 });
    const keys = await client.keys('goes:*');
    expect(keys).toHaveLength(6);
    for (const key of keys) expect(await client.pttl(key), key).toBeGreaterThan(0);
    client.disconnect();
  });
});

describe.skipIf(missing !== null)('in a cluster', () => {
  let cluster: Awaited<ReturnType<typeof startCluster>>;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => Promise.all(cluster.nodes.map((node) => node.kill())));

  test('scopes are spread over the nodes, and all keys of one lie in one slot, whatever it is called', async () => {
    const client = new Cluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
    const store = redisStore({ client });
    const scopes = ['pool/gemini/main', '}{', '{a}b', 'caller/ü', ...Array.from({ length: 30 }, (_, at) => `c/${at}`)];
    for (const scope of scopes) expect((await store.reserve({ ...need, scope })).shortage).toBeNull();
    const sizes = await Promise.all(client.nodes('master').map((node) => node.dbsize()));
    expect(sizes.filter((size) => size > 0)).toHaveLength(3);
    expect(store.name).toMatch(/^redis cluster 127\.0\.0\.1:\d+,127\.0\.0\.1:\d+,127\.0\.0\.1:\d+$/);
    await store.close();
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  test('one node whose scripts are gone is sent them again, alone', async () => {
    const store = redisStore({ url: cluster.url, prefix: 'flushed' });
    const scopes = Array.from({ length: 12 }, (_, at) => `c/${at}`);
    for (let round = 0; round < 2; round++) {
      for (const scope of scopes) expect((await store.reserve({ ...need, scope })).shortage).toBeNull();
      const node = new Redis((cluster.nodes[round] as RedisServer).port, '127.0.0.1');
      await node.script('FLUSH');
      node.disconnect();
    }
    for (const scope of scopes) expect(await timesAdmitted(store, scope)).toBe(1);
    await store.close();
  });
});
