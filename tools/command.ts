/** Runs a command quietly and keeps what it printed; a signal that ends us ends what we started. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Ended {
  /** 0 is success; a signal gives 128 + its number, a command that could not be started 127. */
  readonly code: number;
  /** Both streams, in the order of arrival. */
  readonly output: string;
  /** Standard output alone, for commands whose answer is read. */
  readonly stdout: string;
  readonly seconds: number;
}

interface Where {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Told of each line of standard output while the command runs. */
  readonly onLine?: (line: string) => void;
}

const windows = process.platform === 'win32';
const repository = fileURLToPath(new URL('..', import.meta.url));
const path = [
  join(repository, 'node_modules', '.bin'),
  join(repository, 'tools', 'toolchain', 'node_modules', '.bin'),
].join(delimiter);
const running = new Set<ChildProcess>();

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => {
    for (const child of running) child.kill(name);
    process.exit(128 + constants.signals[name]);
  });
}

/** Resolves in every case; whoever calls decides what a code other than 0 means. */
export function run([file = '', ...args]: readonly string[], { cwd, env, onLine }: Where): Promise<Ended> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const child = spawn(file === 'node' ? process.execPath : file, args, {
      cwd,
      // The Node that runs us goes first: a later one in PATH may be too old for the sources.
      env: { ...process.env, PATH: [path, process.env.PATH].join(delimiter), ...env },
      // What lies in `.bin` is a `.cmd` file there, which only a shell can start.
      shell: windows && file !== 'node',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    let output = '';
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      stdout += text;
    });
    if (onLine !== undefined) createInterface(child.stdout).on('line', onLine);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const done = (code: number): void => {
      running.delete(child);
      resolve({ code, output, stdout, seconds: (performance.now() - startedAt) / 1000 });
    };
    child.on('error', (error) => {
      output += `cannot run ${file}: ${error.message}\n`;
      done(127);
    });
    child.on('close', (code, signal) => done(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
