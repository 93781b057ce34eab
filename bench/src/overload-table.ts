/** What was measured of a gateway that has too much to do becomes a table. */

import { verdict } from './budget.ts';
import { isBase, milliseconds, percent, type Rounds } from './cells.ts';
import { type Overload, type OverloadPlan, rules, surgeRatio } from './figures/overload.ts';
import { pinningNote } from './pinning.ts';
import { median } from './statistics.ts';
import type { Table } from './table.ts';

const leastShare = 0.8;
const asked = { unary: 'small answers', picture: 'pictures of a megabyte' } as const;

/** Medians of the rounds; the slowest recovery. */
export function overloadTable(
  { kind, surgeMs }: Pick<OverloadPlan, 'kind' | 'surgeMs'>,
  found: Rounds<Overload>,
): Table {
  const all = [...found.values()].flat();
  const most = (value: (round: Overload) => number): number => Math.max(...all.map(value));
  return {
    title: `${surgeRatio} times as many ${asked[kind]} as can be answered, for ${surgeMs / 1e3} s`,
    columns: [
      'variant',
      'capacity a s',
      'offered a s',
      'good a s',
      '÷ capacity',
      'budget',
      'right p99 ms',
      'shed p50 ms',
      'shed p99 ms',
      'a bystander p50 ms',
      'p99 ms',
      'by itself',
      'budget',
      'good / late / shed / broken / unsent / unanswered %',
      'recovery s',
      'budget',
      'core, at capacity and over it',
      'rounds',
    ],
    rows: [...found].map(([name, rounds]) => {
      const at = (value: (round: Overload) => number): number => median(rounds.map(value));
      const some = (value: (round: Overload) => number | null): number | null => {
        const values = rounds.map(value).filter((one) => one !== null);
        return values.length === 0 ? null : median(values);
      };
      const ratio = at(({ goodPerSecond, capacityPerSecond }) => goodPerSecond / capacityPerSecond);
      const shedP99 = some(({ shedP99Ms }) => shedP99Ms);
      const seenP99 = some(({ bystander }) => bystander.shedP99Ms);
      const recoveries = rounds.map(({ recoveryMs }) => recoveryMs ?? Number.POSITIVE_INFINITY);
      const recovery = Math.max(...recoveries);
      const kinds = ['good', 'late', 'shed', 'broken', 'unsent', 'unanswered'] as const;
      return [
        name,
        at(({ capacityPerSecond }) => capacityPerSecond).toFixed(0),
        at(({ offeredPerSecond }) => offeredPerSecond).toFixed(0),
        at(({ goodPerSecond }) => goodPerSecond).toFixed(0),
        percent(ratio),
        isBase(name) ? '' : atLeast(ratio, 0.9),
        msOrNone(some(({ rightP99Ms }) => rightP99Ms)),
        msOrNone(some(({ shedP50Ms }) => shedP50Ms)),
        shedP99 === null ? 'none shed' : msOrNone(shedP99),
        msOrNone(some(({ bystander }) => bystander.shedP50Ms)),
        msOrNone(seenP99),
        msOrNone(some(({ shedOwnP99Ms }) => shedOwnP99Ms)),
        isBase(name) || seenP99 === null ? '' : verdict(seenP99, 10, milliseconds),
        kinds.map((kind) => (at(({ shares }) => shares[kind]) * 100).toFixed(1)).join(' / '),
        recovery === Number.POSITIVE_INFINITY ? 'not seen' : (recovery / 1e3).toFixed(1),
        isBase(name) ? '' : verdict(recovery, 2_000, (value) => `${value / 1e3} s`),
        `${percent(at(({ atCapacity }) => atCapacity.gateway))}, ${percent(at(({ inSurge }) => inSurge.gateway))}`,
        String(rounds.length),
      ];
    }),
    notes: [
      `Good: right, and within ${rules.patienceMs} ms of when it was due; late: right, and after that; unsent: all connections of the generators were waiting. A refusal counts from when its request was sent, all others from when they were due. Recovered: the first ${rules.calmMs} ms in which each request had its answer within ${rules.calmTookMs} ms.`,
      `${pinningNote()} Two generators used ${percent(most(({ inSurge }) => inSurge.load))} of a core at most, the provider ${percent(most(({ inSurge }) => inSurge.provider))}; they sent ${most(({ lateP99Ms }) => lateP99Ms).toFixed(1)} ms late at most (p99), and learn of answers as late. The bystander is a process of its own beside them with 50 requests a second, ${most(({ bystander }) => bystander.lateP99Ms).toFixed(1)} ms late (p99): what a client sees that is not busy itself.`,
      ...busyNote(found),
      ...brokenNote(found),
    ],
  };
}

/** A gateway that has too much to do uses a whole core. One that has not got one was measured beside somebody else. */
function busyNote(found: Rounds<Overload>): string[] {
  const names = [...found]
    .filter(([, rounds]) => Math.min(...rounds.map(({ inSurge }) => inSurge.gateway)) < leastShare)
    .map(([name]) => name);
  if (names.length === 0) return [];
  return [
    `**Not to be believed**: ${names.join(', ')} had less than ${percent(leastShare)} of a core: something else was running, or the generators were too slow.`,
  ];
}

function brokenNote(found: Rounds<Overload>): string[] {
  const broken = [...found].flatMap(([name, rounds]) =>
    rounds.filter(({ problem }) => problem !== '').map(({ problem }) => `${name}: ${problem}`),
  );
  return broken.length === 0 ? [] : [`What broke connections first: ${[...new Set(broken)].join('; ')}.`];
}

/** As {@link verdict}, for what has to be no less. */
function atLeast(share: number, least: number): string {
  return `≥ ${percent(least)} ${share >= least ? 'kept' : '**missed**'}`;
}

function msOrNone(ms: number | null): string {
  return ms === null ? '' : ms.toFixed(ms < 10 ? 2 : 0);
}
