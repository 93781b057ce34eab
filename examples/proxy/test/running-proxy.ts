/** The proxy as its users have it: a process of its own, in an empty folder, on a free port of this machine. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const server = fileURLToPath(new URL('../src/server.ts', import.meta.url));

/** Halves the time of a start, of which there are many here. */
const compileCache = join(tmpdir(), 'sluice-compile-cache');

/** However busy the machine is that these tests run on, nobody is turned away for that. */
const neverShed = { queueDelayMs: 0, refuseDelayMs: 0, queueHeapShare: 0, refuseHeapShare: 0, endHeapShare: 0 };

function textOf(config: object | string): string {
  return typeof config === 'string' ? config : JSON.stringify({ overload: neverShed, ...config });
}

/** A caller key for tests. */
export const callerKey = 'caller-key-for-the-tests-0123456789';

export interface ProxyOptions {
  /** Beside `PORT=0` and what a process needs to run at all. */
  readonly env?: Record<string, string> | undefined;
  /** Written as `sluice.config.json` into the folder: JSON, or text as it is. */
  readonly config?: object | string | undefined;
  /** Where it runs; a new folder of its own unless given. */
  readonly folder?: string | undefined;
  /** A process group of its own, so that a signal can be sent to the group. */
  readonly detached?: boolean | undefined;
}

const running = new Set<ChildProcess>();
const folders = new Set<string>();

afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A folder that goes away with the tests of this file. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-proxy-'));
  folders.add(folder);
  return folder;
}

/** A started process, which may be on its way to listening or to refusing. */
export class ProxyProcess {
  readonly folder: string;
  readonly child: ChildProcess;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly exit: Promise<number | string>;
  #stdout = '';
  #stderr = '';
  #port = 0;
  #onOutput: () => void = () => {};

  constructor({ env = {}, config, folder = newFolder(), detached = false }: ProxyOptions) {
    this.folder = folder;
    if (config !== undefined) {
      writeFileSync(join(folder, 'sluice.config.json'), textOf(config));
    }
    const { PATH = '' } = process.env;
    this.child = spawn(process.execPath, ['--conditions=@sluice/source', server], {
      cwd: folder,
      env: { PATH, PORT: '0', NODE_COMPILE_CACHE: compileCache, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached,
    });
    running.add(this.child);
    this.exit = once(this.child, 'close').then(([code, signal]) => {
      running.delete(this.child);
      this.#onOutput();
      return (code ?? signal) as number | string;
    });
    this.child.stdout?.on('data', (chunk: Buffer) => this.#take(() => (this.#stdout += chunk)));
    this.child.stderr?.on('data', (chunk: Buffer) => this.#take(() => (this.#stderr += chunk)));
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The lines of the log, read. */
  get log(): Record<string, unknown>[] {
    const lines = this.#stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Resolves as soon as `is` holds; asked again with each piece of output. */
  until(is: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (is()) resolve();
        else if (!running.has(this.child)) reject(new Error(`The proxy is gone:\n${this.#stdout}\n${this.#stderr}`));
      };
      this.#onOutput = check;
      check();
    });
  }

  /** Resolves with the line of the log that fits. */
  async line(fits: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    const isWhole = (): boolean => this.#stdout === '' || this.#stdout.endsWith('\n');
    await this.until(() => isWhole() && this.log.some(fits));
    return this.log.find(fits) ?? {};
  }

  async listening(): Promise<this> {
    await this.until(() => /listens on http:\S+:\d+\s/.test(this.#stderr));
    this.#port = Number(/listens on http:\S+:(\d+)\s/.exec(this.#stderr)?.[1]);
    return this;
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  async stop(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exit;
  }

  #take(add: () => void): void {
    add();
    this.#onOutput();
  }
}

/** Starts the proxy and waits until it listens. */
export function startProxy(options: ProxyOptions = {}): Promise<ProxyProcess> {
  return new ProxyProcess(options).listening();
}

/** Writes the configuration anew, as an editor does: another file in the place of the old one. */
export function rewriteConfig({ folder }: ProxyProcess, config: object | string): void {
  const path = join(folder, 'sluice.config.json');
  writeFileSync(`${path}.new`, textOf(config));
  renameSync(`${path}.new`, path);
}

/** Runs `keys` in a folder, as a person would. */
export function runKeys(
  folder: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { PATH = '' } = process.env;
  const command = ['--conditions=@sluice/source', server, 'keys', ...args];
  return new Promise((resolve) => {
    const options = { cwd: folder, env: { PATH, NODE_COMPILE_CACHE: compileCache, ...env } };
    const child = execFile(process.execPath, command, options, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

/** Starts a proxy that is expected to refuse, and waits until it has. */
export async function refusedStart(
  options: ProxyOptions,
): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const proxy = new ProxyProcess(options);
  const code = await proxy.exit;
  return { code, stdout: proxy.stdout, stderr: proxy.stderr };
}
