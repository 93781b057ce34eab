/**
 * The n-th operation fails: for n = 1, 2, 3 … until a run completes untouched, each scenario is played again with the
 * n-th operation of a kind failing, once and from then on.
 */

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { kinds } from './faults.ts';
import { brokenPromises, type Replay } from './invariants.ts';
import { replay, Uncaught } from './replay.ts';
import { scenarios } from './scenarios.ts';

// On a machine that does much else.
vi.setConfig({ testTimeout: 60_000 });

const uncaught = new Uncaught();
beforeAll(() => uncaught.listen());

/** Runs, failures in them, and requests that ended only when their client gave up; by scenario and by kind. */
const byScenario = new Map<string, Count>();
const byKind = new Map<string, Count>();

interface Count {
  runs: number;
  points: number;
  givenUp: number;
}

function count(counts: Map<string, Count>, name: string, { faults, stage }: Replay): void {
  const { runs, points, givenUp } = counts.get(name) ?? { runs: 0, points: 0, givenUp: 0 };
  counts.set(name, { runs: runs + 1, points: points + faults.injected, givenUp: givenUp + (stage.gaveUp ? 1 : 0) });
}

function row(name: string, { runs, points, givenUp }: { [Name in keyof Count]: string | number }): string {
  return [name.padEnd(36), ...[runs, points, givenUp].map((cell) => String(cell).padStart(9))].join('');
}

afterAll(() => {
  uncaught.stop();
  const head = { runs: 'runs', points: 'points', givenUp: 'given up' };
  const all = [...byScenario.values()].reduce(
    (sum, one) => ({ runs: sum.runs + one.runs, points: sum.points + one.points, givenUp: sum.givenUp + one.givenUp }),
    { runs: 0, points: 0, givenUp: 0 },
  );
  const rows = (counts: Map<string, Count>): string[] => [...counts].map(([name, one]) => row(name, one));
  const table = [
    row('by scenario', head),
    ...rows(byScenario),
    '',
    row('by kind', head),
    ...rows(byKind),
    '',
    row('in all', all),
  ];
  console.info(table.join('\n'));
});

/** More operations than any scenario has. */
const mostRuns = 400;

describe.each(scenarios)('whatever fails: $name', (scenario) => {
  test('when nothing does, it goes as it should', async () => {
    expect(brokenPromises(await replay(scenario, null, { nth: 0, isPersistent: false, uncaught }))).toEqual([]);
  });

  for (const isPersistent of [false, true]) {
    test.each(kinds)(`$at $how, ${isPersistent ? 'from then on' : 'once'}`, async (kind) => {
      const wrong: string[] = [];
      for (let nth = 1; ; nth++) {
        expect(nth).toBeLessThan(mostRuns);
        const run = await replay(scenario, kind, { nth, isPersistent, uncaught });
        wrong.push(...brokenPromises(run).map((line) => `n = ${nth}: ${line}`));
        if (run.faults.injected === 0) break;
        count(byScenario, scenario.name, run);
        count(byKind, `${kind.at} ${kind.how}`, run);
      }
      expect(wrong).toEqual([]);
    });
  }
});
