/** A fake Gemini without a way in: what it knows, what it plans, what it remembers. Sockets and mocked `fetch` share it. */

import type { Answer, SimulatedProject, SimulatorOptions, Step } from './contract.ts';
import { callOf } from './gemini/call.ts';
import { credentialsOf } from './gemini/credentials.ts';
import { geminiReply } from './gemini/gemini.ts';
import { errorBody, refusal } from './gemini/refusal.ts';
import { type Reply, wholeReply } from './gemini/reply.ts';
import { type World, worldOf } from './gemini/world.ts';
import { type Entry, RunningJournal } from './journal.ts';
import { liveCallOf } from './live/live-path.ts';
import { livePlays } from './live/live-plays.ts';
import type { OpenLive } from './live/open.ts';
import { Plans, UnknownStep } from './plans.ts';
import type { Scene } from './plays/play.ts';
import { earlySteps, plays } from './plays/plays.ts';
import { sendAnswer, sendReply } from './plays/whole.ts';
import type { StepName } from './steps.ts';
import type { Ending, Listener } from './wire/connection.ts';
import type { Stage } from './wire/stage.ts';

/** The key of the one project that exists when the options name none. */
export const demoKey = 'simulator-demo-key';

const demoProjects: readonly SimulatedProject[] = [{ id: 'demo', keys: [demoKey] }];

function usualAnswer(_: string, model: string): string {
  return (
    `Hello! This answer comes from a simulator that stands in for ${model}. It has read your request, and no model ` +
    'has thought about it. The words are always the same, so a test can count on them.'
  );
}

/** What all requests meet, whichever way they come. */
export interface House {
  readonly journal: RunningJournal;
  readonly plans: Plans;
  readonly world: World;
  readonly chunkMs: number;
  /** Throws UnknownStep for a step that cannot be played here. */
  readonly allow: (name: StepName) => void;
  /** Opens Live sessions; null where there is no socket for them. */
  readonly openLive: OpenLive | null;
}

/**
 * @param options - those that are not about the network
 * @param origin - where clients reach it, without a slash at the end
 * @param allow - throws UnknownStep for a step that cannot be played there
 * @param live - makes what opens Live sessions, where there are sockets
 */
export function houseOf(
  options: Omit<SimulatorOptions, 'host' | 'port'>,
  origin: World['origin'],
  allow: House['allow'] = () => {},
  live: ((world: World, journal: RunningJournal) => OpenLive) | null = null,
): House {
  const { projects = demoProjects, chunkMs = 0, answer = usualAnswer, maxJournalEntries = 10_000 } = options;
  const journal = new RunningJournal(maxJournalEntries);
  const world = worldOf({ ...options, projects, answer, origin });
  return { journal, plans: new Plans(allow), world, chunkMs, allow, openLive: live?.(world, journal) ?? null };
}

/** Forgets plans, quotas used, everything that projects keep, and the journal. */
export function emptied({ journal, plans, world }: House): void {
  plans.clear();
  world.clear();
  journal.clear();
}

/** Answers the requests of one connection. */
export function listenerOf(connection: number, house: House): Listener {
  const { journal, plans } = house;
  let arrivals = 0;
  return {
    isEarly(head) {
      const step = plans.peek(credentialsOf(head)[0]?.value ?? null, head.headers);
      return typeof step === 'string' && earlySteps.has(step);
    },
    arrived(request) {
      const isReused = arrivals > 0;
      arrivals += 1;
      const key = credentialsOf(request)[0]?.value ?? null;
      const entry = journal.requestArrived(request, key, connection);
      return {
        play(stage) {
          const next = () => resolved(plans.next(key, request.headers), entry, house);
          return played(stage, sceneOf(entry, isReused, house), next, entry, house);
        },
        bodyBytes(bytes) {
          entry.bytesSent += bytes;
        },
        ended: (ending) => journal.requestEnded(entry, ending === 'cut' ? 'cut' : 'whole'),
        abandoned: () => journal.requestEnded(entry, 'abandoned'),
      };
    },
  };
}

/** Plays the step that a plan holds for this attempt; a plan that cannot be followed is answered with the reason. */
function played(
  stage: Stage,
  scene: Scene,
  next: () => Answer | StepName,
  entry: Entry,
  { openLive }: House,
): Promise<Ending> {
  try {
    const step = next();
    entry.step = typeof step === 'string' ? step : 'answer';
    const call = openLive === null ? null : liveCallOf(entry);
    const play = call === null || typeof step !== 'string' ? undefined : livePlays.get(step);
    if (openLive !== null && call !== null && play !== undefined) return openLive(stage, entry, call, play);
    return typeof step === 'string' ? plays[step](stage, scene) : sendAnswer(stage, step);
  } catch (error) {
    entry.step = 'unplayable';
    const status = error instanceof UnknownStep ? 400 : 500;
    return sendReply(stage, scene, wholeReply(status, 'text/plain; charset=utf-8', `${error}\n`, scene.nowMs));
  }
}

function resolved(planned: Step, entry: Entry, { allow }: House): Answer | StepName {
  const step = typeof planned === 'function' ? planned(entry) : planned;
  if (typeof step === 'string') allow(step);
  return step;
}

/** The right answer; an `answer` function that throws is shown to the client instead of ending the process. */
function replyTo(request: Entry, world: World): Reply {
  try {
    return geminiReply(request, world);
  } catch (error) {
    return wholeReply(500, 'text/plain; charset=utf-8', `${error}\n`, world.now());
  }
}

function sceneOf(request: Entry, isReused: boolean, { world, chunkMs }: House): Scene {
  const call = callOf(request);
  const blanks = request.key === null ? {} : { key: request.key };
  let reply: Reply | null = null;
  return {
    request,
    isReused,
    isLive: liveCallOf(request) !== null,
    chunkMs,
    nowMs: world.now(),
    reply: () => (reply ??= replyTo(request, world)),
    refusal: (name) => refusal(name, call, blanks, world.now()),
    errorBody: (name) => errorBody(name, call, blanks),
  };
}
