/** CPU time per event of streams at human speed: a wake-up each, which a burst of events does not show. */

import { warmUp } from '../closed-slice.ts';
import type { HeldResult } from '../load/held-streams.ts';
import { openStage, type Stage, type Subject } from '../stage.ts';
import { callerKey } from '../traffic.ts';
import type { Variant } from '../variants.ts';
import type { CostPlan, Costs } from './cost.ts';

const streams = 200;
/** 4,000 events a second. */
const intervalMs = 50;

/** As {@link Costs}, per event in the place of per request. @throws Error at the first event that is not as it has to be */
export async function measureChunks(
  variants: readonly Variant[],
  plan: CostPlan,
  onPair: (pair: number) => void,
): Promise<Costs> {
  const slices = new Map(variants.map(({ name }) => [name, [] as number[][]]));
  const total = { events: 0, loadCpuUs: 0, ms: 0 };
  for (let pair = 0; pair < plan.pairs; pair++) {
    onPair(pair + 1);
    const stage = await openStage(pair % 2 === 0 ? variants : variants.toReversed(), plan);
    try {
      await stage.upstream.ask('pace', { intervalMs });
      for (const { name } of variants) slices.get(name)?.push([]);
      for (const subject of stage.subjects) await warmUp(stage, subject, plan.kind, plan.warmUpRequests);
      for (let at = 0; at < plan.slicesPerPair; at++) {
        for (const subject of at % 2 === 0 ? stage.subjects : stage.subjects.toReversed()) {
          const { cpuUs, events, loadCpuUs } = await measureSlice(stage, subject, plan.sliceMs);
          slices
            .get(subject.name)
            ?.at(-1)
            ?.push(cpuUs / events);
          total.events += events;
          total.loadCpuUs += loadCpuUs;
          total.ms += plan.sliceMs;
        }
      }
    } finally {
      await stage.close();
    }
  }
  return { slices, loadShare: total.loadCpuUs / 1e3 / total.ms, requests: total.events };
}

async function measureSlice(
  stage: Stage,
  { name, port, vitals }: Subject,
  ms: number,
): Promise<{ cpuUs: number; events: number; loadCpuUs: number }> {
  const order = { port, key: callerKey, streams };
  const opened = await stage.load.ask<HeldResult>('held-open', order);
  const before = await vitals();
  const listened = await stage.load.ask<HeldResult>('held-listen', { ms });
  const after = await vitals();
  await stage.load.ask('held-close');
  await stage.checkUpstream(streams);
  const problem = opened.problems[0] ?? listened.problems[0];
  if (problem !== undefined) throw new Error(`${name}: ${problem}`);
  return { cpuUs: after.cpuUs - before.cpuUs, events: listened.delaysUs.length, loadCpuUs: listened.cpuUs };
}
