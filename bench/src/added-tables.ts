/** What was measured of what a gateway adds becomes tables. */

import type { Measured } from './added.ts';
import { mostAddedByHitUs, mostAddedInProcessUs, verdict } from './budget.ts';
import { frameworks } from './frameworks.ts';
import { difference, type Slices } from './statistics.ts';
import type { Table } from './table.ts';
import { costTable } from './tables.ts';

/** Requests and streams beside the bare framework, and whose the difference is. */
export function adapterTables(unary: readonly Measured[], streams: readonly Measured[]): Table[] {
  return [
    costTable('adapters', 'CPU per unary request, 1 kB, in frameworks (µs)', unary),
    ownTable(unary),
    costTable('adapter streams', 'CPU per stream of 200 events, 60 kB, in frameworks (µs)', streams),
  ];
}

function ownTable(groups: readonly Measured[]): Table {
  return {
    title: 'Where that goes: the framework, the gateway, and what stands between them (µs a request)',
    columns: ['framework', 'framework over node:http', 'gateway over bare', 'of it core', 'of it the adapter'],
    rows: frameworks.flatMap(({ name }) => {
      const costs = groups.find(({ variants }) => variants.some((one) => one.name === name))?.costs;
      if (costs === undefined) return [];
      const over = (one: string, base: string): number =>
        difference(costs.slices.get(one) as Slices, costs.slices.get(base) as Slices);
      const [gateway, core] = [over(name, `${name}-raw`), over('core', 'raw')];
      return [[name, ...[over(`${name}-raw`, 'raw'), gateway, core, gateway - core].map((us) => us.toFixed(1))]];
    }),
    notes: [
      'Differences slice by slice of processes that run beside each other. Core is what it adds to `node:http`; the adapter is what is left, the way through `Request` and `Response` where a framework has no other.',
    ],
  };
}

/** Calls in process, beside the same calls straight to the provider. */
export function inProcessTable(groups: readonly Measured[]): Table {
  const requests = groups.reduce((sum, { costs }) => sum + costs.requests, 0).toLocaleString('en');
  const note = `${requests} answers, each checked byte by byte, by who called: all that is one process, and no other makes load.`;
  const table = costTable('in-process', 'CPU per unary call in process, 1 kB (µs)', groups);
  return withAdded({ ...table, notes: [note] }, groups, (name, us) =>
    name === 'calls-gateway' ? verdict(us, mostAddedInProcessUs, microseconds) : '',
  );
}

/** Answers that are known, beside somebody who has nothing else to say. */
export function cacheTables(unary: readonly Measured[], streams: readonly Measured[]): Table[] {
  const [hits, replays] = [unary.map(besideKnown), streams.map(besideKnown)];
  const hit = costTable('cache', 'CPU per unary request with a known answer, 1 kB (µs)', hits);
  const replay = costTable('cache', 'CPU per stream of 200 events that is replayed, 60 kB (µs)', replays);
  const judge = (name: string, us: number): string =>
    name === 'core-cached' ? verdict(us, mostAddedByHitUs, microseconds) : '';
  return [withAdded(hit, hits, judge), withAdded(replay, replays, () => '')];
}

/** A gateway that asks the provider is there to be seen beside one that does not. */
function besideKnown({ variants, costs }: Measured): Measured {
  return { variants: variants.map((variant) => ({ ...variant, base: 'known' })), costs };
}

/** Puts what is added, in µs, into a table of costs, and judges it in the place of the ratio. */
function withAdded(table: Table, groups: readonly Measured[], judge: (name: string, us: number) => string): Table {
  const added = new Map<string, number>();
  for (const { variants, costs } of groups) {
    for (const { name, base } of variants) {
      const [own, others] = [costs.slices.get(name), costs.slices.get(base)];
      if (name !== base && own !== undefined && others !== undefined) added.set(name, difference(own, others));
    }
  }
  return {
    ...table,
    columns: [...table.columns.slice(0, -1), 'added µs', 'budget'],
    rows: table.rows.map((row) => {
      const name = row[0] as string;
      const us = added.get(name);
      return [...row.slice(0, -1), ...(us === undefined ? ['', ''] : [us.toFixed(1), judge(name, us)])];
    }),
  };
}

function microseconds(us: number): string {
  return `${us} µs`;
}
