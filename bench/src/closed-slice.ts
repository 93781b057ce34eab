/** One run of the closed loop against one port, checked at both of its ends. */

import type { ClosedLoopResult, RunLength } from './load/closed-loop.ts';
import type { Stage } from './stage.ts';
import { callerKey, type Kind } from './traffic.ts';
import type { Asks } from './variants.ts';

/** Where to send what. */
export interface Door {
  readonly name: string;
  readonly port: number;
  /** The key that a client of this port signs with. @default the caller's */
  readonly key?: string | undefined;
  /** How often the provider is asked. Where it is the first time only, answers say that they were known. @default 'each' */
  readonly asks?: Asks | undefined;
}

/** How many clients ask at once. */
const clients = 16;
/** What a gateway says with an answer that it had. */
const knownField = 'x-sluice-cache: hit';

/**
 * Runs a slice. `measure` is called when the connections stand and have been used, and calls the run in the middle.
 *
 * @throws Error at the first answer that is not as it has to be
 */
export async function closedSlice<Measured>(
  stage: Stage,
  { name, port, key = callerKey, asks = 'each' }: Door,
  kind: Kind,
  length: RunLength,
  measure: (run: () => Promise<ClosedLoopResult>) => Promise<Measured>,
): Promise<Measured> {
  const saying = asks === 'first' ? knownField : undefined;
  const opened = await stage.load.ask<ClosedLoopResult>('closed-open', { port, kind, key, clients, saying });
  let requests = judged(opened, name).requests;
  const measured = await measure(async () => {
    const run = judged(await stage.load.ask<ClosedLoopResult>('closed-run', length), name);
    requests += run.requests;
    return run;
  });
  await stage.load.ask('closed-close');
  await stage.checkUpstream(asks === 'each' ? requests : 0);
  return measured;
}

/** Has a gateway answer so many requests, so that what is measured later is compiled code. */
export async function warmUp(stage: Stage, door: Door, kind: Kind, requests: number): Promise<ClosedLoopResult> {
  if (door.asks === 'first') await askOnce(stage, door, kind);
  return closedSlice(stage, door, kind, { requests, ms: 120_000 }, (run) => run());
}

/** After this it has the answer, and nobody has to ask for it again. */
async function askOnce({ load, checkUpstream }: Stage, door: Door, kind: Kind): Promise<void> {
  const order = { port: door.port, kind, key: door.key ?? callerKey, clients: 1 };
  judged(await load.ask<ClosedLoopResult>('closed-open', order), door.name);
  await load.ask('closed-close');
  await checkUpstream(1);
}

function judged(result: ClosedLoopResult, name: string): ClosedLoopResult {
  const { problems, requests } = result;
  if (problems.length > 0) throw new Error(`${name}: ${problems[0]} (${problems.length} of such)`);
  if (requests === 0) throw new Error(`${name}: no answer came`);
  return result;
}
