/** One run of the closed loop against one port, checked at both of its ends. */

import type { ClosedLoopResult, RunLength } from './load/closed-loop.ts';
import type { Stage } from './stage.ts';
import { callerKey, type Kind } from './traffic.ts';

/** Where to send what. */
export interface Door {
  readonly name: string;
  readonly port: number;
  /** The key that a client of this port signs with. @default the caller's */
  readonly key?: string | undefined;
}

/** How many clients ask at once. */
const clients = 16;

/**
 * Runs a slice. `measure` is called when the connections stand and have been used, and calls the run in the middle.
 *
 * @throws Error at the first answer that is not as it has to be
 */
export async function closedSlice<Measured>(
  stage: Stage,
  { name, port, key = callerKey }: Door,
  kind: Kind,
  length: RunLength,
  measure: (run: () => Promise<ClosedLoopResult>) => Promise<Measured>,
): Promise<Measured> {
  const opened = await stage.load.ask<ClosedLoopResult>('closed-open', { port, kind, key, clients });
  let requests = judged(opened, name).requests;
  const measured = await measure(async () => {
    const run = judged(await stage.load.ask<ClosedLoopResult>('closed-run', length), name);
    requests += run.requests;
    return run;
  });
  await stage.load.ask('closed-close');
  await stage.checkUpstream(requests);
  return measured;
}

/** Has a gateway answer so many requests, so that what is measured later is compiled code. */
export async function warmUp(stage: Stage, door: Door, kind: Kind, requests: number): Promise<ClosedLoopResult> {
  return closedSlice(stage, door, kind, { requests, ms: 120_000 }, (run) => run());
}

function judged(result: ClosedLoopResult, name: string): ClosedLoopResult {
  const { problems, requests } = result;
  if (problems.length > 0) throw new Error(`${name}: ${problems[0]} (${problems.length} of such)`);
  if (requests === 0) throw new Error(`${name}: no answer came`);
  return result;
}
