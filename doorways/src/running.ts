/** A doorway that runs: a child process before a simulator that is here. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { demoKey } from '@sluice/simulator';
import { hastyMs, neverShed, rawCallerKey, rawGateway } from '@sluice/testkit';
import type { Doorway } from './doorway.ts';

/** Where a gateway is reached. */
export interface Place {
  readonly port: number;
  /** The mount path without a slash at its end. */
  readonly prefix: string;
}

/** The same doorway with two sets of limits. */
export interface Places {
  readonly usual: Place;
  readonly hasty: Place;
}

/** Processes of one doorway. */
export interface RunningDoorway {
  readonly places: Places;
  /** How late the loop was since this was asked last, in ms: whoever of its processes was latest. */
  lateMs(): Promise<number>;
  /** Rejects when a process has ended by itself. */
  stop(): Promise<void>;
}

const monitor = fileURLToPath(new URL('loop-monitor.ts', import.meta.url));
const flags = ['--conditions=@sluice/source', '--import', monitor];
const host = fileURLToPath(new URL('host.ts', import.meta.url));
const proxy = fileURLToPath(new URL('../../examples/proxy/src/server.ts', import.meta.url));

/** Starts it before the provider at `baseUrl`. */
export async function startDoorway({ subject, isBare = false }: Doorway, baseUrl: string): Promise<RunningDoorway> {
  if (subject === null) return startProxies(baseUrl);
  const args = [subject.module.href, subject.name, baseUrl, isBare ? '' : 'hardened'];
  const child = start([...flags, host, ...args], process.cwd(), {});
  const places = (await heardFrom(child)) as Places;
  return running([child], places, () => {});
}

/** Two of them, because limits are those of a whole process. */
async function startProxies(baseUrl: string): Promise<RunningDoorway> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-doorways-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const open = async (needs: 'hasty' | undefined): Promise<{ child: ChildProcess; port: number }> => {
    const file = join(folder, `${needs ?? 'usual'}.json`);
    const { server } = rawGateway({ needs });
    const headersInMs = needs === 'hasty' ? { headersInMs: hastyMs } : {};
    writeFileSync(file, JSON.stringify({ server: { ...server, ...headersInMs }, overload: neverShed }));
    const child = start([...flags, proxy], folder, {
      PORT: '0',
      GEMINI_API_KEYS: demoKey,
      GEMINI_BASE_URL: baseUrl,
      SLUICE_API_KEYS: `alice=${rawCallerKey}`,
      SLUICE_CONFIG: file,
      SLUICE_STORE: 'memory:',
      SLUICE_DATA_DIR: join(folder, needs ?? 'usual'),
    });
    return { child, port: await portOf(child) };
  };
  const [usual, hasty] = await Promise.all([open(undefined), open('hasty')]);
  const atRoot = ({ port }: { readonly port: number }): Place => ({ port, prefix: '' });
  return running([usual.child, hasty.child], { usual: atRoot(usual), hasty: atRoot(hasty) }, remove);
}

function start(args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): ChildProcess {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, args, {
    cwd,
    // Frameworks show more of themselves so.
    env: { PATH, ...env, NODE_ENV: 'development' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  child.stderr?.setEncoding('utf8');
  let errors = '';
  child.stderr?.on('data', (text: string) => {
    errors += text;
  });
  // Why it ended by itself is worth knowing, and the banner of one that was stopped is not.
  child.once('close', (code) => void (code === null || process.stderr.write(errors)));
  return child;
}

function running(children: readonly ChildProcess[], places: Places, remove: () => void): RunningDoorway {
  return {
    places,
    async lateMs() {
      const told = await Promise.all(
        children.map(async (child) => {
          const answer = heardFrom(child);
          child.send('how late');
          return ((await answer) as { lateMs: number }).lateMs;
        }),
      );
      return Math.max(...told);
    },
    async stop() {
      const isGone = children.some(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(
        children.map((child) => child.exitCode !== null || child.signalCode !== null || once(child, 'close')),
      );
      remove();
      if (isGone) throw new Error('A process of this doorway has ended by itself.');
    },
  };
}

/** The next message of a child. */
function heardFrom(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onClose = (code: number | null): void => reject(new Error(`A doorway has ended with ${code}.`));
    child.once('close', onClose);
    child.once('message', (message) => {
      child.off('close', onClose);
      resolve(message);
    });
  });
}

function portOf(child: ChildProcess): Promise<number> {
  let banner = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (text: string) => {
      banner += text;
      const port = /listens on http:\S+?:(\d+)\s/.exec(banner)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
    child.once('close', (code) => reject(new Error(`The proxy has ended with ${code}:\n${banner}`)));
  });
}
