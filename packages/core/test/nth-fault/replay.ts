/** Plays a scenario once, with one fault, until it is over and calm again. */

import { vi } from 'vitest';
import { Faults, type Kind } from './faults.ts';
import type { Replay } from './invariants.ts';
import { type Scenario, unary } from './scenarios.ts';
import { Stage } from './stage.ts';

/** What waits for the store to be back, or for a breaker to close, has done so after this long. */
const calmMs = 5_000;
const stepMs = 500;
const longestRestMs = 82_000;

/** Errors that reach the process, since they were last taken. */
export class Uncaught {
  readonly #events = ['uncaughtException', 'unhandledRejection'] as const;
  readonly #before = new Map<string, NodeJS.UncaughtExceptionListener[]>();
  readonly #errors: unknown[] = [];
  readonly #hear = (error: unknown): void => void this.#errors.push(error);

  listen(): void {
    for (const event of this.#events) {
      this.#before.set(event, process.listeners(event as 'uncaughtException'));
      process.removeAllListeners(event);
      process.on(event, this.#hear);
    }
  }

  stop(): void {
    for (const event of this.#events) {
      process.off(event, this.#hear);
      for (const listener of this.#before.get(event) ?? []) process.on(event, listener);
    }
  }

  take(): unknown[] {
    return this.#errors.splice(0);
  }
}

export async function replay(
  scenario: Scenario,
  kind: Kind | null,
  { nth, isPersistent, uncaught }: { nth: number; isPersistent: boolean; uncaught: Uncaught },
): Promise<Replay> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let seed = 1;
  const random = vi.spyOn(Math, 'random').mockImplementation(() => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  });
  try {
    const faults = new Faults(kind, nth, isPersistent);
    const stage = new Stage(scenario, faults);
    let isOver = await stage.until(scenario.run(stage).then(() => {}));
    const left = leftAtOnce(stage, kind);
    faults.calm();
    for (let passedMs = 0; passedMs < calmMs; passedMs += stepMs) await stage.advance(stepMs);
    // What a store has lost frees itself when its lease is over.
    const isLost = kind?.how === 'loses';
    if (isLost || stage.gateway.snapshot().breakers.length > 0) await stage.advance(longestRestMs);
    if (isOver && scenario.isClosed !== true) isOver = await servesAgain(stage);
    await stage.gateway.close();
    await stage.advance(0);
    return { scenario, kind, faults, stage, isOver, left, uncaught: uncaught.take() };
  } finally {
    random.mockRestore();
    vi.useRealTimers();
  }
}

/** What a request has left behind when it ends. A store that is away is looked after for longer. */
export function leftAtOnce({ timers, upstream }: Stage, kind: Kind | null): Replay['left'] {
  return { timers: kind?.at === 'store' ? 0 : timers.pending, calls: upstream.running.size };
}

async function servesAgain(stage: Stage): Promise<boolean> {
  const last = stage.ask(unary);
  const isOver = await stage.until(last.then(() => {}));
  const { status, text } = stage.clients.at(-1) ?? {};
  if (status !== 200) stage.broken.push(`it does not serve again: ${status} ${text}`);
  return isOver;
}
