/** Which cores a process may use: where a gateway is to be overloaded, nobody else may be in its way. */

import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { Child } from './side-channel.ts';

/** Whether a process can be kept to some cores here: on Linux, with more than one core. */
const canPin: boolean =
  process.platform === 'linux' &&
  availableParallelism() > 1 &&
  spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0;

/** All but the first. */
export function otherCores(): string {
  return `1-${availableParallelism() - 1}`;
}

/** All threads of the process. Where it cannot be done nothing happens, and {@link pinningNote} says so. */
export function pin({ name, process: { pid } }: Child, cores: string): void {
  if (!canPin) return;
  const done = spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cores, String(pid)], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${name} cannot be kept to the cores ${cores}: ${done.stderr}`);
}

/** What a table has to say about it. */
export function pinningNote(): string {
  return canPin
    ? 'The gateway has one core for itself; provider and generators share the others.'
    : 'The gateway shares all cores with provider and generators: there is no `taskset` here, or one core alone.';
}
