/**
 * CPU time per call of clients that live in the process of what they call. There is no generator: the process that is measured
 * asks, and checks what it gets, so only a difference between two of them says something.
 */

import type { ClosedLoopResult, RunLength } from '../load/closed-loop.ts';
import { openStage, type Stage, type Subject } from '../stage.ts';
import type { Kind } from '../traffic.ts';
import type { Variant } from '../variants.ts';
import type { CostPlan, Costs } from './cost.ts';

/** As {@link Costs}; the share of the generator is nobody's. @throws Error at the first answer that is not as it has to be */
export async function measureCalls(
  variants: readonly Variant[],
  plan: CostPlan,
  onPair: (pair: number) => void,
): Promise<Costs> {
  const slices = new Map(variants.map(({ name }) => [name, [] as number[][]]));
  let requests = 0;
  for (let pair = 0; pair < plan.pairs; pair++) {
    onPair(pair + 1);
    const stage = await openStage(pair % 2 === 0 ? variants : variants.toReversed(), plan);
    try {
      for (const { name } of variants) slices.get(name)?.push([]);
      for (const subject of stage.subjects)
        await callSlice(stage, subject, plan.kind, { requests: plan.warmUpRequests, ms: 120_000 });
      for (let at = 0; at < plan.slicesPerPair; at++) {
        for (const subject of at % 2 === 0 ? stage.subjects : stage.subjects.toReversed()) {
          const length = { requests: Number.POSITIVE_INFINITY, ms: plan.sliceMs };
          const run = await callSlice(stage, subject, plan.kind, length);
          slices
            .get(subject.name)
            ?.at(-1)
            ?.push(run.cpuUs / run.requests);
          requests += run.requests;
        }
      }
    } finally {
      await stage.close();
    }
  }
  return { slices, loadShare: 0, requests };
}

/** One run, checked at both of its ends. @throws Error at the first answer that is not as it has to be */
export async function callSlice(
  stage: Stage,
  { name, child }: Subject,
  kind: Kind,
  length: RunLength,
): Promise<ClosedLoopResult> {
  const run = await child.ask<ClosedLoopResult>('calls-run', { kind, length });
  if (run.problems.length > 0) throw new Error(`${name}: ${run.problems[0]} (${run.problems.length} of such)`);
  if (run.requests === 0) throw new Error(`${name}: no answer came`);
  await stage.checkUpstream(run.requests);
  return run;
}
