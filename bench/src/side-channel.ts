/**
 * Questions and answers between the bench and the processes that it starts, over the IPC channel: nothing that is asked
 * here touches a port that is being measured.
 */

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';

/** Answers one question. */
export type Answer = (input: never) => unknown;

interface Question {
  readonly id: number;
  readonly verb: string;
  readonly input: unknown;
}

interface Reply {
  readonly id: number;
  readonly output?: unknown;
  readonly error?: string;
}

/**
 * In the child: answers questions by their verbs until the bench says `leave` or is gone. The end is an orderly one, for a
 * signal would lose the profile of `--cpu-prof`.
 */
export function answerQuestions(answers: Readonly<Record<string, Answer>>): void {
  process.on('message', async ({ id, verb, input }: Question) => {
    if (verb === 'leave') process.exit(0);
    const answer = answers[verb];
    if (answer === undefined) return;
    try {
      process.send?.({ id, output: await answer(input as never) } satisfies Reply);
    } catch (error) {
      process.send?.({ id, error: (error as Error).message } satisfies Reply);
    }
  });
  process.on('disconnect', () => process.exit(0));
}

/** A process that the bench has started. */
export interface Child {
  readonly name: string;
  readonly process: ChildProcess;
  /** @throws Error with what the child said was wrong, or that it is gone */
  ask<Output>(verb: string, input?: unknown): Promise<Output>;
  /** Ends it and waits for its end. */
  end(): Promise<void>;
}

/** How a child is started. */
export interface ChildOptions {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Where its standard output goes. @default 'ignore' */
  readonly stdout?: 'ignore' | number | undefined;
  /** Whether the bench reads its standard error itself. @default false */
  readonly readsErrors?: boolean | undefined;
}

/** Starts a Node process with a side channel. */
export function startChild({ name, args, env = {}, stdout = 'ignore', readsErrors = false }: ChildOptions): Child {
  const stdio: StdioOptions = ['ignore', stdout, readsErrors ? 'pipe' : 'inherit', 'ipc'];
  const child = spawn(process.execPath, args, { stdio, env: { ...inherited(), ...env }, serialization: 'advanced' });
  const waiting = new Map<number, { resolve(output: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  child.on('message', ({ id, output, error }: Reply) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(output);
    else asked?.reject(new Error(`${name}: ${error}`));
  });
  const gone = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      for (const { reject } of waiting.values()) reject(new Error(`${name} is gone (${signal ?? code})`));
      waiting.clear();
      resolve();
    });
  });
  return {
    name,
    process: child,
    ask: <Output>(verb: string, input?: unknown) =>
      new Promise<Output>((resolve, reject) => {
        if (!child.connected) return reject(new Error(`${name} is gone`));
        const id = ++lastId;
        waiting.set(id, { resolve: resolve as (output: unknown) => void, reject });
        child.send({ id, verb, input } satisfies Question);
      }),
    async end() {
      if (child.connected) child.send({ id: 0, verb: 'leave', input: null } satisfies Question);
      const impatience = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await gone;
      clearTimeout(impatience);
    },
  };
}

/** What the shell has set for gateways must not reach the ones that are measured. */
function inherited(): NodeJS.ProcessEnv {
  const isOthers = /^(?:SLUICE|GEMINI|GOOGLE|NODE_OPTIONS|HOST$|PORT$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOthers.test(name))) as NodeJS.ProcessEnv;
}
