/** Processes that race on one store. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { StoreProcesses } from '@sluice/testkit';

export async function startRacers(count: number, url: string, prefix: string): Promise<StoreProcesses> {
  const racers = Array.from({ length: count }, () =>
    fork(join(import.meta.dirname, 'racer.ts'), {
      execArgv: ['--conditions=@sluice/source'],
      env: { ...process.env, NODE_OPTIONS: '', STORE_URL: url, STORE_PREFIX: prefix },
    }),
  );
  await Promise.all(racers.map(word));
  return {
    async race(race) {
      const admitted = racers.map(word);
      for (const racer of racers) racer.send(race);
      return (await Promise.all(admitted)).map((said) => (said as { admitted: number }).admitted);
    },
    async stop() {
      const ended = racers.map((racer) => once(racer, 'exit'));
      for (const racer of racers) racer.disconnect();
      await Promise.all(ended);
    },
  };
}

/** The next thing that a process says; rejects when it ends instead. */
function word(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`a racer ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message);
    });
  });
}
