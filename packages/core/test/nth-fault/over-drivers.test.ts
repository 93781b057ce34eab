/** The same over the real client drivers, for what needs no time to pass: the n-th operation fails, once. */

import { eventually } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Faults, type Kind } from './faults.ts';
import { brokenPromises, type Replay } from './invariants.ts';
import { leftAtOnce, Uncaught } from './replay.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { Stage } from './stage.ts';
import { type Way, ways } from './ways.ts';

// On a machine that does much else.
vi.setConfig({ testTimeout: 60_000 });

const uncaught = new Uncaught();
beforeAll(() => uncaught.listen());
const counts = new Map<string, number>();
afterAll(() => {
  uncaught.stop();
  console.info(['over real drivers, points:', ...[...counts].map(([name, count]) => `${name} ${count}`)].join('\n'));
});

const kinds: readonly Kind[] = [
  { at: 'connect', how: 'refused' },
  { at: 'send', how: 'reset' },
  { at: 'head', how: 'nonsense' },
  { at: 'chunk', how: 'reset' },
  { at: 'chunk', how: 'cut' },
  { at: 'end', how: 'reset' },
  { at: 'upstream', how: 'throws' },
  { at: 'client', how: 'leaves' },
  { at: 'listener', how: 'throws' },
];

const names = new Set(['unary', 'SSE stream', 'OpenAI stream', 'failover to another project']);
const mostRuns = 50;

describe.each(ways)('over $name', (way) => {
  describe.each(scenarios.filter(({ name }) => names.has(name)))('whatever fails: $name', (scenario) => {
    test.each(kinds)('$at $how', async (kind) => {
      const wrong: string[] = [];
      for (let nth = 1; ; nth++) {
        expect(nth).toBeLessThan(mostRuns);
        const run = await replayOver(way, scenario, kind, nth);
        wrong.push(...brokenPromises(run).map((line) => `n = ${nth}: ${line}`));
        if (run.faults.injected === 0) break;
        counts.set(way.name, (counts.get(way.name) ?? 0) + run.faults.injected);
      }
      expect(wrong).toEqual([]);
    });
  });
});

/** Time stands still: a retry comes at once, and no silence is too long. */
async function replayOver(way: Way, scenario: Scenario, kind: Kind, nth: number): Promise<Replay> {
  const faults = new Faults(kind, nth, false);
  const retry = { baseDelayMs: 0 };
  const stage = new Stage({ ...scenario, options: { ...scenario.options, retry } }, faults);
  const { gateway, upstream } = stage;
  stage.ask = async (asked) => {
    const shown = await way.ask(gateway, asked, faults, stage.told);
    stage.clients.push(shown);
    return shown;
  };
  await scenario.run(stage);
  await eventually('a request is still inside', () => gateway.snapshot().open === 0 && upstream.running.size === 0);
  const left = leftAtOnce(stage, kind);
  await gateway.close();
  return { scenario, kind, faults, stage, isOver: true, left, uncaught: uncaught.take() };
}
