/**
 * Three times as many requests as a gateway can answer: how many of those that it could answer it still does, how soon
 * the others learn that they have to come again, and how long it takes until all is as before.
 */

import { warmUp } from '../closed-slice.ts';
import type { ClosedLoopResult } from '../load/closed-loop.ts';
import { brokenConnection } from '../load/connection.ts';
import type { SurgeResult, SurgeStep } from '../load/surge.ts';
import type { Child } from '../side-channel.ts';
import { openStage, type Stage, type StageOptions, type Subject } from '../stage.ts';
import { quantile } from '../statistics.ts';
import type { GatewayStanding } from '../subjects/watched.ts';
import { type SurgeRules, type SurgeTally, tallySurge } from '../surge-tally.ts';
import { callerKey, type Kind } from '../traffic.ts';
import type { Seen } from '../upstream.ts';
import { canBeWatched, type Variant, watched } from '../variants.ts';

/** How overload is measured. */
export interface OverloadPlan extends StageOptions {
  /** What is asked for. */
  readonly kind: Extract<Kind, 'unary' | 'picture'>;
  readonly rounds: number;
  /** For each of the closed loops that find the capacity. */
  readonly capacityMs: number;
  readonly surgeMs: number;
  /** How long it is watched afterwards, at half of its capacity. */
  readonly afterMs: number;
  readonly warmUpRequests: number;
}

/** Shares of a core. */
export interface CoreShares {
  readonly gateway: number;
  readonly provider: number;
  /** All generators together. */
  readonly load: number;
}

/** What was found in a round. */
export interface Overload extends SurgeTally {
  /** Answers a second when each client waits for its answer. */
  readonly capacityPerSecond: number;
  readonly atCapacity: CoreShares;
  readonly inSurge: CoreShares;
  /** The gateway's own measure of how long it takes to turn somebody away, in ms; null when it does not, or does not tell. */
  readonly shedOwnP99Ms: number | null;
  /** How soon a client with next to nothing to do was refused: those who make the load learn of it late themselves. */
  readonly bystander: Pick<SurgeTally, 'shedP50Ms' | 'shedP99Ms' | 'lateP99Ms'>;
  /** What broke connections first; empty when nothing did. */
  readonly problem: string;
}

/** What is offered, as a multiple of what was answered at most. */
export const surgeRatio = 3;
/** What counts as good. */
export const rules: SurgeRules = { patienceMs: 500, calmMs: 500, calmTookMs: 100 };
const calmRatio = 0.5;
const beforeMs = 1_000;
const capacityRuns = 3;
const generators = 2;
/** Requests a second of the process that only looks on. */
const bystanderPerSecond = 50;
const bystanderConnections = 60;
/** Enough to keep it busy, and not so many that it would turn some of them away. */
const clientsEach = { unary: 32, picture: 4 } as const;
/**
 * Connections for so much of the capacity, in ms: more than clients have patience for, so that a gateway that turns
 * nobody away has no good answer left. Bounded, for files are not to be what it runs out of.
 */
const waitingMs = 800;
const mostConnections = 5_000;

/** Rounds by variant. @throws Error for an answer that is neither right nor a proper refusal */
export async function measureOverload(
  variants: readonly Variant[],
  plan: OverloadPlan,
  onRound: (round: number, name: string) => void,
): Promise<ReadonlyMap<string, Overload[]>> {
  const found = new Map<string, Overload[]>(variants.map(({ name }) => [name, []]));
  for (let round = 0; round < plan.rounds; round++) {
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      onRound(round + 1, variant.name);
      const stage = await openStage([watched(variant)], { ...plan, generators: generators + 1, isPinned: true });
      try {
        found.get(variant.name)?.push(await overload(stage, canBeWatched(variant), plan));
      } finally {
        await stage.close();
      }
    }
  }
  return found;
}

