/** Small requests at a fixed rate: the others, whom the trouble of one must not reach. */

import type { Door } from './closed-slice.ts';
import type { OpenLoopResult } from './load/open-loop.ts';
import type { Child } from './side-channel.ts';
import { callerKey } from './traffic.ts';

/** How many, and for how long. */
export interface FlowLength {
  readonly perSecond: number;
  readonly ms: number;
  /** Who is not served is counted; otherwise it is wrong. @default false */
  readonly mayBeShed?: boolean | undefined;
}

/** What became of the others. */
export interface Flow {
  /** Delays of right answers in µs, from the moment at which each was due. */
  readonly delaysUs: Float64Array;
  /** Those who were turned away with a 503, or whose connection broke; 0 unless that is counted. */
  readonly unserved: number;
}

/** @throws Error at the first answer that is wrong */
export async function smallFlow(
  load: Child,
  { name, port, key = callerKey }: Door,
  { perSecond, ms, mayBeShed }: FlowLength,
): Promise<Flow> {
  const order = { port, kind: 'unary', key, perSecond, ms, mayBeShed };
  const { delaysUs, shed, broken, problems } = await load.ask<OpenLoopResult>('open-loop', order);
  if (problems.length > 0) throw new Error(`${name}: ${problems[0]}`);
  return { delaysUs, unserved: shed + broken };
}
