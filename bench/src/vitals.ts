/** Loaded into every gateway process before its own code: tells over the side channel what the process has used. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { answerQuestions } from './side-channel.ts';

/** What a process has used. */
export interface Vitals {
  /** User and system time of all threads since the start, in µs. */
  readonly cpuUs: number;
  /** Resident memory, in bytes. */
  readonly rssBytes: number;
}

answerQuestions({
  vitals: (): Vitals => {
    const { user, system } = process.cpuUsage();
    return { cpuUs: user + system, rssBytes: process.memoryUsage.rss() };
  },
  // Code that has not run for a while goes in the end, megabytes of it, and mostly in the midst of a measurement.
  'forget-code': () => {
    setFlagsFromString('--bytecode-old-age=0');
    collectGarbage();
    setFlagsFromString('--bytecode-old-age=6');
  },
  // What is still reachable: heap, and the buffers outside of it. Asked for around a measurement, never within one.
  'live-bytes': () => {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
});

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 3; round++) collect();
}
