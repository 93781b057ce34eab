/** Several who have one file open: who waits for whom, for how long, and who knows of whom. */

import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { isSluiceError, type Store } from '@sluice/core';
import { eventually, fakeClock } from '@sluice/testkit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Connection } from '../src/connection.ts';
import { sqliteStore } from '../src/index.ts';
import { newPath } from './folder.ts';
import { racersOn, started } from './processes.ts';

const limits = { requestsPerMinute: 1_000, tokensPerMinute: 0, requestsPerDay: 0, maxInFlight: 0 };
const need = { scope: 's', meters: [{ name: 'project', limits }], subjects: [], tokens: 0, leaseMs: 1_000 };
const entry = { atMs: 1, scope: 's', subject: 'k', what: 'disabled', why: 'leaked' };

const takeDown: (() => unknown)[] = [];
afterEach(async () => {
  for (const one of takeDown.splice(0).reverse()) await one();
});

function opened(path: string, more: Partial<Parameters<typeof sqliteStore>[0]> = {}): Store {
  const store = sqliteStore({ path, ...more });
  takeDown.push(() => store.close());
  return store;
}

/** Somebody who has begun to write and does not end. @returns lets go */
function lock(path: string): () => void {
  const other = new DatabaseSync(path);
  takeDown.push(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  return () => other.exec('COMMIT');
}

describe('while another program writes', () => {
  test('a verb waits without stopping the event loop, and goes on as soon as the lock is free', async () => {
    const path = newPath();
    const store = opened(path, { busyMs: 100 });
    const letGo = lock(path);
    let turns = 0;
    const count = setInterval(() => turns++, 1);
    const admission = store.reserve(need);
    expect(admission).toBeInstanceOf(Promise);
    await pause(20);
    letGo();
    expect((await admission).shortage).toBeNull();
    clearInterval(count);
    expect(turns).toBeGreaterThan(5);
  });

  test('no call stops the event loop for more than a few ms', async () => {
    const path = newPath();
    const store = opened(path);
    lock(path);
    const startedAtMs = performance.now();
    const calls = Array.from({ length: 10 }, () => store.reserve(need));
    const perCallMs = (performance.now() - startedAtMs) / 10;
    await Promise.allSettled(calls);
    expect(perCallMs).toBeLessThan(5);
  });

  test.each([0, 50, 100])(
    'a verb that waits longer than %i ms ends with storage_unavailable, which says so',
    async (busyMs) => {
      const path = newPath();
      const store = opened(path, { busyMs });
      const letGo = lock(path);
      const startedAtMs = performance.now();
      const error = await caught(() => store.append(entry));
      expect(performance.now() - startedAtMs).toBeLessThan(busyMs + 90);
      expect(isSluiceError(error, 'storage_unavailable') && error.status).toBe(503);
      expect((error as Error).message).toBe(
        `sqlite ${path} is locked by another program for longer than ${busyMs} ms. End what holds it open for writing ` +
          '(a backup, a shell of sqlite3 with an open transaction), then ask again.',
      );
      letGo();
      await store.append(entry);
      expect(await store.entries(9)).toEqual([entry]);
    },
  );

  test.each([
    ['reserve', (store: Store) => store.reserve(need)],
    ['cool', (store: Store) => store.cool({ scope: 's', subject: 'k', reason: 'r', sinceMs: 1, untilMs: null })],
    ['wake', (store: Store) => store.wake('s', 'k')],
    ['own', (store: Store) => store.own([{ name: 'f', project: 'p', caller: null, untilMs: null }])],
    ['disown', (store: Store) => store.disown('f')],
    ['claim', (store: Store) => store.claim('n', 'c', 1_000)],
  ])('%s that waited in vain has done nothing', async (_verb, call) => {
    const path = newPath();
    const store = opened(path, { busyMs: 5 });
    const letGo = lock(path);
    expect(isSluiceError(await caught(() => call(store)), 'storage_unavailable')).toBe(true);
    letGo();
    expect(await store.rests()).toEqual([]);
    expect(await store.find(['f'])).toEqual([null]);
    expect(await store.claim('n', 'other', 1_000)).toBe('other');
  });

  test('a settling that waited in vain can be made good', async () => {
    const path = newPath();
    const store = opened(path, { busyMs: 5 });
    const one = { ...need, meters: [{ name: 'one', limits: { ...limits, maxInFlight: 1 } }], leaseMs: 60_000 };
    const { reservation } = await store.reserve(one);
    const letGo = lock(path);
    const spent = { requests: 1, tokens: 0 } as const;
    await caught(() => store.settle(reservation as NonNullable<typeof reservation>, spent));
    letGo();
    expect((await store.reserve(one)).shortage?.by).toBe('maxInFlight');
    await store.settle(reservation as NonNullable<typeof reservation>, spent);
    expect((await store.reserve(one)).shortage).toBeNull();
  });

  test('reading goes on', async () => {
    const path = newPath();
    const store = opened(path);
    await store.append(entry);
    lock(path);
    expect(await store.entries(9)).toEqual([entry]);
    expect(await store.find(['f'])).toEqual([null]);
    expect(await store.rests()).toEqual([]);
    expect((await store.reserve({ ...need, meters: [] })).shortage ?? null).toBeNull();
  });
});

describe('where nothing is counted', () => {
  const uncounted = { ...need, meters: [], subjects: ['project'] };
  const rest = { scope: 's', subject: 'project', reason: 'quota_day', sinceMs: 0, untilMs: null };

  afterEach(() => vi.restoreAllMocks());

  test('what rests is read once in 25 ms, however many calls there are', async () => {
    const clock = fakeClock();
    const store = opened(newPath(), { clock });
    const reads = vi.spyOn(Connection.prototype, 'read');
    for (let ms = 0; ms < 75; ms++) {
      for (let call = 0; call < 20; call++) expect((await store.reserve(uncounted)).shortage).toBeNull();
      await clock.advance(1);
    }
    expect(reads).toHaveBeenCalledTimes(3);
  });

  test('what another process puts to rest or wakes is seen 25 ms later', async () => {
    const clock = fakeClock();
    const path = newPath();
    const [one, two] = [opened(path, { clock }), opened(path, { clock })];
    expect((await one.reserve(uncounted)).shortage).toBeNull();
    await two.cool(rest);
    await clock.advance(25);
    expect((await one.reserve(uncounted)).shortage).toMatchObject({ by: 'rest', reason: 'quota_day' });
    await two.wake('s', 'project');
    await clock.advance(25);
    expect((await one.reserve(uncounted)).shortage).toBeNull();
  });

  test('what this process puts to rest or wakes is seen at once', async () => {
    const store = opened(newPath(), { clock: fakeClock() });
    for (let time = 0; time < 3; time++) {
      expect((await store.reserve(uncounted)).shortage).toBeNull();
      await store.cool(rest);
      expect((await store.reserve(uncounted)).shortage).toMatchObject({ by: 'rest', reason: 'quota_day' });
      await store.wake('s', 'project');
    }
  });

  test('a rest ends to the ms, though it was not read again', async () => {
    const clock = fakeClock();
    const store = opened(newPath(), { clock });
    const sinceMs = clock.wallNow();
    await store.cool({ ...rest, sinceMs, untilMs: sinceMs + 5 });
    for (const leftMs of [5, 4, 3, 2, 1]) {
      expect((await store.reserve(uncounted)).shortage).toMatchObject({ retryAfterMs: leftMs });
      await clock.advance(1);
    }
    expect((await store.reserve(uncounted)).shortage).toBeNull();
  });

  test('what is known of it ends with the store', async () => {
    const store = opened(newPath(), { clock: fakeClock() });
    await store.reserve(uncounted);
    await store.close();
    expect(await caught(() => store.reserve(uncounted))).toMatchObject({ code: 'storage_unavailable' });
  });
});

test('after the end of the store every verb says that it was closed', async () => {
  const path = newPath();
  const store = opened(path);
  await store.close();
  for (const call of [() => store.reserve(need), () => store.append(entry), () => store.entries(1)]) {
    expect(await caught(call)).toMatchObject({
      code: 'storage_unavailable',
      message: `sqlite ${path} was closed. Open it again with sqliteStore().`,
    });
  }
});

test('what was reserved in one file is none of the business of another', async () => {
  const [one, two] = [opened(newPath()), opened(newPath())];
  const wanted = { ...need, meters: [{ name: 'one', limits: { ...limits, requestsPerDay: 1 } }] };
  const { reservation } = await one.reserve(wanted);
  await two.reserve(wanted);
  await two.settle(reservation as NonNullable<typeof reservation>, { requests: 0, tokens: 0 });
  expect((await two.reserve(wanted)).shortage?.by).toBe('requestsPerDay');
});

test('four processes that make the same file at once all open it', async () => {
  const path = newPath();
  const processes = await racersOn(path, 4);
  expect(await processes.race({ need, asks: 1 })).toEqual([1, 1, 1, 1]);
  await processes.stop();
}, 60_000);

test('two processes on one file: each sees what the other has written', async () => {
  const path = newPath();
  const child = await started('writer.ts', path, '0');
  const store = opened(path, { busyMs: 100 });
  await eventually('the other has written', () => (store.entries(1) as unknown[]).length > 0);
  expect((await store.rests()).length).toBeGreaterThan(0);
  expect(await store.find(['round/0/files/0'])).toMatchObject([{ caller: 'alice' }]);
  child.kill('SIGKILL');
}, 60_000);

test('it is known how many processes use the file, and who is gone is not counted for long', async () => {
  const path = newPath();
  const clock = fakeClock();
  const [one, two] = [opened(path, { clock }), opened(path, { clock })];
  for (const store of [one, two]) await store.reserve(need);
  expect([one.instances(), two.instances()]).toEqual([1, 2]);
  await clock.advance(10_000);
  for (const store of [one, two]) await store.reserve(need);
  expect([one.instances(), two.instances()]).toEqual([2, 2]);
  await two.close();
  await clock.advance(10_000);
  await one.reserve(need);
  expect(one.instances()).toBe(1);
});

async function caught(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
