/** Processes that use the same file, each with a channel to the test. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { StoreProcesses } from '@sluice/testkit';

/** Starts a file of this folder, and waits until it says that it is ready. */
export async function started(file: string, ...args: string[]): Promise<ChildProcess> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  // The runner's own options would load its hooks into the child.
  const child = fork(path, args, {
    execArgv: ['--conditions=@sluice/source'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const [first] = await once(child, 'message');
  if (first !== 'ready') throw new Error(`${file} said ${first}`);
  return child;
}

export async function racersOn(path: string, count: number): Promise<StoreProcesses> {
  const children = await Promise.all(Array.from({ length: count }, () => started('racer.ts', path)));
  return {
    race(race) {
      const answers = children.map(async (child) => {
        const answer = once(child, 'message');
        child.send(race);
        return Number((await answer)[0]);
      });
      return Promise.all(answers);
    },
    async stop() {
      for (const child of children) {
        if (child.exitCode !== null) continue;
        const gone = once(child, 'exit');
        child.disconnect();
        await gone;
      }
    },
  };
}
