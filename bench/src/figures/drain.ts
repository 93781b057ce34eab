/** A proxy is told to go down while streams are open: how each of them ends, and when the process has left. */

import { warmUp } from '../closed-slice.ts';
import type { EndKind, StreamEnd } from '../load/ending-streams.ts';
import { nowUs } from '../pacer.ts';
import { openStage, type Stage, type StageOptions, type Subject } from '../stage.ts';
import { quantile } from '../statistics.ts';
import { until } from '../until.ts';
import { tuned, type Variant } from '../variants.ts';

/** How going down is measured. */
export interface DrainPlan extends StageOptions {
  readonly rounds: number;
  readonly streams: number;
  /** Of them, those whose provider ends them well while the proxy waits. */
  readonly finished: number;
  readonly drainMs: number;
}

/** What was found in a round. */
export interface Drained {
  readonly ends: Readonly<Record<EndKind, number>>;
  /** What the first stream says that was cut; empty when none was. */
  readonly firstCut: string;
  /** Since the signal, in ms. */
  readonly lastEndMs: number;
  readonly endP50Ms: number;
  readonly exitMs: number;
  /** The exit code, or the signal that ended the process. */
  readonly exit: number | string;
}

/** A process may take this much longer than its streams. */
export const exitSlackMs = 2_000;
const giveUpMs = 20_000;
/** The provider ends its share this long after the signal: a proxy that does not wait for anybody cuts these as well. */
const finishAfterMs = 500;

/** Rounds by variant. How streams end is counted and not thrown: it is the figure. */
export async function measureDrain(
  variants: readonly Variant[],
  plan: DrainPlan,
  onRound: (round: number, name: string) => void,
): Promise<ReadonlyMap<string, Drained[]>> {
  const found = new Map<string, Drained[]>(variants.map(({ name }) => [name, []]));
  for (let round = 0; round < plan.rounds; round++) {
    for (const variant of variants) {
      onRound(round + 1, variant.name);
      const stage = await openStage([tuned(variant, { server: { drainMs: plan.drainMs } })], plan);
      try {
        found.get(variant.name)?.push(await goDown(stage, plan));
      } finally {
        await stage.close();
      }
    }
  }
  return found;
}

/** @throws Error when the process is still there long after it should have left, or streams have not ended */
export async function goDown(stage: Stage, { streams, finished, drainMs }: DrainPlan): Promise<Drained> {
  const [{ name, port, child }] = stage.subjects as [Subject];
  const { load, upstream } = stage;
  await warmUp(stage, { name, port }, 'unary', 500);
  await upstream.ask('pace', { intervalMs: 1_000 });
  await load.ask('ending-open', { port, streams });
  const exited = new Promise<{ exit: number | string; atUs: number }>((resolve) => {
    child.process.once('exit', (code, signal) => resolve({ exit: signal ?? code ?? 0, atUs: nowUs() }));
  });
  const signalledUs = nowUs();
  child.process.kill('SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, finishAfterMs));
  await upstream.ask('finish', { streams: finished });
  let gone: { exit: number | string; atUs: number } | null = null;
  exited.then((how) => {
    gone = how;
  });
  await until(`${name}: it has left after SIGTERM`, drainMs + giveUpMs, () => gone !== null);
  let ends: readonly StreamEnd[] = [];
  await until(`${name}: all streams have ended`, giveUpMs, async () => {
    ends = await load.ask<readonly StreamEnd[]>('ending-ends');
    return ends.length === streams;
  });
  const { exit, atUs } = await exited;
  const endedMs = ends.map(({ endedUs }) => (endedUs - signalledUs) / 1e3);
  const count = (kind: EndKind): number => ends.filter((end) => end.kind === kind).length;
  return {
    ends: { marker: count('marker'), error: count('error'), cut: count('cut') },
    firstCut: ends.find(({ kind }) => kind === 'cut')?.words ?? '',
    lastEndMs: Math.max(...endedMs),
    endP50Ms: quantile(endedMs, 0.5),
    exitMs: (atUs - signalledUs) / 1e3,
    exit,
  };
}
