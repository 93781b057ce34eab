/** One client whose answer is a single event of 20 MB, again and again, and how long others wait meanwhile. */

import { type Door, warmUp } from '../closed-slice.ts';
import type { RepeatResult } from '../load/repeated.ts';
import { smallFlow } from '../small-flow.ts';
import { openStage, type Stage, type StageOptions } from '../stage.ts';
import { median, quantile } from '../statistics.ts';
import { callerKey } from '../traffic.ts';
import type { Variant } from '../variants.ts';
import { direct, directDoor } from './latency.ts';

/** How it is measured. */
export interface BigEventPlan extends StageOptions {
  readonly rounds: number;
  readonly perSecond: number;
  readonly flowMs: number;
  /** Between two big answers. */
  readonly pauseMs: number;
  readonly warmUpRequests: number;
}

/** What was found in a round. */
export interface BigEvent {
  /** Of the small requests, in µs. */
  readonly aloneP99Us: number;
  readonly besideP50Us: number;
  readonly besideP99Us: number;
  readonly besideMostUs: number;
  /** Small requests that were turned away, or cut. */
  readonly unserved: number;
  /** How long a big answer took, in ms. */
  readonly bigMs: number;
  readonly bigAnswers: number;
}

/** Rounds by variant, `direct` among them. @throws Error when a byte of any answer is not as it has to be */
export async function measureBigEvent(
  variants: readonly Variant[],
  plan: BigEventPlan,
  onRound: (round: number, name: string) => void,
): Promise<ReadonlyMap<string, BigEvent[]>> {
  const found = new Map<string, BigEvent[]>([direct, ...variants.map(({ name }) => name)].map((name) => [name, []]));
  for (let round = 0; round < plan.rounds; round++) {
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      onRound(round + 1, variant.name);
      const stage = await openStage([variant], { ...plan, generators: 2 });
      try {
        if (variant === variants[0]) found.get(direct)?.push(await beside(stage, directDoor(stage), plan));
        found.get(variant.name)?.push(await beside(stage, stage.subjects[0] as Door, plan));
      } finally {
        await stage.close();
      }
    }
  }
  return found;
}

async function beside(stage: Stage, door: Door, plan: BigEventPlan): Promise<BigEvent> {
  const { perSecond, flowMs, pauseMs } = plan;
  // Reading 20 MB keeps a generator busy; those who wait for small answers are in another.
  const [small, big] = stage.loads as [Stage['load'], Stage['load']];
  await warmUp(stage, door, 'unary', plan.warmUpRequests);
  const { name, port, key = callerKey } = door;
  const repeat = { port, kind: 'big', key, pauseMs };
  // Provider and generator make the big answer when it is first asked for.
  await big.ask<RepeatResult>('repeat', { ...repeat, ms: 1 });
  await stage.checkUpstream(1);
  const alone = await smallFlow(small, door, { perSecond, ms: flowMs });
  const [{ tookMs, problems }, others] = await Promise.all([
    big.ask<RepeatResult>('repeat', { ...repeat, ms: flowMs }),
    smallFlow(small, door, { perSecond, ms: flowMs, mayBeShed: true }),
  ]);
  if (problems.length > 0) throw new Error(`${name}: ${problems[0]}`);
  await stage.checkUpstream(alone.delaysUs.length + others.delaysUs.length + tookMs.length);
  const beside = [...others.delaysUs];
  return {
    aloneP99Us: quantile([...alone.delaysUs], 0.99),
    besideP50Us: quantile(beside, 0.5),
    besideP99Us: quantile(beside, 0.99),
    besideMostUs: Math.max(...beside),
    unserved: others.unserved,
    bigMs: median(tookMs),
    bigAnswers: tookMs.length,
  };
}
