/**
 * Many open streams at human speed: what each takes of memory, what an event costs, and how much later it comes.
 *
 * Memory that a process has had it keeps, so each gateway is alone on a stage, and grows from few streams to many.
 */

import { type Door, warmUp } from '../closed-slice.ts';
import type { HeldResult } from '../load/held-streams.ts';
import { openStage, type Stage, type StageOptions, type Subject } from '../stage.ts';
import { quantile } from '../statistics.ts';
import { callerKey } from '../traffic.ts';
import type { Variant } from '../variants.ts';
import { direct, directDoor } from './latency.ts';

/** How open streams are measured. */
export interface HeldPlan extends StageOptions {
  readonly rounds: number;
  /** Ascending. */
  readonly streams: readonly number[];
  /** From one event of a stream to its next. */
  readonly intervalMs: number;
  readonly listenMs: number;
  readonly warmUpRequests: number;
}

/** What was found with so many streams open. */
export interface Held {
  readonly streams: number;
  /** Resident memory of the process. */
  readonly rssBytes: number;
  /** What of it came with the streams, per stream. */
  readonly bytesPerStream: number;
  /** What is still reachable after a collection, per stream: free of what the collector has not come to yet. */
  readonly liveBytesPerStream: number;
  readonly cpuPerEventUs: number;
  readonly delayP50Us: number;
  readonly delayP99Us: number;
}

/** Rounds by variant; `direct` has delays alone. @throws Error at the first event that is not as it has to be */
export async function measureHeld(
  variants: readonly Variant[],
  plan: HeldPlan,
  onRound: (round: number) => void,
): Promise<ReadonlyMap<string, Held[]>> {
  const found = new Map<string, Held[]>([direct, ...variants.map(({ name }) => name)].map((name) => [name, []]));
  for (let round = 0; round < plan.rounds; round++) {
    onRound(round + 1);
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      const stage = await openStage([variant], plan);
      try {
        const [subject] = stage.subjects as [Subject];
        if (variant === variants[0]) found.get(direct)?.push(...(await grow(stage, directDoor(stage), null, plan)));
        found.get(variant.name)?.push(...(await grow(stage, subject, subject, plan)));
      } finally {
        await stage.close();
      }
    }
  }
  return found;
}

async function grow(stage: Stage, door: Door, subject: Subject | null, plan: HeldPlan): Promise<Held[]> {
  await warmUp(stage, door, 'unary', plan.warmUpRequests);
  await warmUp(stage, door, 'stream', 100);
  await stage.upstream.ask('pace', { intervalMs: plan.intervalMs });
  const idleLiveBytes = (await subject?.liveBytes()) ?? 0;
  const idleBytes = (await subject?.vitals())?.rssBytes ?? 0;
  const found: Held[] = [];
  let open = 0;
  for (const streams of plan.streams) {
    const { name, port, key = callerKey } = door;
    judged(await stage.load.ask<HeldResult>('held-open', { port, key, streams }), name);
    await stage.checkUpstream(streams - open);
    open = streams;
    // The first interval is still full of what opening has left behind.
    judged(await stage.load.ask<HeldResult>('held-listen', { ms: plan.intervalMs }), name);
    const before = await subject?.vitals();
    const { delaysUs } = judged(await stage.load.ask<HeldResult>('held-listen', { ms: plan.listenMs }), name);
    const after = await subject?.vitals();
    const liveBytes = (await subject?.liveBytes()) ?? 0;
    found.push({
      streams,
      rssBytes: after?.rssBytes ?? 0,
      bytesPerStream: ((after?.rssBytes ?? 0) - idleBytes) / streams,
      liveBytesPerStream: (liveBytes - idleLiveBytes) / streams,
      cpuPerEventUs: ((after?.cpuUs ?? 0) - (before?.cpuUs ?? 0)) / delaysUs.length,
      delayP50Us: quantile([...delaysUs], 0.5),
      delayP99Us: quantile([...delaysUs], 0.99),
    });
  }
  await stage.load.ask('held-close');
  return found;
}

function judged(result: HeldResult, name: string): HeldResult {
  if (result.problems.length > 0) throw new Error(`${name}: ${result.problems[0]} (${result.problems.length} of such)`);
  return result;
}
