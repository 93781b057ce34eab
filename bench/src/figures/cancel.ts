/**
 * From the moment at which a client leaves until nothing is done for it any more, in each phase of a request.
 *
 * What counts is the connection to the provider, as the provider sees it; where there is none, the moment at which the
 * gateway lets go of the request. All processes of a machine share the clock that both moments are read from.
 */

import { warmUp } from '../closed-slice.ts';
import type { Farewell } from '../farewells.ts';
import { isWithoutCall, type Phase, phases } from '../leaving.ts';
import type { LeaversStanding } from '../load/leavers.ts';
import type { Child } from '../side-channel.ts';
import { openStage, type Stage, type StageOptions, type Subject } from '../stage.ts';
import type { GatewayStanding } from '../subjects/watched.ts';
import { until } from '../until.ts';
import { canBeWatched, tuned, type Variant, watched } from '../variants.ts';

/** How leaving is measured. */
export interface CancelPlan extends StageOptions {
  /** Per phase. */
  readonly samples: number;
  /** Clients that are in the phase together, and leave one after the other. */
  readonly atOnce: number;
  /** The same where it may take seconds until a batch is gone. */
  readonly connectingAtOnce: number;
  /** Who is not gone after this long is not going to be. Longer than what a gateway waits for a connection. */
  readonly goneMs: number;
  /** @default all that a variant has */
  readonly phases?: readonly Phase[] | undefined;
}

/** From leaving until an end, in ms: that of the provider's connection, and that of the request in the gateway. */
export interface Delays {
  readonly connection: number[];
  readonly request: number[];
}

/** By phase, of one variant. An end that a phase does not have, or nobody tells of, has no delays. */
export type Leavings = ReadonlyMap<Phase, Delays>;

const occupant = 999_999;
const apartMs = 5;
const readyMs = 30_000;

/** The phases that a variant has: what has no queue and no retries cannot be left in them, nor can what does not tell. */
function phasesOf(variant: Variant): readonly Phase[] {
  if (canBeWatched(variant)) return phases;
  return phases.filter((phase) => !isWithoutCall(phase) && (phase !== 'latch' || variant.name.startsWith('proxy')));
}

/** @throws Error when a request is not let go of at all, or an answer was shown that should have been held */
export async function measureCancel(
  variants: readonly Variant[],
  plan: CancelPlan,
  onVariant: (name: string, phase: Phase) => void,
): Promise<ReadonlyMap<string, Leavings>> {
  const found = new Map<string, Leavings>();
  for (const variant of variants) {
    const delays = new Map<Phase, Delays>();
    found.set(variant.name, delays);
    for (const phase of plan.phases ?? phasesOf(variant)) {
      onVariant(variant.name, phase);
      const stage = await openStage([forPhase(variant, phase)], { ...plan, isProviderDeaf: phase === 'connecting' });
      try {
        delays.set(phase, await measurePhase(stage, phase, { ...plan, isWatched: canBeWatched(variant) }));
      } finally {
        await stage.close();
      }
    }
  }
  return found;
}

/** One call at once, and a wait that does not end by itself. */
function forPhase(variant: Variant, phase: Phase): Variant {
  if (phase === 'queued')
    return watched(tuned(variant, { queue: { maxWaitMs: 120_000 }, onlyProject: { maxInFlight: 1 } }));
  return watched(variant);
}

async function measurePhase(
  stage: Stage,
  phase: Phase,
  { samples, atOnce, connectingAtOnce, goneMs, isWatched }: CancelPlan & { readonly isWatched: boolean },
): Promise<Delays> {
  const [subject] = stage.subjects as [Subject];
  const isInProcess = subject.name.endsWith('in-process');
  const people = isInProcess ? subject.child : stage.load;
  if (!isInProcess && phase !== 'connecting') await warmUp(stage, subject, 'unary', 500);
  const occupied = phase === 'queued' ? await occupy(people, stage, subject) : 0;
  const delays: Delays = { connection: [], request: [] };
  const most = phase === 'connecting' ? connectingAtOnce : atOnce;
  for (let from = 0; from < samples; from += most) {
    const numbers = Array.from({ length: Math.min(most, samples - from) }, (_, at) => from + at);
    const one = { stage, subject, people, phase, numbers, occupied, isWatched, goneMs };
    await bringThere(one);
    const left = new Map<number, number>();
    for (const number of numbers) {
      left.set(number, await people.ask<number>('leavers-leave', { number }));
      // One leaves, and not a crowd: who comes next must not wait for the work of the one before.
      await new Promise((resolve) => setTimeout(resolve, apartMs));
    }
    if (isWatched) note(one, delays.request, left, await goneAtGateway(one));
    if (!isWithoutCall(phase)) note(one, delays.connection, left, await goneAtProvider(one));
    await assertNothingWrong(one);
    await settled(one);
  }
  return delays;
}

