/** What was measured of uploads becomes tables. */

import { leastUploadRatio, mostUploadBytes, verdict, verdictAtLeast } from './budget.ts';
import { isBase, type Rounds } from './cells.ts';
import { direct } from './figures/latency.ts';
import type { Uploaded, UploadPlan, Uploads } from './figures/upload.ts';
import type { UploadMemory, UploadMemoryPlan } from './figures/upload-memory.ts';
import { compare, median } from './statistics.ts';
import type { Table } from './table.ts';

const mebibyte = 2 ** 20;

/** Ratios are taken slice by slice with the raw pipe's. */
export function uploadTable(
  { sliceBytes }: Pick<UploadPlan, 'sliceBytes'>,
  { found, bytes, endsShare }: Uploads,
): Table {
  return {
    title: `Uploads, ${(sliceBytes / mebibyte).toFixed(0)} MiB a slice`,
    columns: [
      'variant',
      'how',
      'at once',
      'MB/s',
      'MB/s ÷ raw',
      'pairs from–to',
      'budget',
      'CPU µs a MiB',
      '÷ raw',
      'pairs',
    ],
    rows: found.map((one) => {
      const { name, way, atOnce, bytesPerMs, cpuUsPerMiB } = one;
      const raw = found.find(
        (other) => other.name === 'raw' && other.way === way && other.atOnce === atOnce,
      ) as Uploaded;
      const isRaw = name === 'raw';
      const speed = compare(bytesPerMs, raw.bytesPerMs);
      const cost = name === direct ? null : compare(cpuUsPerMiB, raw.cpuUsPerMiB);
      return [
        name,
        way,
        String(atOnce),
        (speed.median / 1e3).toFixed(0),
        isRaw ? '1' : speed.ratio.toFixed(2),
        isRaw ? '' : speed.ratioSpread.map((ratio) => ratio.toFixed(2)).join('–'),
        isBase(name) ? '' : verdictAtLeast(speed.ratio, leastUploadRatio, (least) => least.toFixed(2)),
        cost === null ? '' : cost.median.toFixed(0),
        cost === null ? '' : isRaw ? '1' : cost.ratio.toFixed(2),
        String(speed.pairs),
      ];
    }),
    notes: [
      `${(bytes / 2 ** 30).toFixed(1)} GiB, each byte compared at the provider. \`direct\` is the provider without a gateway, \`raw\` a pipe from \`node:http\` to \`undici.dispatch\`.`,
      `Beside \`raw\`, generator and provider used ${Math.round(endsShare * 100)} % of a core each at most.`,
    ],
  };
}

/** The most of all rounds. */
export function uploadMemoryTable(
  { atOnce, bytes, holdMs, way }: Pick<UploadMemoryPlan, 'atOnce' | 'bytes' | 'holdMs' | 'way'>,
  found: Rounds<UploadMemory>,
): Table {
  const mib = (many: number): string => (many / mebibyte).toFixed(1);
  return {
    title: `Memory of ${atOnce} uploads at once, ${mib(bytes).replace('.0', '')} MiB each, ${way}`,
    columns: ['variant', 'RSS before MiB', 'RSS + MiB', 'from–to', 'budget', 'held, live + MiB', 'seconds', 'rounds'],
    rows: [...found].map(([name, rounds]) => {
      const growths = rounds.map(({ rssBytes, mostRssBytes }) => mostRssBytes - rssBytes);
      const growth = median(growths);
      return [
        name,
        mib(median(rounds.map(({ rssBytes }) => rssBytes))),
        mib(growth),
        `${mib(Math.min(...growths))}–${mib(Math.max(...growths))}`,
        isBase(name) ? '' : verdict(growth, mostUploadBytes, (most) => `${most / mebibyte} MiB`),
        mib(median(rounds.map((round) => round.heldBytes))),
        (median(rounds.map(({ ms }) => ms)) / 1e3).toFixed(1),
        String(rounds.length),
      ];
    }),
    notes: [
      `RSS +: the most there was at any time, above that of the process after one upload of 64 MiB. Much of it is what was read and has left, and waits for the collector.`,
      `Held: what is reachable of all of them while the provider reads nothing, which it does for the first ${holdMs} ms.`,
      'Of each file the SHA-256 of what has come was checked.',
    ],
  };
}
