/** Measures a figure from beginning to end. */

import { type AddedName, isAdded, runAdded } from './added.ts';
import type { Command, FigureName } from './command-line.ts';
import { measureChunks } from './figures/chunk.ts';
import { measureCosts } from './figures/cost.ts';
import { measureHeld } from './figures/held.ts';
import { measureLatency } from './figures/latency.ts';
import { measureStalled } from './figures/stalled.ts';
import { amountsOf, groupsOf } from './plan.ts';
import { isRelay, type RelayName, runRelay } from './relays.ts';
import type { Table } from './table.ts';
import { costTable, heldTable, latencyTable, stalledTable } from './tables.ts';
import type { Kind } from './traffic.ts';
import { isTrouble, runTrouble, type TroubleName } from './trouble.ts';

const titles: Readonly<Record<Exclude<FigureName, TroubleName | RelayName | AddedName>, string>> = {
  unary: 'CPU per unary request, 1 kB (µs)',
  gzip: 'CPU per unary request, 1 kB, compressed (µs)',
  stream: 'CPU per stream of 200 events, 60 kB (µs)',
  chunk: 'CPU per event of streams at human speed, 4,000 events a second over 200 streams (µs)',
  latency: 'Added latency of unary requests, 500 a second',
  held: 'open streams, an event a second each',
  stalled: '100 readers that ask for a stream and do not read it',
};

const perSecond = 500;
const readers = 100;
/** Where memory is measured: what a long warm-up leaves on the heap would hide what comes with the streams. */
const fewRequests = 500;
const heldStreams = [1_000, 5_000];

/** @param say - hears what is going on, for who watches */
export async function runFigure(figure: FigureName, command: Command, say: (line: string) => void): Promise<Table[]> {
  const { isQuick, isProfiled } = command;
  const groups = groupsOf(figure, command);
  const all = [...new Map(groups.flat().map((variant) => [variant.name, variant])).values()];
  const onRound = (round: number): void => say(`${figure}: round ${round}`);
  if (isTrouble(figure)) return runTrouble(figure, all, command, say);
  if (isAdded(figure)) return runAdded(figure, groups, command, say);
  if (isRelay(figure)) return runRelay(figure, all, command, say);
  const title = titles[figure];
  switch (figure) {
    case 'unary':
    case 'gzip':
    case 'stream':
    case 'chunk': {
      const measured = [];
      const measure = figure === 'chunk' ? measureChunks : measureCosts;
      const kind: Kind = figure === 'chunk' ? 'stream' : figure;
      for (const variants of groups) {
        const names = variants.map(({ name }) => name).join(', ');
        const plan = { kind, isProfiled, ...amountsOf(figure, command) };
        const costs = await measure(variants, plan, (pair) =>
          say(`${figure}: ${names}: pair ${pair} of ${plan.pairs}`),
        );
        measured.push({ variants, costs });
      }
      return [costTable(figure, title, measured)];
    }
    case 'latency': {
      const amounts = isQuick ? { pairs: 2, slicesPerPair: 4 } : { pairs: 7, slicesPerPair: 3 };
      const plan = { ...amounts, sliceMs: 500, perSecond, warmUpRequests: 10_000, isProfiled };
      return [latencyTable(title, await measureLatency(all, plan, onRound))];
    }
    case 'held': {
      const rounds = isQuick ? 1 : 3;
      const plan = {
        rounds,
        streams: heldStreams,
        intervalMs: 1_000,
        listenMs: 2_000,
        warmUpRequests: fewRequests,
        isProfiled,
      };
      const found = await measureHeld(all, plan, onRound);
      return heldStreams.map((streams) => heldTable(`${streams.toLocaleString('en')} ${title}`, streams, found));
    }
    case 'stalled': {
      const plan = { rounds: isQuick ? 1 : 3, readers, warmUpRequests: fewRequests, isProfiled };
      return [stalledTable(title, await measureStalled(all, plan, onRound))];
    }
  }
}
