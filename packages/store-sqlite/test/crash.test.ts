/** Killed in the middle of writing: what was acknowledged is there. */

import { once } from 'node:events';
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { sqliteStore } from '../src/index.ts';
import { newPath } from './folder.ts';
import { started } from './processes.ts';

/** `SLUICE_ROUNDS=100` for a thorough look. */
const rounds = Number(process.env.SLUICE_ROUNDS ?? 10);

test(`kill -9 while it writes, ${rounds} times: everything acknowledged is there, and the file is sound`, async () => {
  const path = newPath();
  const acknowledged: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const child = await started('writer.ts', path, `${round}`);
    let last = -1;
    child.on('message', (at: number) => {
      last = at;
    });
    while (last < 2) await pause(1);
    await pause(Math.random() * 60);
    child.kill('SIGKILL');
    const [code, signal] = await once(child, 'exit');
    expect([code, signal]).toEqual([null, 'SIGKILL']);
    acknowledged.push(last);

    const startedAtMs = performance.now();
    const store = sqliteStore({ path });
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
    const rests = new Set((await store.rests()).map(({ scope, subject }) => `${scope} ${subject}`));
    const record = new Set((await store.entries(100_000)).map(({ scope, subject }) => `${scope} ${subject}`));
    for (const [inRound, count] of acknowledged.entries()) {
      const scope = `round/${inRound}`;
      const all = Array.from({ length: count + 1 }, (_, at) => at);
      expect(all.filter((at) => !rests.has(`${scope} key:${at}`))).toEqual([]);
      expect(all.filter((at) => !record.has(`${scope} key:${at}`))).toEqual([]);
      const owned = await store.find(all.map((at) => `${scope}/files/${at}`));
      expect(owned.filter((thing) => thing === null)).toEqual([]);
    }
    const need = { scope: `round/${round}`, meters: [], subjects: ['key:0'], tokens: 0, leaseMs: 1_000 };
    const { shortage } = await store.reserve(need);
    expect(shortage?.by).toBe('rest');
    expect(shortage?.retryAfterMs).toBeGreaterThan(86_000_000);
    expect(await store.claim(`round/${round}/caller/0`, 'other', 1_000)).toBe('p0');
    await store.close();
    expectSound(path);
  }
}, 600_000);

test('what a process held when it was killed is free after its lease, and what it used stays used', async () => {
  const path = newPath();
  const child = await started('writer.ts', path, '0');
  const [at] = await once(child, 'message');
  child.kill('SIGKILL');
  await once(child, 'exit');
  // Its leases are a minute long; this clock is past them and still within the day.
  const dayIsLong = Date.now();
  const clock = { now: () => 0, wallNow: () => dayIsLong + 70_000, after: () => () => {} };
  const store = sqliteStore({ path, clock });
  const limits = { requestsPerMinute: 0, tokensPerMinute: 0, requestsPerDay: 0, maxInFlight: 1 };
  const need = { scope: 'round/0', meters: [{ name: 'project', limits }], subjects: [], tokens: 0, leaseMs: 1_000 };
  expect((await store.reserve(need)).shortage).toBeNull();
  const database = new DatabaseSync(path, { readOnly: true });
  expect(Number(database.prepare('SELECT today FROM meters').get()?.today)).toBeGreaterThan(Number(at));
  database.close();
  await store.close();
}, 60_000);

function expectSound(path: string): void {
  const database = new DatabaseSync(path, { readOnly: true });
  const [answer] = database.prepare('PRAGMA integrity_check').all();
  database.close();
  expect(Object.values(answer ?? {})).toEqual(['ok']);
  expect(statSync(path).mode & 0o777).toBe(0o600);
}
