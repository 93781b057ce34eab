import { createServer, type Socket } from 'node:net';
import type { Answer, Journal, SimulatedProject, Simulator, SimulatorOptions, Step } from './contract.ts';
import { callOf } from './gemini/call.ts';
import { credentialsOf } from './gemini/credentials.ts';
import { geminiReply, type World } from './gemini/gemini.ts';
import { Quota } from './gemini/quota.ts';
import { errorBody, refusal } from './gemini/refusal.ts';
import { type Reply, wholeReply } from './gemini/reply.ts';
import { type Entry, RunningJournal } from './journal.ts';
import { Plans, UnknownStep } from './plans.ts';
import type { Scene } from './plays/play.ts';
import { plays } from './plays/plays.ts';
import { sendAnswer, sendReply } from './plays/whole.ts';
import type { StepName } from './steps.ts';
import { type Ending, type Listener, serve } from './wire/connection.ts';
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

/**
 * Starts a fake Gemini on a port of its own.
 *
 * Resolves when it listens. Everything it opens (the port, connections, timers) is gone once `close` has resolved.
 *
 * @throws when the port is taken
 * @example
 * const simulator = await startSimulator();
 * simulator.plan(demoKey, ['503', 'rst-mid-stream', 'ok']);
 * await fetch(`${simulator.url}/v1beta/models`, { headers: { 'x-goog-api-key': demoKey } });
 * await simulator.close();
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = '127.0.0.1', port = 0, projects = demoProjects, chunkMs = 0 } = options;
  const { answer = usualAnswer, now = Date.now, maxJournalEntries = 10_000 } = options;
  let answers = 0;
  const nextId = () => Buffer.from(`simulated-${String(++answers).padStart(6, '0')}`).toString('base64url');
  const world: World = { projects, answer, now, nextId, quota: new Quota() };
  const journal = new RunningJournal(maxJournalEntries);
  const plans = new Plans();
  const sockets = new Set<Socket>();

  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const connection = journal.connectionOpened();
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      journal.connectionClosed();
    });
    serve(socket, listenerOf(connection, { journal, plans, world, chunkMs }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const boundPort = typeof address === 'object' && address !== null ? address.port : port;

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`,
    journal: journal satisfies Journal,
    plan: (key, steps) => plans.set(key, steps),
    reset() {
      plans.clear();
      world.quota.clear();
      journal.clear();
    },
    async close() {
      // Listening last, so the journal is settled when `close` resolves.
      const gone = [...sockets].map((socket) => new Promise((resolve) => socket.on('close', resolve)));
      for (const socket of sockets) socket.destroy();
      await Promise.all([...gone, new Promise((resolve) => server.close(resolve))]);
    },
  };
}

interface House {
  readonly journal: RunningJournal;
  readonly plans: Plans;
  readonly world: World;
  readonly chunkMs: number;
}

function listenerOf(connection: number, { journal, plans, world, chunkMs }: House): Listener {
  return {
    arrived(request) {
      const key = credentialsOf(request)[0]?.value ?? null;
      const entry = journal.requestArrived(request, key, connection);
      return {
        play: (stage) => played(stage, sceneOf(entry, world, chunkMs), () => plans.next(key, request.headers), entry),
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
function played(stage: Stage, scene: Scene, next: () => Step, entry: Entry): Promise<Ending> {
  try {
    const step = resolved(next(), entry);
    entry.step = typeof step === 'string' ? step : 'answer';
    return typeof step === 'string' ? plays[step](stage, scene) : sendAnswer(stage, step);
  } catch (error) {
    entry.step = 'unplayable';
    const status = error instanceof UnknownStep ? 400 : 500;
    return sendReply(stage, scene, wholeReply(status, 'text/plain; charset=utf-8', `${error}\n`, scene.nowMs));
  }
}

function resolved(step: Step, entry: Entry): Answer | StepName {
  return typeof step === 'function' ? step(entry) : step;
}

/** The right answer; an `answer` function that throws is shown to the client instead of ending the process. */
function replyTo(request: Entry, world: World): Reply {
  try {
    return geminiReply(request, world);
  } catch (error) {
    return wholeReply(500, 'text/plain; charset=utf-8', `${error}\n`, world.now());
  }
}

function sceneOf(request: Entry, world: World, chunkMs: number): Scene {
  const call = callOf(request);
  const blanks = request.key === null ? {} : { key: request.key };
  let reply: Reply | null = null;
  return {
    request,
    chunkMs,
    nowMs: world.now(),
    reply: () => (reply ??= replyTo(request, world)),
    refusal: (name) => refusal(name, call, blanks, world.now()),
    errorBody: (name) => errorBody(name, call, blanks),
  };
}
