/** What clients cost who ask for a stream and do not read it: the memory of everything that waits for them. */

import { warmUp } from '../closed-slice.ts';
import type { StalledResult } from '../load/stalled-readers.ts';
import { openStage, type Stage, type StageOptions, type Subject } from '../stage.ts';
import { callerKey } from '../traffic.ts';
import type { Seen } from '../upstream.ts';
import type { Variant } from '../variants.ts';

/** How stalled readers are measured. */
export interface StalledPlan extends StageOptions {
  readonly rounds: number;
  readonly readers: number;
  readonly warmUpRequests: number;
}

/** What was found in a round. */
export interface Stalled {
  /** Resident memory above what the warmed process had, for all readers together. */
  readonly bytes: number;
  /** What of it is still reachable after a collection. */
  readonly liveBytes: number;
  /** How much the provider got rid of before it was held, the buffers of the kernel included. */
  readonly sentBytes: number;
}

/** Each must get this much, in order, once it reads again. */
const drainBytes = 2_000_000;
const stepMs = 250;
const stillSteps = 4;
/** A provider that has got rid of nothing for this long, in ms, is held. */
export const heldMs: number = stepMs * stillSteps;
const mostSteps = 40;

/** Rounds by variant. @throws Error when the provider is never held, or a reader that goes on misses a byte */
export async function measureStalled(
  variants: readonly Variant[],
  plan: StalledPlan,
  onRound: (round: number) => void,
): Promise<ReadonlyMap<string, Stalled[]>> {
  const found = new Map<string, Stalled[]>(variants.map(({ name }) => [name, []]));
  for (let round = 0; round < plan.rounds; round++) {
    onRound(round + 1);
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      const stage = await openStage([variant], plan);
      try {
        const [subject] = stage.subjects as [Subject];
        found.get(variant.name)?.push(await stall(stage, subject, plan));
      } finally {
        await stage.close();
      }
    }
  }
  return found;
}

async function stall(stage: Stage, subject: Subject, { readers, warmUpRequests }: StalledPlan): Promise<Stalled> {
  await warmUp(stage, subject, 'unary', warmUpRequests);
  await warmUp(stage, subject, 'stream', 100);
  const liveBefore = await subject.liveBytes();
  const before = await subject.vitals();
  await stage.load.ask('stalled-open', { port: subject.port, key: callerKey, readers });
  const sentBytes = await untilHeld(stage, subject.name);
  const after = await subject.vitals();
  const liveBytes = (await subject.liveBytes()) - liveBefore;
  const { problems } = await stage.load.ask<StalledResult>('stalled-drain', { bytes: drainBytes });
  if (problems.length > 0) throw new Error(`${subject.name}: ${problems[0]} (${problems.length} of such)`);
  return { bytes: after.rssBytes - before.rssBytes, liveBytes, sentBytes };
}

/** @returns the bytes that the provider has got rid of when it is held, {@link heldMs} after the last of them */
export async function untilHeld(stage: Stage, name: string): Promise<number> {
  let last = -1;
  let still = 0;
  for (let step = 0; step < mostSteps; step++) {
    await new Promise((resolve) => setTimeout(resolve, stepMs));
    const { floodBytes, problems } = await stage.upstream.ask<Seen>('seen');
    if (problems.length > 0) throw new Error(`the provider saw: ${problems[0]}`);
    still = floodBytes === last ? still + 1 : 0;
    if (still === stillSteps && floodBytes > 0) return floodBytes;
    last = floodBytes;
  }
  throw new Error(`${name} does not hold the provider for readers that are stalled`);
}
