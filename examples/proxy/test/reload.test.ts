/** Reading the configuration again while requests run: what is taken over, what is refused, and what is said. */

import { unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { LiveClient, livePath } from './live-client.ts';
import { raw } from './raw-http.ts';
import {
  callerKey,
  newFolder,
  type ProxyOptions,
  type ProxyProcess,
  rewriteConfig,
  startProxy,
} from './running-proxy.ts';
import { geminiKey, post, prompt, streamOf, streamPath, unaryPath, upstream } from './upstream.ts';

const up = upstream();
let proxy: ProxyProcess | undefined;
afterEach(() => proxy?.stop());

const otherKey = 'another-caller-key-for-the-tests-456789';
const alice = { id: 'alice', key: callerKey };
const bob = { id: 'bob', key: otherKey };
/** Callers come from the file here, and the provider from the environment. */
const fromFile = (): ProxyOptions['env'] => ({ ...up.env, SLUICE_API_KEYS: '' });

async function started(config: object, options: ProxyOptions = {}): Promise<ProxyProcess> {
  proxy = await startProxy({ env: fromFile(), config, ...options });
  return proxy;
}

const ask = async ({ port }: ProxyProcess, key = callerKey): Promise<number> =>
  (await raw(port, post(unaryPath, { key }), prompt)).status;

async function reloaded(
  on: ProxyProcess,
  config: object | string,
  words = 'configuration reloaded',
): Promise<Record<string, unknown>> {
  const count = on.log.filter(({ msg }) => msg === words).length;
  rewriteConfig(on, config);
  on.signal('SIGHUP');
  await on.until(() => on.stdout.endsWith('\n') && on.log.filter(({ msg }) => msg === words).length > count);
  return on.log.filter(({ msg }) => msg === words).at(-1) ?? {};
}

test('SIGHUP takes over what has changed, and says so without a key', async () => {
  const on = await started({ callers: [alice] });
  expect(await ask(on, otherKey)).toBe(401);
  const line = await reloaded(on, { callers: [bob], retry: { maxAttempts: 2 }, routes: { fast: { model: 'm' } } });
  expect(line.level).toBe('info');
  const changes = ['caller "alice" removed', 'caller "bob" added', 'retry.maxAttempts', 'routes.fast.model'];
  expect([...(line.changes as string[])].sort()).toEqual(changes);
  expect(line).not.toHaveProperty('needsRestart');
  expect(await ask(on, otherKey)).toBe(200);
  expect(await ask(on)).toBe(401);
  expect(on.stdout + on.stderr).not.toContain(otherKey);
});

test('a request that runs ends under the settings that it came in under', async () => {
  const on = await started({ callers: [alice] });
  up.simulator.plan('*', [streamOf(300)]);
  const answer = raw(on.port, post(streamPath), prompt);
  await expect.poll(() => up.simulator.journal.running).toBe(1);
  await reloaded(on, { callers: [bob] });
  const { status, text } = await answer;
  expect(status).toBe(200);
  expect(text).toContain('"STOP"');
});

test('a Live session runs until its caller is taken out of the file, and is told so', async () => {
  const on = await started({ callers: [alice, bob] });
  const [first, second] = [new LiveClient(on.port), new LiveClient(on.port, `${livePath}?key=${otherKey}`)];
  for (const talk of [first, second]) await talk.heard('setupComplete');
  await reloaded(on, { callers: [alice, bob], retry: { maxAttempts: 2 } });
  await reloaded(on, { callers: [bob] });
  expect(await first.closed).toEqual({ code: 1008, reason: "This session's caller may not call here any more." });
  expect(await on.line(({ caller }) => caller === 'alice')).toMatchObject({ status: 101, error: 'unauthorized' });
  second.say('I go on');
  await second.heard('turnComplete');
  second.close();
});

test('a bad file is refused with all its faults in one line, and the old one stays', async () => {
  const on = await started({ callers: [alice] });
  const bad = { callers: [bob, { id: 'carol', key: 'canary' }], retry: { maxAttempts: 0 }, rooutes: {} };
  const line = await reloaded(on, bad, 'configuration refused, the old one stays');
  expect(line.level).toBe('error');
  const faults = (line.faults as string[]).join('\n');
  expect(line.faults).toHaveLength(3);
  for (const pattern of [/rooutes.*routes/, /retry\.maxAttempts.*0/, /"carol" has 6 characters/]) {
    expect(faults).toMatch(pattern);
  }
  expect(on.stdout).not.toContain('canary');
  expect(await ask(on)).toBe(200);
  expect(await ask(on, otherKey)).toBe(401);
  const broken = await reloaded(on, '{ "callers": [', 'configuration refused, the old one stays');
  expect((broken.faults as string[])[0]).toMatch(/^sluice\.config\.json:1:\d+: /);
  expect(await ask(on)).toBe(200);
});

test('a file that changes is taken over without a signal, however it is written', async () => {
  const on = await started({ callers: [alice] });
  rewriteConfig(on, { callers: [alice, bob] });
  await on.line(({ msg, trigger }) => msg === 'configuration reloaded' && trigger === 'file');
  expect(await ask(on, otherKey)).toBe(200);
  writeFileSync(join(on.folder, 'sluice.config.json'), JSON.stringify({ callers: [bob] }));
  await on.until(() => on.log.filter(({ msg }) => msg === 'configuration reloaded').length === 2);
  expect(await ask(on)).toBe(401);
});

test('a file that appears after the start is taken over too', async () => {
  const on = await startProxy({ env: up.env });
  proxy = on;
  rewriteConfig(on, '{ "log": { "requests": "none" } }');
  expect(await on.line(({ msg }) => msg === 'configuration reloaded')).toMatchObject({
    trigger: 'file',
    changes: ['log.requests'],
  });
});

test('a file that is gone changes nothing: it may be about to come back', async () => {
  const on = await started({ callers: [alice] });
  unlinkSync(join(on.folder, 'sluice.config.json'));
  const line = await on.line(({ msg }) => msg === 'configuration refused, the old one stays');
  expect(line.faults).toEqual(['The configuration file sluice.config.json is gone.']);
  expect(await ask(on)).toBe(200);
});

test('the level and the request lines apply at once', async () => {
  const on = await started({ callers: [alice] });
  await reloaded(on, { callers: [alice], log: { requests: 'none' } });
  await ask(on);
  await reloaded(on, { callers: [alice], log: { requests: 'all' } });
  await ask(on);
  await on.line(({ msg }) => msg === 'request');
  expect(on.log.filter(({ msg }) => msg === 'request')).toHaveLength(1);
  rewriteConfig(on, { callers: [alice], log: { level: 'error' } });
  on.signal('SIGHUP');
  await expect
    .poll(async () => {
      const before = on.log.length;
      await ask(on);
      await new Promise((resolve) => setTimeout(resolve, 40)); // longer than lines are gathered
      return on.log.length - before;
    })
    .toBe(0);
});

test('what waits for a restart is named, again with each change, and the rest is taken over', async () => {
  const on = await started({ callers: [alice] });
  const fixed = {
    server: { port: 1, host: '0.0.0.0' },
    store: { url: 'redis://user:canary@127.0.0.1:1' },
    timeouts: { connectMs: 1 },
  };
  const line = await reloaded(on, { callers: [alice, bob], log: { format: 'pretty' }, ...fixed });
  // The port is the environment's, which wins.
  const waiting = ['timeouts.connectMs', 'server.host', 'log.format', 'store.url'];
  expect([...(line.needsRestart as string[])].sort()).toEqual([...waiting].sort());
  expect(line.changes).toContain('caller "bob" added');
  expect(await ask(on, otherKey)).toBe(200);
  const next = await reloaded(on, { callers: [bob], log: { format: 'pretty' }, ...fixed });
  expect(next.changes).toEqual(['caller "alice" removed']);
  expect(next.needsRestart).toHaveLength(waiting.length);
  expect(on.stdout).not.toContain('canary');
});

test('who may call is judged by where it listens, not by where the file would like it to', async () => {
  const on = await started({ callers: [alice], server: { host: '0.0.0.0' } }, { env: { ...fromFile(), HOST: '' } });
  const line = await reloaded(
    on,
    { callers: 'anyone', server: { host: '127.0.0.1' } },
    'configuration refused, the old one stays',
  );
  expect(line.faults).toEqual([expect.stringMatching(/^callers: 'anyone' is for 127\.0\.0\.1 alone/)]);
  expect(await ask(on, 'nobody-nobody-nobody')).toBe(401);
});

test('keys of a provider come and go by count; without any the old ones stay', async () => {
  const pool = (...keys: string[]) => ({ gemini: { baseUrl: up.simulator.url, projects: [{ id: 'main', keys }] } });
  const wrongKey = 'AIzaWrongCanary00000000000000000000000';
  const env = { SLUICE_API_KEYS: callerKey };
  const on = await started({ pools: pool(wrongKey) }, { env });
  expect(await ask(on)).toBe(503);
  const line = await reloaded(on, { pools: pool(geminiKey) });
  expect(line.changes).toEqual(['project "main": 1 key added, 1 key removed']);
  expect(await ask(on)).toBe(200);
  const gone = await reloaded(on, {}, 'configuration refused, the old one stays');
  expect(gone.faults).toEqual([expect.stringMatching(/^No provider key is named any more/)]);
  expect(await ask(on)).toBe(200);
  for (const key of [wrongKey, geminiKey]) expect(on.stdout).not.toContain(key);
});

test('a demo becomes the real thing when keys are written into the file', async () => {
  const on = await started({}, { env: { SLUICE_API_KEYS: callerKey } });
  expect(await (await fetch(on.url)).text()).toContain('Demo mode.');
  const projects = [{ id: 'main', keys: [geminiKey] }];
  await reloaded(on, { pools: { gemini: { baseUrl: up.simulator.url, projects } } });
  expect(await ask(on)).toBe(200);
  expect(up.simulator.journal.requests).toHaveLength(1);
  expect(await (await fetch(on.url)).text()).not.toContain('Demo mode.');
});

test('a signal is answered by a line even when nothing has changed; a touched file is not', async () => {
  const on = await started({ callers: [alice] });
  rewriteConfig(on, { callers: [alice] });
  on.signal('SIGHUP');
  expect(await on.line(({ msg }) => msg === 'configuration unchanged')).toMatchObject({ trigger: 'SIGHUP' });
  await new Promise((resolve) => setTimeout(resolve, 250)); // the file's own 100 ms of quiet
  expect(on.log.filter(({ msg }) => msg === 'configuration unchanged')).toHaveLength(1);
});

test('a hundred reloads under load fail no request', { timeout: 30_000 }, async () => {
  const config = (turn: number) => ({
    callers: [alice],
    retry: { maxAttempts: 1 + (turn % 3) },
    breaker: { openMs: 1_000 + turn },
    routes: { fast: { model: `gemini-${turn}` } },
    log: { requests: 'none' },
  });
  const on = await started(config(0), { folder: newFolder() });
  const statuses = new Map<number, number>();
  let isOver = false;
  const client = async (): Promise<void> => {
    while (!isOver) {
      const status = await ask(on);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  const clients = Array.from({ length: 4 }, client);
  for (let turn = 1; turn <= 100; turn++) await reloaded(on, config(turn));
  isOver = true;
  await Promise.all(clients);
  expect([...statuses.keys()]).toEqual([200]);
  expect(statuses.get(200)).toBeGreaterThan(100);
});
