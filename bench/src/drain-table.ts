/** What was measured of a proxy that goes down becomes a table. */

import { verdict } from './budget.ts';
import type { Rounds } from './cells.ts';
import { type Drained, type DrainPlan, exitSlackMs } from './figures/drain.ts';
import type { Table } from './table.ts';

/** Sums of the rounds, and the slowest of them. */
export function drainTable(
  { streams, finished, drainMs }: Pick<DrainPlan, 'streams' | 'finished' | 'drainMs'>,
  found: Rounds<Drained>,
): Table {
  const mostMs = drainMs + exitSlackMs;
  return {
    title: `SIGTERM with ${streams.toLocaleString('en')} open streams`,
    columns: [
      'variant',
      'by marker',
      'by error',
      'cut',
      'budget',
      'last end s',
      'exit s',
      'budget',
      'exit code',
      'budget',
      'rounds',
    ],
    rows: [...found].map(([name, rounds]) => {
      const sum = (kind: keyof Drained['ends']): number => rounds.reduce((total, { ends }) => total + ends[kind], 0);
      const exits = [...new Set(rounds.map(({ exit }) => String(exit)))];
      const exitMs = Math.max(...rounds.map((round) => round.exitMs));
      return [
        name,
        String(sum('marker')),
        String(sum('error')),
        String(sum('cut')),
        verdict(sum('cut'), 0, String),
        (Math.max(...rounds.map(({ lastEndMs }) => lastEndMs)) / 1e3).toFixed(2),
        (exitMs / 1e3).toFixed(2),
        verdict(exitMs, mostMs, (most) => `${most / 1e3} s`),
        exits.join(', '),
        exits.join() === '0' ? '0 kept' : '0 **missed**',
        String(rounds.length),
      ];
    }),
    notes: [
      `The provider ends ${finished} of them well, half a second after the signal; the others would go on. \`server.drainMs\` is ${drainMs}.`,
      ...[...found].flatMap(([name, rounds]) =>
        rounds
          .filter(({ firstCut }) => firstCut !== '')
          .map(({ firstCut }) => `${name}, the first that was cut: ${firstCut}.`),
      ),
    ],
  };
}
