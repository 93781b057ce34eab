/** What a gateway tells the bench about itself, where a figure wants to know what no client can see. */

import type { Gateway } from '@sluice/core';
import { type Sample, sampleOf } from '../leaving.ts';
import { nowUs } from '../pacer.ts';
import { answerQuestions } from '../side-channel.ts';

/** A gateway at one moment. */
export interface GatewayStanding {
  /** Requests under way. */
  readonly open: number;
  /** Requests that wait for a key. */
  readonly waiting: number;
  /** Calls that hold a key. */
  readonly inFlight: number;
  /** Retries that were announced since the start. */
  readonly retries: number;
  /** When it has let go of requests whose clients leave, since it was last asked. */
  readonly ended: readonly (Sample & { readonly endedUs: number })[];
  /** How long it took to turn requests away as `overloaded`, in µs, since it was last asked. */
  readonly shedUs: Float64Array;
}

/** Listens to a gateway from now on, where the bench has said that it is going to ask: listening costs something. */
export function watchIfAsked(gateway: Gateway): void {
  if (process.env.BENCH_WATCH === undefined) return;
  let ended: GatewayStanding['ended'][number][] = [];
  let shedUs: number[] = [];
  let retries = 0;
  gateway.on('retry', () => retries++);
  gateway.on('request', ({ path, error, durationMs }) => {
    if (error === 'overloaded') return void shedUs.push(durationMs * 1e3);
    const sample = sampleOf(path);
    if (sample !== null) ended.push({ ...sample, endedUs: nowUs() });
  });
  answerQuestions({
    standing: (): GatewayStanding => {
      const { open, waiting, pools } = gateway.snapshot();
      const projects = pools.flatMap((pool) => pool.projects);
      const inFlight = projects.reduce((sum, project) => sum + project.inFlight, 0);
      const standing = { open, waiting, inFlight, retries, ended, shedUs: Float64Array.from(shedUs) };
      ended = [];
      shedUs = [];
      return standing;
    },
  });
}
