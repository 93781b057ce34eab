import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Simulator, type StepName, startSimulator, steps } from '@sluice/simulator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  callers,
  configuration,
  faultyConfigurations,
  keyStems,
  leakyRequests,
  malformedRequests,
  projects,
  refusedRequests,
  requestsOf,
  type SentRequest,
  stems,
} from './canary-calls.ts';
import { leakyStep } from './canary-leaks.ts';
import { CanarySearch, type Leak } from './canary-search.ts';
import { type ProxyProcess, refusedStart, rewriteConfig, runKeys, startProxy } from './running-proxy.ts';

/** Clients have their prompts and answers; nobody has a key, not even one that was sent. */
const forClients = new CanarySearch(keyStems);
const forOthers = new CanarySearch(stems);

const stepNames = Object.keys(steps) as StepName[];
const mostBytes = 400_000;
const mostMs = 12_000;
/** A session lasts for as long as its client likes. */
const mostSessionMs = 2_000;
const together = 24;

let simulator: Simulator;
let proxy: ProxyProcess;
const leaks: Leak[] = [];
/** What clients were told, by the name of their request. */
const statuses = new Map<string, string>();

beforeAll(async () => {
  simulator = await startSimulator({ projects, answer: () => `${stems.answer} and more `.repeat(4) });
  simulator.plan('*', [leakyStep]);
  proxy = await startProxy({ config: configuration(simulator.url) });
}, 60_000);
afterAll(() => simulator?.close());

describe('no secret gets out', { timeout: 240_000 }, () => {
  test('to clients: of every step, with every way to show a key', async () => {
    const requests = stepNames.flatMap(requestsOf);
    await allOf([...requests, ...refusedRequests(), ...malformedRequests()], send);
    const wentUp = new Set(simulator.journal.requests.map(({ headers }) => headers['x-simulator-plan'] ?? ''));
    expect(stepNames.filter((name) => !wentUp.has(name))).toEqual([]);
    expect(leaks).toEqual([]);
    // Were everything refused, nothing could leak. Alone, for the machine may be busy.
    for (const request of requestsOf('ok', 0)) await send(request);
    for (const path of ['stream', 'unary', 'chat']) expect(statuses.get(`ok ${path}`)).toBe('200');
    expect(statuses.get('live-slow session')).toBe('101');
    expect(new Set(statuses.values()).size).toBeGreaterThan(10);
  });

  test('to clients of a provider that repeats the key wherever it can', async () => {
    const requests = leakyRequests();
    simulator.journal.clear();
    await allOf(requests, send);
    const went = simulator.journal.requests.map(({ key }) => key ?? '');
    for (const stem of [stems.googleKey, stems.plainKey]) expect(went.some((key) => key.includes(stem))).toBe(true);
    expect(leaks).toEqual([]);
    const refusals = requests.filter(({ name }) => statuses.get(name) === '400');
    expect(refusals.length).toBeGreaterThan(requests.length / 3);
  });

  test('to whoever reads the pages, the metrics or the health', async () => {
    for (const path of ['/', '/metrics', '/healthz', '/readyz', '/nothing', '/v1beta/models']) {
      const response = await fetch(proxy.url + path);
      const head = [...response.headers].flat().join('\n');
      expect(forOthers.leaksIn(path, `${head}\n${await response.text()}`)).toEqual([]);
    }
  });

  test('to whoever asks for the keys, or pastes one in the place of its id', async () => {
    const [secret = ''] = projects[0]?.keys ?? [];
    const id = `${projects[1]?.id}#1`;
    for (const args of [[], ['disable', id, 'looks', 'odd'], ['enable', id], ['reset', id], ['disable', secret]]) {
      const { stdout, stderr } = await runKeys(proxy.folder, args);
      expect(stdout + stderr).not.toBe('');
      expect(forOthers.leaksIn(`keys ${args[0] ?? ''}`, stdout + stderr)).toEqual([]);
    }
  });

  test('by a configuration with a fault in it', async () => {
    for (const [number, config] of faultyConfigurations(simulator.url).entries()) {
      rewriteConfig(proxy, config);
      await proxy.until(() => refusals(proxy) > number);
    }
    const [first = '', , , fourth = ''] = faultyConfigurations(simulator.url);
    for (const config of [first, fourth]) {
      const { code, stdout, stderr } = await refusedStart({ config });
      expect(code).toBe(1);
      expect(forOthers.leaksIn('a start that was refused', stdout + stderr)).toEqual([]);
    }
  });

  test('into the files of the data folder, while it runs', () => {
    expect(leaksInFolder(join(proxy.folder, '.sluice'))).toEqual([]);
  });

  test('into the log, at the level that says the most, and at the way down with requests under way', async () => {
    simulator.journal.clear();
    const slow = requestsOf('slow-stream', 9_000).map(send);
    while (simulator.journal.requests.length < slow.length) await new Promise((resolve) => setTimeout(resolve, 10));
    proxy.signal('SIGTERM');
    await Promise.all(slow);
    expect(await proxy.exit).toBe(0);
    const levels = new Set(proxy.log.map(({ level }) => level));
    expect([...levels]).toEqual(expect.arrayContaining(['trace', 'debug', 'info', 'warn']));
    const lines = new Set(proxy.log.map(({ msg }) => msg));
    expect([...lines]).toEqual(
      expect.arrayContaining(['request put', 'attempt', 'retry', 'request', 'key', 'refused']),
    );
    expect(forOthers.leaksIn('stdout', proxy.stdout)).toEqual([]);
    expect(forOthers.leaksIn('stderr', proxy.stderr)).toEqual([]);
    expect(leaksInFolder(join(proxy.folder, '.sluice'))).toEqual([]);
    expect(leaks).toEqual([]);
  });
});

