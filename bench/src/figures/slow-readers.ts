/**
 * Many clients that read nothing, beside others who ask for little: what those take of memory, what they cost the
 * others, and whether they are let go of in time.
 */

import { type Door, warmUp } from '../closed-slice.ts';
import type { StalledResult } from '../load/stalled-readers.ts';
import { smallFlow } from '../small-flow.ts';
import { openStage, type Stage, type StageOptions, type Subject } from '../stage.ts';
import { quantile } from '../statistics.ts';
import { callerKey } from '../traffic.ts';
import { until } from '../until.ts';
import type { Seen } from '../upstream.ts';
import { tuned, type Variant } from '../variants.ts';
import { heldMs, untilHeld } from './stalled.ts';

/** How slow readers are measured. */
export interface SlowReadersPlan extends StageOptions {
  readonly rounds: number;
  readonly readers: number;
  readonly perSecond: number;
  /** How long the others are listened to: alone, while the readers' buffers fill, and beside readers that are held. */
  readonly flowMs: number;
  readonly slowReaderMs: number;
  readonly warmUpRequests: number;
}

/** What was found in a round. */
export interface SlowReaders {
  /** Resident memory above what the warmed process had, per reader. */
  readonly bytesPerReader: number;
  /** p99 of the others without readers, in µs. */
  readonly aloneP99Us: number;
  /** The same from the moment at which the readers came. */
  readonly fillingP99Us: number;
  /** The same when nothing moved for the readers any more. */
  readonly heldP99Us: number;
  /** Readers that were answered 503 when they came, and those whose stream ended before it had to. */
  readonly refused: number;
  readonly endedEarly: number;
  /** How many of the others were not served while the buffers filled, and after that. */
  readonly fillingUnserved: number;
  readonly heldUnserved: number;
  /** From the last byte that anybody took until the last reader was dropped, in ms; null for who drops nobody. */
  readonly droppedMs: number | null;
}

/** Dropping 500 readers takes a moment, and noticing it another. */
export const dropSlackMs = 2_000;

/** The raw proxy has no limit for anybody. */
function dropsReaders({ name }: Variant): boolean {
  return !name.startsWith('raw');
}

const party = 50;
const betweenPartiesMs = 100;

/** Rounds by variant. @throws Error when a reader is not dropped, or is dropped so that it looks like an end */
export async function measureSlowReaders(
  variants: readonly Variant[],
  plan: SlowReadersPlan,
  onRound: (round: number, name: string) => void,
): Promise<ReadonlyMap<string, SlowReaders[]>> {
  const found = new Map<string, SlowReaders[]>(variants.map(({ name }) => [name, []]));
  for (let round = 0; round < plan.rounds; round++) {
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      onRound(round + 1, variant.name);
      const stage = await openStage([tuned(variant, { timeouts: { slowReaderMs: plan.slowReaderMs } })], plan);
      try {
        found.get(variant.name)?.push(await crowd(stage, dropsReaders(variant), plan));
      } finally {
        await stage.close();
      }
    }
  }
  return found;
}

async function crowd(stage: Stage, isDropping: boolean, plan: SlowReadersPlan): Promise<SlowReaders> {
  const [subject] = stage.subjects as [Subject];
  const { load, upstream } = stage;
  const { readers, slowReaderMs } = plan;
  await warmUp(stage, subject, 'unary', plan.warmUpRequests);
  await warmUp(stage, subject, 'stream', 100);
  const alone = await othersOf(stage, subject, plan);
  const before = await subject.vitals();
  const cameAt = performance.now();
  const others = othersOf(stage, subject, plan);
  // What goes wrong in between is told first; nobody waits for these any more then.
  others.catch(() => {});
  await comeInParties(stage, subject, readers);
  const filling = await others;
  await untilHeld(stage, subject.name);
  const heldAt = performance.now() - heldMs;
  const after = await subject.vitals();
  const held = await othersOf(stage, subject, plan);
  const { floods, openFloods } = await upstream.ask<Seen>('seen');
  const endedEarly = floods - openFloods;
  // Each reader has its own silence: from here on those who came first may have been dropped for it, and rightly.
  const sinceMs = performance.now() - cameAt;
  if (isDropping && sinceMs > slowReaderMs)
    throw new Error(
      `${subject.name}: the machine is too slow: readers were held ${Math.round(sinceMs)} ms after they came`,
    );
  const refused = readers - floods;
  let droppedMs: number | null = null;
  if (isDropping) {
    const fact = `${subject.name}: nobody reads for readers that take nothing for ${slowReaderMs} ms`;
    const nobody = async (): Promise<boolean> => (await upstream.ask<Seen>('seen')).openFloods === 0;
    await until(fact, slowReaderMs + 10_000, nobody);
    droppedMs = performance.now() - heldAt;
    const { problems } = await load.ask<StalledResult>('stalled-cut', { refused });
    if (problems.length > 0) throw new Error(`${subject.name}: ${problems[0]} (${problems.length} of such)`);
  }
  return {
    bytesPerReader: (after.rssBytes - before.rssBytes) / floods,
    refused,
    endedEarly,
    aloneP99Us: alone.p99Us,
    fillingP99Us: filling.p99Us,
    heldP99Us: held.p99Us,
    fillingUnserved: filling.unserved,
    heldUnserved: held.unserved,
    droppedMs,
  };
}

/** A party a time, so that it is readers who are slow that are measured, and no stampede. */
async function comeInParties({ load }: Stage, { port }: Subject, readers: number): Promise<void> {
  for (let come = 0; come < readers; come += party) {
    await load.ask('stalled-open', { port, key: callerKey, readers: Math.min(party, readers - come) });
    await new Promise((resolve) => setTimeout(resolve, betweenPartiesMs));
  }
}

async function othersOf(
  { load }: Stage,
  door: Door,
  { perSecond, flowMs }: SlowReadersPlan,
): Promise<{ p99Us: number; unserved: number }> {
  const { delaysUs, unserved } = await smallFlow(load, door, { perSecond, ms: flowMs, mayBeShed: true });
  return { p99Us: quantile([...delaysUs], 0.99), unserved };
}
