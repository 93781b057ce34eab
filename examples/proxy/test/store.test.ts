/** Where the proxy keeps its state: what outlives it, what several share, and what happens without it. */

import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from 'vitest';
import { storeFault } from '../src/store.ts';
import { raw } from './raw-http.ts';
import { callerKey, newFolder, type ProxyProcess, refusedStart, runKeys, startProxy } from './running-proxy.ts';
import { geminiKey, post, prompt, unaryPath, upstream } from './upstream.ts';

const up = upstream();
const proxies: ProxyProcess[] = [];
afterEach(() => Promise.all(proxies.splice(0).map((one) => one.stop())));

async function started(...[options]: Parameters<typeof startProxy>): Promise<ProxyProcess> {
  const proxy = await startProxy({ ...options, env: { ...up.env, ...options?.env } });
  proxies.push(proxy);
  return proxy;
}

const ask = async ({ port }: ProxyProcess): Promise<number> => (await raw(port, post(unaryPath), prompt)).status;

async function unusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('addresses are judged without being repeated', () => {
  const good = [
    'memory:',
    'sqlite:',
    'sqlite:some/state.db',
    'sqlite:///var/lib/state.db',
    'redis://127.0.0.1:6379/2',
    'redis://user:pass@host',
    'rediss://[::1]:6380',
    'redis+cluster://a:1,b:2,c',
    'rediss+cluster://user:pass@a:1,b:2',
  ];
  for (const url of good) expect(storeFault(url), url).toBeNull();
  const bad = [
    '',
    'memory',
    'memory:x',
    'canary',
    'https://canary',
    'redis:canary',
    'redis://',
    'redis://u:canary@',
    'redis://u:can/ary@host',
    'redis+cluster://a:canary,',
    'redis://a:port-canary',
  ];
  for (const url of bad) {
    const fault = storeFault(url);
    expect(fault, url).toMatch(/^names /);
    expect(fault, url).not.toMatch(/can\/?ary/);
  }
});

test('by default it lies in the data folder, for its owner alone', async () => {
  const proxy = await started();
  expect(statSync(join(proxy.folder, '.sluice')).mode & 0o777).toBe(0o700);
  expect(statSync(join(proxy.folder, '.sluice', 'state.db')).mode & 0o777).toBe(0o600);
  expect(await proxy.line(({ msg }) => msg === 'listening')).toMatchObject({
    store: `sqlite ${join(proxy.folder, '.sluice', 'state.db')}`,
  });
});

test('a file that a newer version has written is not touched, and both versions are named', async () => {
  const folder = newFolder();
  const path = join(folder, 'state.db');
  const first = await started({ folder, env: { SLUICE_STORE: 'sqlite:state.db' } });
  first.signal('SIGTERM');
  await first.exit;
  const database = new DatabaseSync(path);
  database.exec('PRAGMA user_version = 999');
  database.close();
  const before = readFileSync(path);
  const { code, stderr } = await refusedStart({ folder, env: { ...up.env, SLUICE_STORE: 'sqlite:state.db' } });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^sluice: sqlite \S+ .*999.* SLUICE_STORE=memory: starts without it.*\n$/);
  expect(readFileSync(path).equals(before)).toBe(true);
});

test('two proxies on one file admit exactly as many calls as the caller may make', async () => {
  const folder = newFolder();
  const callers = [{ id: 'alice', key: callerKey, limits: { requestsPerMinute: 20 } }];
  const env = { SLUICE_API_KEYS: '', SLUICE_STORE: `sqlite:${join(folder, 'shared.db')}` };
  const both = await Promise.all([1, 2].map(() => started({ env, config: { callers } })));
  const statuses = (await Promise.all(both.flatMap((proxy) => Array.from({ length: 30 }, () => ask(proxy))))).sort();
  expect(statuses).toEqual([...Array(20).fill(200), ...Array(40).fill(429)]);
});

test('a key that an operator took out of use stays out after kill -9, and comes back when told so', async () => {
  const first = await started();
  expect((await runKeys(first.folder, ['disable', 'main#1', 'leaked', 'somewhere'])).code).toBe(0);
  await first.stop();
  const second = await started({ folder: first.folder });
  expect(await second.line(({ msg }) => msg === 'keys out of use')).toMatchObject({ count: 1, ids: ['main#1'] });
  expect(await ask(second)).toBe(503);
  expect((await fetch(`${second.url}/readyz`)).status).toBe(503);
  expect(up.simulator.journal.requests).toHaveLength(0);
  expect((await runKeys(first.folder, ['enable', 'main#1'])).code).toBe(0);
  expect(await ask(second)).toBe(200);
});

test('a Redis that cannot be reached is said at the start, in health and in metrics, and requests go on', async () => {
  const port = await unusedPort();
  const env = { SLUICE_STORE: `redis://user:canary-of-the-store@127.0.0.1:${port}` };
  const proxy = await started({ env });
  expect(await proxy.line(({ msg }) => msg === 'store')).toMatchObject({
    level: 'warn',
    store: `redis 127.0.0.1:${port}`,
    isDegraded: true,
    why: expect.stringContaining('ECONNREFUSED'),
  });
  expect(proxy.stderr).toContain(`redis 127.0.0.1:${port} does not answer: going by memory until it does.`);
  const statuses = await Promise.all(Array.from({ length: 8 }, () => ask(proxy)));
  expect(new Set(statuses)).toEqual(new Set([200]));
  const readiness = await fetch(`${proxy.url}/readyz`);
  expect({ status: readiness.status, body: await readiness.json() }).toEqual({
    status: 200,
    body: { status: 'ok', store: 'degraded' },
  });
  expect(await (await fetch(`${proxy.url}/metrics`)).text()).toMatch(/^sluice_store_degraded 1$/m);
  const refused = await runKeys(proxy.folder, ['disable', 'main#1']);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^sluice: .*record cannot be written.*\n$/);
  expect((await runKeys(proxy.folder, [])).stdout).toContain('The store does not answer');
  proxy.signal('SIGTERM');
  expect(await proxy.exit).toBe(0);
  for (const text of [proxy.stdout, proxy.stderr, refused.stderr]) {
    expect(text).not.toContain('canary-of-the-store');
    expect(text).not.toContain(geminiKey);
  }
});
