/** From what was measured to what is read. */

import { addedP99Us, mostBytesPerStream, verdict, verdictOnRatio } from './budget.ts';
import type { Costs } from './figures/cost.ts';
import type { Held } from './figures/held.ts';
import { type Delays, direct } from './figures/latency.ts';
import type { Stalled } from './figures/stalled.ts';
import { compare, median, quantile } from './statistics.ts';
import type { Table } from './table.ts';
import type { Variant } from './variants.ts';

/** Costs of all groups of a figure, each beside the base of its own group. */
export function costTable(
  figure: string,
  title: string,
  groups: readonly { readonly variants: readonly Variant[]; readonly costs: Costs }[],
): Table {
  const rows: string[][] = [];
  const shown = new Set<string>();
  for (const { variants, costs } of groups) {
    for (const { name, base } of variants) {
      // Later groups have it for others to be compared with.
      if (shown.has(name)) continue;
      shown.add(name);
      const own = costs.slices.get(name) ?? [];
      const { median, least, ratio, ratioSpread, leastRatio, pairs } = compare(own, costs.slices.get(base) ?? own);
      const [low, high] = ratioSpread;
      const isBase = name === base || !costs.slices.has(base);
      rows.push([
        name,
        median.toFixed(1),
        least.toFixed(1),
        isBase ? '1' : ratio.toFixed(3),
        isBase ? '' : `${low.toFixed(3)}–${high.toFixed(3)}`,
        isBase ? '' : leastRatio.toFixed(3),
        isBase ? '' : base,
        String(pairs),
        verdictOnRatio(figure, name, ratio),
      ]);
    }
  }
  const share = Math.max(...groups.map(({ costs }) => costs.loadShare));
  const requests = groups.reduce((sum, { costs }) => sum + costs.requests, 0);
  return {
    title,
    columns: [
      'variant',
      'median µs',
      'least µs',
      '÷ base',
      'pairs from–to',
      'least ÷ least',
      'base',
      'pairs',
      'budget',
    ],
    rows,
    notes: [
      `${requests.toLocaleString('en')} answers, each checked byte by byte; the generator used ${Math.round(share * 100)} % of a core at most.`,
    ],
  };
}

/** Delays above those of the provider itself. Quantiles are taken pair by pair: a stall of the machine spoils one of them. */
export function latencyTable(title: string, delays: Delays): Table {
  const quantiles = (name: string, share: number): number[] =>
    (delays.get(name) ?? []).map((pair) => quantile(pair, share));
  const added = (name: string, share: number): number =>
    median(quantiles(name, share).map((us, pair) => us - (quantiles(direct, share)[pair] as number)));
  return {
    title,
    columns: [
      'variant',
      'added p50 µs',
      'added p99 µs',
      'p50 µs',
      'p99 µs',
      'p99 of pairs from–to',
      'requests',
      'pairs',
    ],
    rows: [...delays].map(([name, pairs]) => {
      const p99s = quantiles(name, 0.99);
      return [
        name,
        name === direct ? '' : added(name, 0.5).toFixed(0),
        name === direct ? '' : added(name, 0.99).toFixed(0),
        median(quantiles(name, 0.5)).toFixed(0),
        median(p99s).toFixed(0),
        `${Math.min(...p99s).toFixed(0)}–${Math.max(...p99s).toFixed(0)}`,
        String(pairs.reduce((sum, pair) => sum + pair.length, 0)),
        String(pairs.length),
      ];
    }),
    notes: ['`direct` is the provider without a gateway; delays count from the moment at which a request was due.'],
  };
}

/** Medians of the rounds with so many streams. */
export function heldTable(title: string, streams: number, found: ReadonlyMap<string, readonly Held[]>): Table {
  const at = (name: string, figure: keyof Held): number =>
    median((found.get(name) ?? []).filter((held) => held.streams === streams).map((held) => held[figure]));
  const names = [...found.keys()].filter((name) => name !== direct);
  const addedP99 = (name: string): number => at(name, 'delayP99Us') - at(direct, 'delayP99Us');
  return {
    title,
    columns: [
      'variant',
      'RSS MiB',
      'KiB each',
      '÷ raw',
      'live KiB each',
      '÷ raw',
      'budget',
      'CPU µs an event',
      'added p50 ms',
      'added p99 ms',
      'budget',
      'rounds',
    ],
    rows: names.map((name) => {
      const bytes = at(name, 'bytesPerStream');
      const ratio = bytes / at('raw', 'bytesPerStream');
      const liveRatio = at(name, 'liveBytesPerStream') / at('raw', 'liveBytesPerStream');
      const isCore = name === 'core';
      const room = verdict(bytes, mostBytesPerStream, (most) => `${most / 1024} KiB`);
      const mostP99 = Math.max(addedP99Us, 2 * addedP99('raw'));
      return [
        name,
        (at(name, 'rssBytes') / 2 ** 20).toFixed(0),
        (bytes / 1024).toFixed(1),
        ratio.toFixed(2),
        (at(name, 'liveBytesPerStream') / 1024).toFixed(1),
        liveRatio.toFixed(2),
        isCore
          ? [verdictOnRatio('memory', name, Math.max(ratio, liveRatio)), ...(streams >= 5_000 ? [room] : [])].join('; ')
          : '',
        at(name, 'cpuPerEventUs').toFixed(1),
        ((at(name, 'delayP50Us') - at(direct, 'delayP50Us')) / 1e3).toFixed(2),
        (addedP99(name) / 1e3).toFixed(2),
        isCore ? verdict(addedP99(name), mostP99, (most) => `${(most / 1e3).toFixed(0)} ms`) : '',
        String((found.get(name) ?? []).filter((held) => held.streams === streams).length),
      ];
    }),
    notes: [
      'Each: above that of the process before the first stream; live: still reachable after a collection. The worse ratio counts.',
      'Delays count from the moment the provider wrote an event.',
    ],
  };
}

/** Medians of the rounds. */
export function stalledTable(title: string, found: ReadonlyMap<string, readonly Stalled[]>): Table {
  const bytes = (name: string): number => median((found.get(name) ?? []).map((round) => round.bytes));
  return {
    title,
    columns: ['variant', 'RSS + MiB', 'from–to', '÷ raw', 'live + MiB', 'provider sent MiB', 'rounds', 'budget'],
    rows: [...found].map(([name, rounds]) => {
      const ratio = bytes(name) / bytes('raw');
      const each = rounds.map((round) => round.bytes / 2 ** 20);
      return [
        name,
        (bytes(name) / 2 ** 20).toFixed(1),
        `${Math.min(...each).toFixed(0)}–${Math.max(...each).toFixed(0)}`,
        ratio.toFixed(2),
        (median(rounds.map(({ liveBytes }) => liveBytes)) / 2 ** 20).toFixed(1),
        (median(rounds.map(({ sentBytes }) => sentBytes)) / 2 ** 20).toFixed(0),
        String(rounds.length),
        verdictOnRatio('stalled', name, ratio),
      ];
    }),
    notes: ['Afterwards every reader reads on and gets each byte in order.'],
  };
}
