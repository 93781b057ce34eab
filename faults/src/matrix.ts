/** The whole matrix: its rows in order, played on every driver pair for every client, some at a time. */

import { faults } from '@sluice/simulator';
import { listenToConsole } from './console.ts';
import { drivers } from './drivers.ts';
import { expectationOf, type Outcome, type Part, play } from './play.ts';
import type { Case, PlayedCase, Row, ScenarioCase } from './row.ts';
import { bodyRows } from './rows/body.ts';
import { clientRows } from './rows/client.ts';
import { connectionRows } from './rows/connection.ts';
import { headRows } from './rows/head.ts';
import { statusRows } from './rows/status.ts';
import { streamRows } from './rows/stream.ts';

/** In the order of their ids. */
export const rows: readonly Row[] = [
  ...connectionRows,
  ...headRows,
  ...statusRows,
  ...bodyRows,
  ...streamRows,
  ...clientRows,
];

/** What came of one case on one driver pair for one client. */
export interface Played extends Part, Outcome {}

/** A case and all its plays; none for one that cannot be played here. */
export interface PlayedRow {
  readonly row: Row;
  readonly cases: readonly { readonly one: Case; readonly plays: readonly Played[] }[];
}

/** What a row is about, as the simulator's own list says it. */
export function titleOf(id: string): string {
  return faults.find((fault) => fault.id === id)?.plays ?? '';
}

/** Plays that run side by side in one process. */
const atOnce = 6;

/** Every row, each as a promise of its own, so that who waits for one need not wait for all. */
export function playMatrix(ids: readonly string[] = []): {
  readonly rows: ReadonlyMap<string, Promise<PlayedRow>>;
  readonly leaks: () => string[];
} {
  const queue = new Queue();
  const console = listenToConsole();
  const chosen = rows.filter(({ id }) => ids.length === 0 || ids.includes(id));
  const played = new Map(chosen.map((row) => [row.id, playRow(row, queue)]));
  void Promise.allSettled(played.values()).then(console.stop);
  return { rows: played, leaks: console.leaks };
}

async function playRow(row: Row, queue: Queue): Promise<PlayedRow> {
  const cases = row.cases.map(async (one) => {
    if ('notPlayed' in one) return { one, plays: [] };
    const parts = partsOf(one);
    const run = (part: Part) => async (): Promise<Played> => ({ ...part, ...(await perform(one, part)) });
    return { one, plays: await Promise.all(parts.map((part) => playedWell(run(part), one, queue))) };
  });
  return { row, cases: await Promise.all(cases) };
}

/**
 * Time passes when nothing has moved for a while, and on a machine that stands still something may only have been about
 * to. So what has failed is played once more, with nothing beside it. Half an answer that was taken for whole is never
 * excused.
 */
async function playedWell(
  run: () => Promise<Played>,
  { more }: PlayedCase | ScenarioCase,
  queue: Queue,
): Promise<Played> {
  const first = await queue.add(run, more.isHeavy === true);
  return first.faults.length === 0 || first.isSilentlyShort ? first : queue.add(run, true);
}

function perform(one: PlayedCase | ScenarioCase, part: Part): Promise<Outcome> {
  return 'scenario' in one ? performScenario(one, part) : play(one, part);
}

async function performScenario({ scenario }: ScenarioCase, { driver, form }: Part): Promise<Outcome> {
  const rest = { calls: 0, wasCut: false, isSilentlyShort: false };
  try {
    return { ...rest, saw: await scenario(driver, form), faults: [] };
  } catch (error) {
    return { ...rest, saw: 'failed', faults: [(error as Error).message] };
  }
}

/** Who can play a case. */
function partsOf(one: PlayedCase | ScenarioCase): Part[] {
  const forms = ['stream', 'unary'] as const;
  const clients = ['bytes', 'sdk'] as const;
  const all = drivers.flatMap((driver) => forms.flatMap((form) => clients.map((client) => ({ driver, form, client }))));
  if ('scenario' in one) return all.filter(({ client, form }) => client === 'bytes' && one.forms.includes(form));
  const { only } = one.more;
  return all.filter(
    (part) =>
      expectationOf(one, part) !== null &&
      (only !== 'undici' || part.driver.upstream === 'undici') &&
      (only !== 'bytes' || part.client === 'bytes') &&
      (only !== 'no-sdk-in-process' || part.client === 'bytes' || part.driver.client === 'node'),
  );
}

/** Runs some at a time, and what is heavy alone. */
class Queue {
  readonly #waiting: { readonly run: () => Promise<void>; readonly isHeavy: boolean }[] = [];
  #running = 0;
  #isAlone = false;

  add<Value>(run: () => Promise<Value>, isHeavy: boolean): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ isHeavy, run: () => run().then(resolve, reject) });
      this.#next();
    });
  }

  #next(): void {
    for (;;) {
      const [first] = this.#waiting;
      const isFull = this.#isAlone || this.#running >= atOnce || (first?.isHeavy === true && this.#running > 0);
      if (first === undefined || isFull) return;
      this.#waiting.shift();
      this.#running++;
      this.#isAlone = first.isHeavy;
      void first.run().finally(() => {
        this.#running--;
        this.#isAlone = false;
        this.#next();
      });
    }
  }
}
