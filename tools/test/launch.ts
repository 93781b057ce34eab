/** A copy of `run.mjs` whose npm and pnpm are stand-ins that only note that they were called. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { makeTree } from './tree.ts';

const tools = fileURLToPath(new URL('..', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

export interface Launched {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when the output so far contains `text`. */
  says(text: string): Promise<void>;
}

export interface Copy {
  readonly root: string;
  /** What the stand-ins were called with, one line per call. */
  calls(): string[];
  launch(args: readonly string[], options?: { env?: Record<string, string>; shell?: string }): Launched;
}

/** @param files - added to the copy; a text of `''` for a lock file is enough */
export function copyOfRun(files: Readonly<Record<string, string>>): Copy {
  const note =
    "const { appendFileSync } = require('node:fs');\nconst log = (text) => appendFileSync(process.env.CALLS, text + '\\n');\n";
  const root = makeTree({
    'package.json': '{}',
    'pnpm-workspace.yaml': '',
    'pnpm-lock.yaml': '',
    'tools/toolchain/package-lock.json': '{}',
    // Asked for its settings it names no registry, so nobody looks for one.
    'bin/npm': `#!${process.execPath}\n${note}if (process.argv[2] !== 'config') log(['npm', ...process.argv.slice(2)].join(' '));\n`,
    'tools/toolchain/node_modules/pnpm/bin/pnpm.mjs':
      "import { appendFileSync } from 'node:fs';\nappendFileSync(process.env.CALLS, ['pnpm', ...process.argv.slice(2)].join(' ') + '\\n');\n",
    ...files,
  });
  chmodSync(join(root, 'bin/npm'), 0o755);
  mkdirSync(join(root, 'tools'), { recursive: true });
  for (const file of ['run.mjs', 'node-version.mjs', 'parents.mjs', 'registry.mjs'])
    copyFileSync(join(tools, file), join(root, 'tools', file));
  const log = join(root, 'calls.txt');
  return {
    root,
    calls: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
    launch: (args, { env = {}, shell } = {}) => {
      const command = [process.execPath, join(root, 'tools/run.mjs'), ...args];
      const [file = '', ...rest] = shell === undefined ? command : ['/bin/sh', '-c', shell, ...command];
      const path = [join(root, 'bin'), process.env.PATH].join(delimiter);
      // A group of its own, so that a test can signal the whole group as a terminal does.
      return watch(spawn(file, rest, { detached: true, env: { ...process.env, PATH: path, CALLS: log, ...env } }));
    },
  };
}

function watch(child: ChildProcess): Launched {
  let output = '';
  const listeners = new Set<() => void>();
  for (const pipe of [child.stdout, child.stderr]) {
    pipe?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const listener of listeners) listener();
    });
  }
  const ended = new Promise<Ended>((resolve) => child.on('close', (code, signal) => resolve({ code, signal, output })));
  onTestFinished(() => {
    try {
      // The group: when a test of orphans fails, the orphan is all that is left of it.
      process.kill(-(child.pid as number), 'SIGKILL');
    } catch {
      // Nobody is left, as it should be.
    }
  });
  const says = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (output.includes(text)) resolve();
      };
      listeners.add(check);
      check();
    });
  return { child, ended, says };
}
