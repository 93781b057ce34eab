/**
 * CPU time per request: the gateways of a round run at the same time and are loaded in turns, a slice each, so that
 * whatever the machine does to one it does to its neighbour.
 */

import { closedSlice, warmUp } from '../closed-slice.ts';
import { openStage, type Stage, type StageOptions, type Subject } from '../stage.ts';
import type { Slices } from '../statistics.ts';
import type { Kind } from '../traffic.ts';
import type { Variant } from '../variants.ts';

/** How a cost is measured. */
export interface CostPlan extends StageOptions {
  readonly kind: Kind;
  /** Fresh processes as often as this. */
  readonly pairs: number;
  readonly slicesPerPair: number;
  readonly sliceMs: number;
  /** The same for each variant. */
  readonly warmUpRequests: number;
}

/** What was found. */
export interface Costs {
  /** CPU µs per request by variant. */
  readonly slices: ReadonlyMap<string, Slices>;
  /** The generator's CPU time over the time of the slices: near 1 it was the bottleneck. */
  readonly loadShare: number;
  readonly requests: number;
}

/** @throws Error at the first answer that is not as it has to be */
export async function measureCosts(
  variants: readonly Variant[],
  plan: CostPlan,
  onPair: (pair: number) => void,
): Promise<Costs> {
  const slices = new Map(variants.map(({ name }) => [name, [] as number[][]]));
  const total = { requests: 0, loadCpuUs: 0, ms: 0 };
  for (let pair = 0; pair < plan.pairs; pair++) {
    onPair(pair + 1);
    const stage = await openStage(pair % 2 === 0 ? variants : variants.toReversed(), plan);
    try {
      for (const { name } of variants) slices.get(name)?.push([]);
      for (const subject of stage.subjects) await warmUp(stage, subject, plan.kind, plan.warmUpRequests);
      for (let at = 0; at < plan.slicesPerPair; at++) {
        for (const subject of at % 2 === 0 ? stage.subjects : stage.subjects.toReversed()) {
          const { cpuUs, requests, loadCpuUs, ms } = await measureSlice(stage, subject, plan);
          slices
            .get(subject.name)
            ?.at(-1)
            ?.push(cpuUs / requests);
          total.requests += requests;
          total.loadCpuUs += loadCpuUs;
          total.ms += ms;
        }
      }
    } finally {
      await stage.close();
    }
  }
  return { slices, loadShare: total.loadCpuUs / 1e3 / total.ms, requests: total.requests };
}

function measureSlice(
  stage: Stage,
  subject: Subject,
  { kind, sliceMs }: CostPlan,
): Promise<{ cpuUs: number; requests: number; loadCpuUs: number; ms: number }> {
  const length = { requests: Number.POSITIVE_INFINITY, ms: sliceMs };
  return closedSlice(stage, subject, kind, length, async (run) => {
    const before = await subject.vitals();
    const { requests, ms, cpuUs: loadCpuUs } = await run();
    const after = await subject.vitals();
    return { cpuUs: after.cpuUs - before.cpuUs, requests, loadCpuUs, ms };
  });
}