function note(
  { subject, phase }: Party,
  delays: number[],
  left: ReadonlyMap<number, number>,
  gone: ReadonlyMap<number, number>,
): void {
  for (const [number, leftUs] of left) {
    const us = (gone.get(number) as number) - leftUs;
    // The clock is one and does not run backwards.
    if (!(us >= 0)) throw new Error(`${subject.name}: a request was over (${phase}) before its client left`);
    delays.push(us / 1e3);
  }
}

async function assertNothingWrong({ subject, people }: Party): Promise<LeaversStanding> {
  const standing = await people.ask<LeaversStanding>('leavers-standing');
  if (standing.problems.length > 0) throw new Error(`${subject.name}: ${standing.problems[0]}`);
  return standing;
}

/** Clients who are about to leave. */
interface Party {
  readonly stage: Stage;
  readonly subject: Subject;
  /** The process that the clients live in. */
  readonly people: Child;
  readonly phase: Phase;
  readonly numbers: readonly number[];
  /** Requests that stay. */
  readonly occupied: number;
  readonly goneMs: number;
  readonly isWatched: boolean;
}

/** Takes the only place there is. @returns how many requests that are */
async function occupy(people: Child, { upstream }: Stage, { port }: Subject): Promise<number> {
  await people.ask('leavers-open', { port, phase: 'headers', numbers: [occupant] });
  await until(
    'the only place is taken',
    readyMs,
    async () => (await upstream.ask<Farewell[]>('farewells')).length === 1,
  );
  return 1;
}

async function bringThere(party: Party): Promise<void> {
  const { stage, subject, people, phase, numbers, isWatched } = party;
  const { upstream } = stage;
  const before = isWatched ? await standingOf(subject) : null;
  await upstream.ask('farewells-forget');
  const { port } = subject;
  // Handshakes have no path: their order tells which is whose, so they are begun one after the other.
  const parties = phase === 'connecting' ? numbers.map((number) => [number]) : [numbers];
  let there = 0;
  for (const some of parties) {
    await people.ask('leavers-open', { port, phase, numbers: some });
    there += some.length;
    await until(`${subject.name}: ${there} requests are ${phase}`, readyMs, async () => {
      const { served } = await assertNothingWrong(party);
      const calls = await upstream.ask<Farewell[]>('farewells');
      switch (phase) {
        case 'queued':
          return (await standingOf(subject)).waiting === there;
        case 'backing off':
          return (await standingOf(subject)).retries - (before?.retries ?? 0) === there;
        case 'mid-stream':
          return served === there;
        default:
          return calls.length === there && calls.every(({ isReady }) => isReady);
      }
    });
  }
}

async function goneAtGateway({ subject, stage, phase, numbers, goneMs }: Party): Promise<ReadonlyMap<number, number>> {
  const gone = new Map<number, number>();
  await until(`${subject.name}: it has let go of all who left while ${phase}`, goneMs, async () => {
    for (const { number, endedUs } of (await standingOf(subject)).ended) gone.set(number, endedUs);
    return numbers.every((number) => gone.has(number));
  });
  const calls = (await stage.upstream.ask<Farewell[]>('farewells')).length;
  const most = phase === 'queued' ? 0 : numbers.length;
  if (isWithoutCall(phase) && calls > most)
    throw new Error(`${subject.name}: ${calls - most} calls went up for clients who had left`);
  return gone;
}

async function goneAtProvider({ subject, stage, phase, numbers, goneMs }: Party): Promise<ReadonlyMap<number, number>> {
  let calls: Farewell[] = [];
  await until(`${subject.name}: all calls of clients who left (${phase}) are abandoned`, goneMs, async () => {
    calls = await stage.upstream.ask<Farewell[]>('farewells');
    return calls.every(({ closedUs }) => closedUs !== null);
  });
  const first = phase === 'connecting' ? (numbers[0] as number) : 0;
  return new Map(calls.map(({ number, closedUs }) => [first + number, closedUs as number]));
}

/** What was reserved is free again. */
async function settled({ subject, occupied, isWatched }: Party): Promise<void> {
  if (!isWatched) return;
  await until(`${subject.name}: nothing is held for who has left`, 2_000, async () => {
    const { open, waiting, inFlight } = await standingOf(subject);
    return open === occupied && inFlight === occupied && waiting === 0;
  });
}

function standingOf({ child }: Subject): Promise<GatewayStanding> {
  return child.ask<GatewayStanding>('standing');
}
