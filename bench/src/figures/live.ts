/** Live sessions that talk: how much later a frame comes, and what it costs. */

import type { Door } from '../closed-slice.ts';
import { openStage, type Stage, type StageOptions, type Subject } from '../stage.ts';
import { quantile } from '../statistics.ts';
import type { Heard, TalkOrder } from '../talkers.ts';
import { callerKey } from '../traffic.ts';
import { until } from '../until.ts';
import { talking, type Variant } from '../variants.ts';
import { direct, directDoor } from './latency.ts';

/** How talk is measured. */
export interface TalkPlan extends StageOptions {
  readonly sessions: number;
  /** Frames of each session in a second, each way. */
  readonly perSecond: number;
  readonly pairs: number;
  readonly slicesPerPair: number;
  readonly sliceMs: number;
  readonly warmUpMs: number;
}

/** What was found of frames both ways, slice by slice: one list for each pair of processes. */
export interface Talked {
  /** How late they came, in µs. */
  readonly p50Us: number[][];
  readonly p99Us: number[][];
  /** CPU µs of the gateway per frame. Of no meaning for `direct`. */
  readonly cpuUs: number[][];
}

/** What was found, `direct` among the variants. */
export interface Talks {
  readonly found: ReadonlyMap<string, Talked>;
  readonly frames: number;
  /** The most that generator or provider has used of a core. */
  readonly endsShare: number;
  /** How late they were with their frames: the p99 of each slice. */
  readonly latenessUs: readonly number[];
}

/** A frame that is under way for longer is lost. */
const longestArrivalMs = 10_000;

/** @throws Error at the first frame that is not as it has to be */
export async function measureTalk(
  variants: readonly Variant[],
  plan: TalkPlan,
  onPair: (pair: number) => void,
): Promise<Talks> {
  const names = [direct, ...variants.map(({ name }) => name)];
  const found = new Map<string, Talked>(names.map((name) => [name, { p50Us: [], p99Us: [], cpuUs: [] }]));
  const total = { frames: 0, endsShare: 0, latenessUs: [] as number[] };
  for (let pair = 0; pair < plan.pairs; pair++) {
    onPair(pair + 1);
    const order = pair % 2 === 0 ? variants : variants.toReversed();
    const stage = await openStage(order.map(talking), { ...plan, provider: 'live' });
    try {
      const doors = [
        { door: directDoor(stage), subject: null },
        ...stage.subjects.map((one) => ({ door: one, subject: one })),
      ];
      for (const [at, { door }] of doors.entries()) {
        const { p50Us, p99Us, cpuUs } = found.get(door.name) as Talked;
        for (const slices of [p50Us, p99Us, cpuUs]) slices.push([]);
        await openSessions(stage, door, at * plan.sessions, (at + 1) * plan.sessions);
        await talkSlice(stage, door, null, { ...orderOf(plan, at), ms: plan.warmUpMs });
      }
      for (let round = 0; round < plan.slicesPerPair; round++) {
        const turns = [...doors.entries()];
        for (const [at, { door, subject }] of round % 2 === 0 ? turns : turns.toReversed()) {
          const { delaysUs, cpuUs, endsShare, latenessUs } = await talkSlice(stage, door, subject, orderOf(plan, at));
          const talked = found.get(door.name) as Talked;
          talked.p50Us.at(-1)?.push(quantile(delaysUs, 0.5));
          talked.p99Us.at(-1)?.push(quantile(delaysUs, 0.99));
          talked.cpuUs.at(-1)?.push(cpuUs / delaysUs.length);
          total.frames += delaysUs.length;
          total.endsShare = Math.max(total.endsShare, endsShare);
          total.latenessUs.push(latenessUs);
        }
      }
      await stage.load.ask('sessions-close');
    } finally {
      await stage.close();
    }
  }
  return { found, ...total };
}

function orderOf({ sessions, perSecond, sliceMs }: TalkPlan, at: number): TalkOrder {
  return { from: at * sessions, to: (at + 1) * sessions, perSecond, ms: sliceMs };
}

/** Opens sessions through a door, with the numbers from `from` on. */
export async function openSessions(
  { load, upstream }: Stage,
  { name, port, key = callerKey }: Door,
  from: number,
  to: number,
): Promise<void> {
  try {
    await load.ask('sessions-open', { port, key, from, to });
  } catch (error) {
    const { problems } = await upstream.ask<Heard>('report');
    throw new Error(`${name}: ${[(error as Error).message, ...problems].join('; ')}`);
  }
}

interface Slice {
  readonly delaysUs: number[];
  readonly cpuUs: number;
  readonly endsShare: number;
  readonly latenessUs: number;
}

/** Both sides talk at the same time; it ends when each frame has arrived. @throws Error for one that does not */
export async function talkSlice(
  { load, upstream }: Stage,
  { name }: Door,
  subject: Subject | null,
  order: TalkOrder,
  arrivalMs: number = longestArrivalMs,
): Promise<Slice> {
  const sides = [load, upstream];
  for (const side of sides) judged(await side.ask<Heard>('report'), name);
  const before = await subject?.vitals();
  const startedAt = performance.now();
  await Promise.all(sides.map((side) => side.ask('talk', order)));
  const frames = Math.floor((order.ms * (order.to - order.from) * order.perSecond) / 1e3);
  await until(`${name}: ${frames} frames have come each way`, arrivalMs, async () => {
    const heard = await Promise.all(sides.map((side) => side.ask<HeardSoFar>('heard')));
    for (const { problems } of heard) if (problems.length > 0) throw new Error(`${name}: ${problems[0]}`);
    return heard.every((one) => one.frames >= frames);
  });
  const ms = performance.now() - startedAt;
  const after = await subject?.vitals();
  const reports = await Promise.all(sides.map(async (side) => judged(await side.ask<Heard>('report'), name)));
  for (const { sent, delaysUs } of reports) {
    if (sent !== frames || delaysUs.length !== frames)
      throw new Error(`${name}: ${sent} frames were sent, ${delaysUs.length} came back, and ${frames} were asked for`);
  }
  return {
    delaysUs: reports.flatMap(({ delaysUs }) => [...delaysUs]),
    cpuUs: (after?.cpuUs ?? 0) - (before?.cpuUs ?? 0),
    endsShare: Math.max(...reports.map(({ cpuUs }) => cpuUs / 1e3 / ms)),
    latenessUs: Math.max(...reports.map(({ latenessUs }) => latenessUs)),
  };
}

interface HeardSoFar {
  readonly frames: number;
  readonly problems: readonly string[];
}

function judged(heard: Heard, name: string): Heard {
  if (heard.problems.length > 0) throw new Error(`${name}: ${heard.problems[0]}`);
  return heard;
}