async function overload(stage: Stage, isWatched: boolean, plan: OverloadPlan): Promise<Overload> {
  const [subject] = stage.subjects as [Subject];
  const standing = (): Promise<GatewayStanding> => subject.child.ask<GatewayStanding>('standing');
  await warmUp(stage, subject, plan.kind, plan.warmUpRequests);
  const { capacityPerSecond, atCapacity } = await findCapacity(stage, subject, plan);
  if (isWatched) await standing();
  const stepsOf = (perSecond: number): [SurgeStep, SurgeStep, SurgeStep] => [
    { perSecond: perSecond * calmRatio, ms: beforeMs },
    { perSecond: perSecond * surgeRatio, ms: plan.surgeMs },
    { perSecond: perSecond * calmRatio, ms: plan.afterMs },
  ];
  const steps = stepsOf(capacityPerSecond / generators);
  const connections = Math.ceil(Math.min(mostConnections, (capacityPerSecond * waitingMs) / 1e3) / generators);
  const order = { port: subject.port, kind: plan.kind, steps, connections };
  const few = steps.map(({ ms }) => ({ perSecond: bystanderPerSecond, ms })) as typeof steps;
  const looking = { ...order, steps: few, connections: bystanderConnections };
  const { busy, bystander } = rolesOf(stage);
  await Promise.all([...busy.map((load) => load.ask('surge-open', order)), bystander.ask('surge-open', looking)]);
  const seen = bystander.ask<SurgeResult>('surge-run');
  const running = Promise.all(busy.map((load) => load.ask<SurgeResult>('surge-run')));
  // What goes wrong in between is told first; nobody waits for these any more then.
  for (const one of [running, seen]) one.catch(() => {});
  await sleep(beforeMs);
  const used = await coreUse(stage, subject, () => sleep(plan.surgeMs));
  const results = await running;
  const { shedP50Ms, shedP99Ms, lateP99Ms } = tallySurge([await seen], few, rules);
  const shedUs = isWatched ? (await standing()).shedUs : [];
  const { problems } = await stage.upstream.ask<Seen>('seen');
  if (problems.length > 0) throw new Error(`the provider saw: ${problems[0]}`);
  const problem = results.flatMap((result) => result.problems)[0] ?? '';
  if (problem !== '' && !brokenConnection.test(problem)) throw new Error(`${subject.name}: ${problem}`);
  return {
    ...tallySurge(results, steps, rules),
    capacityPerSecond,
    atCapacity,
    inSurge: { ...used, load: results.reduce((sum, { cpuUs }) => sum + (cpuUs[1] as number), 0) / 1e3 / plan.surgeMs },
    bystander: { shedP50Ms, shedP99Ms, lateP99Ms },
    shedOwnP99Ms: shedUs.length === 0 ? null : quantile([...shedUs], 0.99) / 1e3,
    problem,
  };
}

function rolesOf({ loads }: Stage): { readonly busy: readonly Child[]; readonly bystander: Child } {
  return { busy: loads.slice(0, generators), bystander: loads[generators] as Child };
}

/** The best of some closed loops: a pause of the machine is no lack of capacity. */
async function findCapacity(
  stage: Stage,
  subject: Subject,
  { kind, capacityMs: ms }: Pick<OverloadPlan, 'kind' | 'capacityMs'>,
): Promise<{ capacityPerSecond: number; atCapacity: CoreShares }> {
  const { port, name } = subject;
  const order = { port, kind, key: callerKey, clients: clientsEach[kind] };
  const { busy } = rolesOf(stage);
  const each = <Output>(ask: (load: Child) => Promise<Output>): Promise<Output[]> => Promise.all(busy.map(ask));
  const opened = await each((load) => load.ask<ClosedLoopResult>('closed-open', order));
  let answered = opened.reduce((sum, { requests }) => sum + requests, 0);
  const runs: { perSecond: number; shares: CoreShares }[] = [];
  for (let run = 0; run < capacityRuns; run++) {
    let results: ClosedLoopResult[] = [];
    const used = await coreUse(stage, subject, async () => {
      results = await each((load) =>
        load.ask<ClosedLoopResult>('closed-run', { requests: Number.POSITIVE_INFINITY, ms }),
      );
    });
    const problem = results.flatMap(({ problems }) => problems)[0];
    if (problem !== undefined) throw new Error(`${name}: ${problem}`);
    const sum = (value: (result: ClosedLoopResult) => number): number => results.map(value).reduce((a, b) => a + b);
    answered += sum(({ requests }) => requests);
    runs.push({
      perSecond: sum((result) => (result.requests * 1e3) / result.ms),
      shares: { ...used, load: sum((result) => result.cpuUs / 1e3 / result.ms) },
    });
  }
  await each((load) => load.ask('closed-close'));
  await stage.checkUpstream(answered);
  const best = Math.max(...runs.map(({ perSecond }) => perSecond));
  return {
    capacityPerSecond: best,
    atCapacity: (runs.find(({ perSecond }) => perSecond === best) as { shares: CoreShares }).shares,
  };
}

async function coreUse(
  { upstream }: Stage,
  { vitals }: Subject,
  run: () => Promise<unknown>,
): Promise<{ gateway: number; provider: number }> {
  const [before, providerBefore] = await Promise.all([vitals(), upstream.ask<number>('cpu-us')]);
  const startedAt = performance.now();
  await run();
  const us = (performance.now() - startedAt) * 1e3;
  const [after, providerAfter] = await Promise.all([vitals(), upstream.ask<number>('cpu-us')]);
  return { gateway: (after.cpuUs - before.cpuUs) / us, provider: (providerAfter - providerBefore) / us };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