test('a caller key that the proxy made stands in its file, for its owner alone, and in the banner', {
  timeout: 60_000,
}, async () => {
  const pools = { gemini: { baseUrl: simulator.url, projects: projects.slice(0, 1) } };
  const made = await startProxy({ config: { pools, log: { level: 'trace' } } });
  const folder = join(made.folder, '.sluice');
  const key = readFileSync(join(folder, 'caller-key'), 'utf8').trim();
  expect(statSync(join(folder, 'caller-key')).mode & 0o777).toBe(0o600);
  const search = new CanarySearch({ made: key });
  const headers = { 'x-goog-api-key': key, 'content-type': 'application/json' };
  const response = await fetch(`${made.url}/v1beta/models`, { headers });
  expect(response.status).toBe(200);
  expect(search.leaksIn('an answer', `${[...response.headers].flat()}${await response.text()}`)).toEqual([]);
  for (const path of ['/', '/metrics']) {
    expect(search.leaksIn(path, await (await fetch(made.url + path)).text())).toEqual([]);
  }
  made.signal('SIGTERM');
  await made.exit;
  expect(search.leaksIn('stdout', made.stdout)).toEqual([]);
  expect(made.stderr).toContain(key);
  const elsewhere = leaksInFolder(folder, search).filter(({ place }) => !place.endsWith('caller-key'));
  expect(elsewhere).toEqual([]);
});

/** Sends it and searches what comes back, as far as it is worth reading. */
async function send({ name, text }: SentRequest): Promise<void> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1' });
  const chunks: Buffer[] = [];
  let bytes = 0;
  const cut = setTimeout(() => socket.destroy(), name.endsWith(' session') ? mostSessionMs : mostMs);
  socket.on('data', (chunk) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > mostBytes) socket.destroy();
  });
  socket.on('error', () => {});
  socket.write(text, 'latin1');
  await once(socket, 'close').finally(() => clearTimeout(cut));
  const answer = Buffer.concat(chunks);
  statuses.set(name, answer.subarray(9, 12).toString());
  leaks.push(...forClients.leaksIn(`the answer to: ${name}`, answer));
}

/** Several at a time. */
async function allOf<One>(list: readonly One[], run: (one: One) => Promise<void>): Promise<void> {
  const left = [...list];
  const worker = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await run(one);
  };
  await Promise.all(Array.from({ length: together }, worker));
}

function refusals({ stdout }: ProxyProcess): number {
  return stdout.split('configuration refused').length - 1;
}

/** Names and contents of everything in a folder; a socket has a name only. */
function leaksInFolder(folder: string, search = forOthers): Leak[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  expect(entries.some(({ name }) => /sqlite|db/.test(name))).toBe(true);
  return entries.flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    return search.leaksIn(path, entry.isFile() ? Buffer.concat([Buffer.from(path), readFileSync(path)]) : path);
  });
}

test('the caller keys of this sweep are such as the proxy takes', () => {
  expect(callers.every(({ key }) => key.includes(stems.callerKey))).toBe(true);
});
