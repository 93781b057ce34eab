/** A Redis of the test's own: its port, its folder, ended by its pid. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** Why there is nothing to test with; null where there is. In CI that is a failure, not an excuse. */
export const missing: string | null = findMissing();

function findMissing(): string | null {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    if (process.env.CI) throw new Error('no redis-server on this machine, and CI must not do without');
    console.warn('skipped: no redis');
    return 'skipped: no redis';
  }
}

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  readonly isRunning: boolean;
  /** Takes connections and commands, and answers none. */
  hang(): void;
  goOn(): void;
  /** At once, as when the machine is gone. */
  kill(): Promise<void>;
  /** On the same port, with nothing in it. */
  start(): Promise<void>;
}

export async function startRedis(settings: readonly string[] = [], wantedPort?: number): Promise<RedisServer> {
  const port = wantedPort ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'sluice-redis-'));
  let child: ChildProcess | null = null;
  const server: RedisServer = {
    port,
    url: `redis://127.0.0.1:${port}`,
    get isRunning(): boolean {
      return child !== null && child.exitCode === null && child.signalCode === null;
    },
    get pid(): number {
      if (child?.pid === undefined) throw new Error('this redis-server does not run');
      return child.pid;
    },
    hang: () => void process.kill(server.pid, 'SIGSTOP'),
    goOn: () => void process.kill(server.pid, 'SIGCONT'),
    async start() {
      mkdirSync(folder, { recursive: true });
      const file = join(folder, 'redis.conf');
      const always = [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, 'save ""', 'appendonly no'];
      writeFileSync(file, [...always, ...settings].join('\n'));
      child = spawn('redis-server', [file], { stdio: 'ignore' });
      await untilItAnswers(port);
    },
    async kill() {
      if (child === null || !server.isRunning) return;
      const running = child;
      const ended = new Promise((resolve) => running.once('exit', resolve));
      running.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

/** Three primaries that share all slots. */
export async function startCluster(): Promise<{ readonly url: string; readonly nodes: readonly RedisServer[] }> {
  const nodes = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const port = await clusterPort();
      const settings = ['cluster-enabled yes', 'cluster-config-file nodes.conf', 'cluster-node-timeout 2000'];
      return startRedis(settings, port);
    }),
  );
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  execFileSync('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'], { stdio: 'pipe' });
  await Promise.all(nodes.map(({ port }) => untilItIsWhole(port)));
  return { url: `redis+cluster://${addresses.join(',')}`, nodes };
}

async function untilItAnswers(port: number): Promise<void> {
  const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 10, maxRetriesPerRequest: null });
  client.on('error', () => {});
  // With a password set it answers all the same, only not to everybody.
  await client.ping().catch(() => {});
  client.disconnect();
}

async function untilItIsWhole(port: number): Promise<void> {
  const client = new Redis(port, '127.0.0.1');
  try {
    for (;;) {
      const info = await client.cluster('INFO');
      if (/cluster_state:ok/.test(info)) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    client.disconnect();
  }
}

/** Cluster nodes also take the port 10,000 above their own. */
async function clusterPort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (port < 55_000) return port;
    const low = 20_000 + (port % 10_000);
    if (await isFree(low)) return low;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
