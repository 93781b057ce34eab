/** What a figure needs beside it to mean anything: the machine, the versions, the date, the command. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { root } from './build.ts';

/** For the page and the terminal, to be asked when a figure is done. @param sources - what {@link commit} said when they were built */
export function machineFacts(words: readonly string[], sources: string): string[] {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const [load] = loadavg() as [number];
  return [
    `${availableParallelism()} × ${model}, ${memory}, ${type()} ${release().split('-')[0]}; load average at the end ${load.toFixed(1)}`,
    `Node ${process.versions.node}, undici ${versionOf('undici')}, @hono/node-server ${versionOf('@hono/node-server')}, sources at ${sources}`,
    new Date().toISOString().slice(0, 10),
    `\`pnpm bench${words.map((word) => ` ${word}`).join('')}\``,
  ];
}

function versionOf(name: string): string {
  const manifest = join(root, 'bench', 'node_modules', name, 'package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return version;
}

/** What is measured, by its commit: to be asked when it is built, for people work on while it is measured. */
export function commit(): string {
  try {
    const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
    const isClean = git('status', '--porcelain', 'packages', 'examples') === '';
    return git('rev-parse', '--short', 'HEAD') + (isClean ? '' : ' with changes that are not committed');
  } catch {
    // A tarball has no history; the figures are no worse for it.
    return 'an unknown commit';
  }
}
