/** `keys`: what an operator sees and does, over a socket that is the owner's alone. */

import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { raw } from './raw-http.ts';
import { newFolder, type ProxyProcess, runKeys, startProxy } from './running-proxy.ts';
import { geminiKey, post, prompt, unaryPath, upstream } from './upstream.ts';

const up = upstream();
const proxies: ProxyProcess[] = [];
afterEach(() => Promise.all(proxies.splice(0).map((one) => one.stop())));

async function started(...[options]: Parameters<typeof startProxy>): Promise<ProxyProcess> {
  const proxy = await startProxy({ ...options, env: { ...up.env, ...options?.env } });
  proxies.push(proxy);
  return proxy;
}

const socketsOf = (folder: string): string[] =>
  readdirSync(join(folder, '.sluice')).filter((name) => name.startsWith('control'));

/** Asks the socket as something else than the command would. */
function talk(folder: string, text: string): Promise<string> {
  const [name = ''] = socketsOf(folder);
  return new Promise((resolve) => {
    let reply = '';
    const socket = connect(join(folder, '.sluice', name));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      reply += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(reply));
    socket.end(text);
  });
}

test('the table shows how each key stands, why, since and until when, and what ends it; models below', async () => {
  const pools = {
    gemini: {
      baseUrl: up.simulator.url,
      projects: [
        { id: 'main', tier: 'free', keys: [geminiKey] },
        { id: 'other', keys: ['AIzaSecondCanary0000000000000000000000', 'AIzaThirdCanary00000000000000000000000'] },
      ],
    },
  };
  const proxy = await started({ env: { GEMINI_API_KEYS: '', GEMINI_BASE_URL: '' }, config: { pools } });
  up.simulator.plan(geminiKey, ['429']);
  for (let turn = 0; turn < 4; turn++) await raw(proxy.port, post(unaryPath), prompt);
  await runKeys(proxy.folder, ['disable', 'other#2']);
  const { code, stdout, stderr } = await runKeys(proxy.folder, []);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(proxy.url);
  expect(stdout).toMatch(/^key +project +tier +state +reason +since +until +ended by +in flight$/m);
  expect(stdout).toMatch(/^main#1 +main +free +ready +0$/m);
  expect(stdout).toMatch(/^other#2 +other +disabled +operator +\d s ago +an operator$/m);
  expect(stdout).toMatch(/^gemini-2\.5-flash +main +cooling +\w+ +\d s ago +in \d+ (s|min).* time$/m);
  for (const unwanted of ['\x1b', 'AIza']) expect(stdout).not.toContain(unwanted);
});

test('a terminal gets colours, and NO_COLOR takes them away', async () => {
  const proxy = await started();
  expect((await runKeys(proxy.folder, [], { FORCE_COLOR: '1' })).stdout).toContain('\x1b[32mready\x1b[39m');
  expect((await runKeys(proxy.folder, [], { NO_COLOR: '1' })).stdout).not.toContain('\x1b');
});

test('disable, enable and reset hold at once, say how the key stands, and are lines of the log', async () => {
  const proxy = await started();
  const ask = async (): Promise<number> => (await raw(proxy.port, post(unaryPath), prompt)).status;
  const steps = [
    ['disable', 'main#1 is disabled (operator)', 503],
    ['enable', 'main#1 is ready', 200],
    ['disable', 'main#1 is disabled (operator)', 503],
    ['reset', 'main#1 is ready', 200],
  ] as const;
  for (const [verb, words, status] of steps) {
    const { code, stdout } = await runKeys(proxy.folder, [verb, 'main#1']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${words} at ${proxy.url}\n` });
    expect(await ask(), verb).toBe(status);
    const metrics = await (await fetch(`${proxy.url}/metrics`)).text();
    expect(metrics).toContain(`sluice_keys{pool="gemini",state="disabled"} ${status === 200 ? 0 : 1}\n`);
  }
  await proxy.line(({ msg, reason }) => msg === 'key' && reason === 'reset');
  const lines = proxy.log.filter(({ msg }) => msg === 'key');
  expect(lines.map(({ level, key, state, endedBy }) => ({ level, key, state, endedBy }))).toEqual([
    { level: 'warn', key: 'main#1', state: 'disabled', endedBy: 'operator' },
    { level: 'info', key: 'main#1', state: 'ready', endedBy: undefined },
    { level: 'warn', key: 'main#1', state: 'disabled', endedBy: 'operator' },
    { level: 'info', key: 'main#1', state: 'ready', endedBy: undefined },
  ]);
});

test('what cannot be done is said in a sentence', async () => {
  const proxy = await started();
  const unknown = await runKeys(proxy.folder, ['disable', 'nobody#1']);
  expect(unknown).toMatchObject({ code: 1, stdout: '' });
  expect(unknown.stderr).toMatch(/^sluice: .*no key "nobody#1"; it has main#1\.\n$/);
  for (const args of [['disable'], ['enable', 'main#1', 'why'], ['explode', 'main#1'], ['show', 'main#1']]) {
    const { code, stderr } = await runKeys(proxy.folder, args);
    expect(code, args.join(' ')).toBe(1);
    expect(stderr, args.join(' ')).toContain('keys disable ID [WHY]');
  }
  expect((await runKeys(proxy.folder, ['--help'])).code).toBe(0);
});

test('where no proxy runs, the folder that was looked into is named', async () => {
  const folder = newFolder();
  const nowhere = await runKeys(folder, [], { SLUICE_DATA_DIR: 'elsewhere' });
  expect(nowhere).toMatchObject({ code: 1, stdout: '' });
  expect(nowhere.stderr).toMatch(/^sluice: No proxy runs with the data folder elsewhere\..*SLUICE_DATA_DIR.*\n$/);
});

test('the socket is for its owner alone, also in a folder that is not, and goes with the process', async () => {
  const folder = newFolder();
  mkdirSync(join(folder, '.sluice'));
  chmodSync(join(folder, '.sluice'), 0o755);
  const proxy = await started({ folder });
  const [name = '', ...others] = socketsOf(folder);
  expect(others).toEqual([]);
  expect(statSync(join(folder, '.sluice', name)).mode & 0o777).toBe(0o600);
  proxy.signal('SIGTERM');
  expect(await proxy.exit).toBe(0);
  expect(socketsOf(folder)).toEqual([]);
});

test('what a killed process left behind is no proxy, and the next start takes it away', async () => {
  const first = await started();
  const { folder } = first;
  const left = socketsOf(folder);
  await first.stop();
  expect(socketsOf(folder)).toEqual(left);
  expect((await runKeys(folder, [])).stderr).toContain('No proxy runs');
  await started({ folder });
  await expect.poll(() => socketsOf(folder).filter((name) => left.includes(name))).toEqual([]);
  expect((await runKeys(folder, [])).code).toBe(0);
});

test('two proxies with one folder are both shown, and both told', async () => {
  const first = await started();
  const second = await started({ folder: first.folder });
  const { stdout } = await runKeys(first.folder, []);
  for (const { url } of [first, second]) expect(stdout).toContain(url);
  expect(await runKeys(first.folder, ['disable', 'main#1'])).toMatchObject({ code: 0, stderr: '' });
  for (const { port } of [first, second]) expect((await raw(port, post(unaryPath), prompt)).status).toBe(503);
});

test('nonsense at the socket is answered or cut off, and the proxy goes on', async () => {
  const proxy = await started();
  expect(JSON.parse(await talk(proxy.folder, '{"verb":"explode"}\n'))).toEqual({ error: expect.any(String) });
  expect(JSON.parse(await talk(proxy.folder, 'nonsense\n'))).toEqual({ error: expect.any(String) });
  expect(await talk(proxy.folder, 'x'.repeat(100_000))).toBe('');
  const shown = await talk(proxy.folder, '{"verb":"show"}\n');
  expect(JSON.parse(shown)).toMatchObject({ pid: proxy.child.pid, snapshot: { store: { isDegraded: false } } });
  expect(shown).not.toContain(geminiKey);
  expect((await fetch(`${proxy.url}/readyz`)).status).toBe(200);
});
