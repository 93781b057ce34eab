/**
 * What live sessions take of memory. Memory that a process has had it keeps, so each gateway is alone on a stage, and
 * grows from few sessions to many while as many frames pass in a second.
 */

import { openStage, type Stage, type StageOptions, type Subject } from '../stage.ts';
import { talking, type Variant } from '../variants.ts';
import { openSessions, talkSlice } from './live.ts';

/** How the memory of sessions is measured. */
export interface SessionMemoryPlan extends StageOptions {
  readonly rounds: number;
  /** Ascending. */
  readonly sessions: readonly number[];
  /** Of all sessions together, each way. */
  readonly framesPerSecond: number;
  readonly talkMs: number;
}

/** What was found with so many sessions open. */
export interface SessionMemory {
  readonly sessions: number;
  readonly rssBytes: number;
  /** Resident memory that came with the sessions, per session. */
  readonly bytesPerSession: number;
  /** What of it is reachable after a collection. */
  readonly liveBytesPerSession: number;
}

/** Open and talking before anything is measured. */
const fewSessions = 20;

/** Rounds by variant. @throws Error at the first frame that is not as it has to be */
export async function measureSessionMemory(
  variants: readonly Variant[],
  plan: SessionMemoryPlan,
  onRound: (round: number, name: string) => void,
): Promise<ReadonlyMap<string, SessionMemory[]>> {
  const found = new Map<string, SessionMemory[]>(variants.map(({ name }) => [name, []]));
  for (let round = 0; round < plan.rounds; round++) {
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      onRound(round + 1, variant.name);
      const stage = await openStage([talking(variant)], { ...plan, provider: 'live' });
      try {
        found.get(variant.name)?.push(...(await grow(stage, plan)));
      } finally {
        await stage.close();
      }
    }
  }
  return found;
}

async function grow(stage: Stage, plan: SessionMemoryPlan): Promise<SessionMemory[]> {
  const [subject] = stage.subjects as [Subject];
  const talk = async (to: number): Promise<void> => {
    await talkSlice(stage, subject, null, { from: 0, to, perSecond: plan.framesPerSecond / to, ms: plan.talkMs });
  };
  await openSessions(stage, subject, 0, fewSessions);
  await talk(fewSessions);
  await subject.child.ask('forget-code');
  await talk(fewSessions);
  const liveBefore = await subject.liveBytes();
  const before = await subject.vitals();
  const found: SessionMemory[] = [];
  let open = fewSessions;
  for (const sessions of plan.sessions) {
    await openSessions(stage, subject, open, fewSessions + sessions);
    open = fewSessions + sessions;
    await talk(open);
    const { rssBytes } = await subject.vitals();
    const liveBytes = await subject.liveBytes();
    found.push({
      sessions,
      rssBytes,
      bytesPerSession: (rssBytes - before.rssBytes) / sessions,
      liveBytesPerSession: (liveBytes - liveBefore) / sessions,
    });
  }
  await stage.load.ask('sessions-close');
  return found;
}
