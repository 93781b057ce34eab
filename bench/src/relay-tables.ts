/** What was measured of relays becomes tables. */

import { addedFrameP99Us, mostBytesPerSession, verdict } from './budget.ts';
import { isBase, milliseconds, type Rounds } from './cells.ts';
import { direct } from './figures/latency.ts';
import type { Talked, TalkPlan, Talks } from './figures/live.ts';
import type { SessionMemory, SessionMemoryPlan } from './figures/session-memory.ts';
import { compare, difference, median } from './statistics.ts';
import type { Table } from './table.ts';

/** All is taken slice by slice, each beside its neighbour's: a stall of the machine spoils one of them. */
export function talkTable(
  { sessions, perSecond }: Pick<TalkPlan, 'sessions' | 'perSecond'>,
  { found, frames, endsShare, latenessUs }: Talks,
): Table {
  const of = (name: string): Talked => found.get(name) as Talked;
  const over = (name: string, base: string, which: 'p50Us' | 'p99Us'): number =>
    difference(of(name)[which], of(base)[which]);
  const ms = (us: number): string => (us / 1e3).toFixed(2);
  return {
    title: `${sessions} live sessions, ${perSecond} frames of 4 KiB a second each way in each`,
    columns: [
      'variant',
      'p50 ms',
      'p99 ms',
      'added p50 ms',
      'added p99 ms',
      'budget',
      'over raw p50 ms',
      'over raw p99 ms',
      'CPU µs a frame',
      '÷ raw',
      'pairs from–to',
      'pairs',
    ],
    rows: [...found.keys()].map((name) => {
      const isDirect = name === direct;
      const isRaw = isDirect || name === 'raw';
      const p99 = over(name, direct, 'p99Us');
      const cost = isDirect ? null : compare(of(name).cpuUs, of('raw').cpuUs);
      return [
        name,
        ms(median(of(name).p50Us.flat())),
        ms(median(of(name).p99Us.flat())),
        isDirect ? '' : ms(over(name, direct, 'p50Us')),
        isDirect ? '' : ms(p99),
        isBase(name) ? '' : verdict(p99, addedFrameP99Us, (us) => milliseconds(us / 1e3)),
        isRaw ? '' : ms(over(name, 'raw', 'p50Us')),
        isRaw ? '' : ms(over(name, 'raw', 'p99Us')),
        cost === null ? '' : cost.median.toFixed(1),
        cost === null ? '' : isRaw ? '1' : cost.ratio.toFixed(2),
        cost === null || isRaw ? '' : cost.ratioSpread.map((ratio) => ratio.toFixed(2)).join('–'),
        String(of(name).p99Us.length),
      ];
    }),
    notes: [
      `${frames.toLocaleString('en')} frames, each checked byte by byte, in order and in its own session. \`direct\` is the provider without a gateway; \`raw\` passes frames from one \`ws\` to another.`,
      `Delays count from the moment a frame was written, which was ${ms(median(latenessUs))} ms after it was due (p99; the median of the slices, ${ms(Math.max(...latenessUs))} ms in one); generator and provider used ${Math.round(endsShare * 100)} % of a core each at most.`,
    ],
  };
}

/** Medians of the rounds, for each number of sessions. */
export function sessionTable(
  { sessions, framesPerSecond }: Pick<SessionMemoryPlan, 'sessions' | 'framesPerSecond'>,
  found: Rounds<SessionMemory>,
): Table {
  const kib = (bytes: number): string => (bytes / 1_024).toFixed(1);
  return {
    title: `Memory of live sessions, ${framesPerSecond.toLocaleString('en')} frames a second each way over all of them`,
    columns: ['variant', 'sessions', 'RSS MiB', 'KiB each', 'from–to', 'live KiB each', '÷ raw', 'budget', 'rounds'],
    rows: sessions.flatMap((count) => {
      const roundsOf = (name: string): SessionMemory[] =>
        (found.get(name) ?? []).filter((round) => round.sessions === count);
      const at = (name: string, figure: keyof SessionMemory): number =>
        median(roundsOf(name).map((round) => round[figure]));
      return [...found.keys()].map((name) => {
        const each = roundsOf(name).map(({ bytesPerSession }) => bytesPerSession);
        const resident = median(each);
        const live = at(name, 'liveBytesPerSession');
        return [
          name,
          count.toLocaleString('en'),
          (at(name, 'rssBytes') / 2 ** 20).toFixed(0),
          kib(resident),
          `${kib(Math.min(...each))}–${kib(Math.max(...each))}`,
          kib(live),
          (live / at('raw', 'liveBytesPerSession')).toFixed(2),
          isBase(name) ? '' : verdict(Math.max(resident, live), mostBytesPerSession, (most) => `${most / 1_024} KiB`),
          String(each.length),
        ];
      });
    }),
    notes: [
      'Each: above that of the process with 20 sessions and as many frames a second; live: still reachable after a collection. The worse one counts. A process has room from its start, and what is resident of few sessions is mostly in there.',
    ],
  };
}
