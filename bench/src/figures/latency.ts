/** How much later an answer is because of the gateway, at a rate that leaves the machine mostly idle. */

import { type Door, warmUp } from '../closed-slice.ts';
import { smallFlow } from '../small-flow.ts';
import { openStage, type Stage, type StageOptions } from '../stage.ts';
import { providerKeys } from '../traffic.ts';
import type { Variant } from '../variants.ts';

/** How latency is measured. */
export interface LatencyPlan extends StageOptions {
  readonly pairs: number;
  readonly slicesPerPair: number;
  readonly sliceMs: number;
  readonly perSecond: number;
  readonly warmUpRequests: number;
}

/** The name under which delays without any gateway stand. */
export const direct = 'direct';

/** Delays in µs by variant, a list for each pair of processes; `direct` is the provider itself, asked without anybody in between. */
export type Delays = ReadonlyMap<string, number[][]>;

/** @throws Error at the first answer that is not as it has to be */
export async function measureLatency(
  variants: readonly Variant[],
  plan: LatencyPlan,
  onPair: (pair: number) => void,
): Promise<Delays> {
  const delays = new Map<string, number[][]>([direct, ...variants.map(({ name }) => name)].map((name) => [name, []]));
  for (let pair = 0; pair < plan.pairs; pair++) {
    onPair(pair + 1);
    const stage = await openStage(variants, plan);
    try {
      const doors = [directDoor(stage), ...stage.subjects];
      for (const { name } of doors) delays.get(name)?.push([]);
      for (const door of doors) await warmUp(stage, door, 'unary', plan.warmUpRequests);
      for (let at = 0; at < plan.slicesPerPair; at++) {
        for (const door of at % 2 === 0 ? doors : doors.toReversed()) {
          for (const delayUs of await slice(stage, door, plan)) delays.get(door.name)?.at(-1)?.push(delayUs);
        }
      }
    } finally {
      await stage.close();
    }
  }
  return delays;
}

/** Nobody puts a provider's key in the place of the caller's there, so the generator signs with one. */
export function directDoor({ upstreamPort }: Stage): Door {
  return { name: direct, port: upstreamPort, key: providerKeys[0] };
}

async function slice(stage: Stage, door: Door, { perSecond, sliceMs }: LatencyPlan): Promise<Float64Array> {
  const { delaysUs } = await smallFlow(stage.load, door, { perSecond, ms: sliceMs });
  await stage.checkUpstream(delaysUs.length);
  return delaysUs;
}
