/** Measures what a gateway adds where it is mounted: in a framework, in the caller's own process, with the answer at hand. */

import { adapterTables, cacheTables, inProcessTable } from './added-tables.ts';
import { hasAdapter } from './build.ts';
import type { Command, FigureName } from './command-line.ts';
import { measureCalls } from './figures/calls.ts';
import { type CostPlan, type Costs, measureCosts } from './figures/cost.ts';
import { buildNextApp } from './next-app.ts';
import { amountsOf } from './plan.ts';
import type { Table } from './table.ts';
import { tuned, type Variant } from './variants.ts';

const names = ['adapters', 'in-process', 'cache'] as const;

/** The figures of what is added. */
export type AddedName = (typeof names)[number];

/** Whether a figure is one of them. */
export function isAdded(figure: FigureName): figure is AddedName {
  return (names as readonly string[]).includes(figure);
}

/**
 * Gateways look after themselves as ever, and turn nobody away for being late: a machine that is shared makes them late, and
 * what is measured is an answer.
 */
const patience = { overload: { queueDelayMs: 60_000, refuseDelayMs: 60_000 } };

/** A group of variants, and what was found of them. */
export interface Measured {
  readonly variants: readonly Variant[];
  readonly costs: Costs;
}

/** @param say - hears what is going on, for who watches */
export async function runAdded(
  figure: AddedName,
  groups: readonly (readonly Variant[])[],
  command: Command,
  say: (line: string) => void,
): Promise<Table[]> {
  const measure = measuring(figure, command, say);
  switch (figure) {
    case 'adapters': {
      if (groups.flat().some(({ name }) => name.startsWith('next'))) {
        say('building the Next app');
        buildNextApp(hasAdapter('next'));
      }
      const unary = await measure('unary', groups);
      return adapterTables(unary, await measure('stream', groups.map(withoutCompany)));
    }
    case 'in-process':
      return [inProcessTable(await measure('unary', groups))];
    case 'cache':
      return cacheTables(await measure('unary', groups), await measure('stream', groups));
  }
}

/** In the first group raw and core are what it is about; beside a framework they are company. */
function withoutCompany(variants: readonly Variant[], at: number): readonly Variant[] {
  return at === 0 ? variants : variants.filter(({ name }) => name !== 'raw' && name !== 'core');
}

/** So many groups have to end within six minutes, in a quick run. */
const quickAmounts = {
  unary: { slicesPerPair: 6, sliceMs: 150 },
  stream: { pairs: 2, slicesPerPair: 4, sliceMs: 150 },
} as const;

type Measure = (kind: 'unary' | 'stream', groups: readonly (readonly Variant[])[]) => Promise<Measured[]>;

function measuring(figure: AddedName, command: Command, say: (line: string) => void): Measure {
  const one = figure === 'in-process' ? measureCalls : measureCosts;
  return async (kind, groups) => {
    const measured: Measured[] = [];
    for (const group of groups) {
      const variants = group.map((variant) => tuned(variant, patience));
      const quick = command.isQuick && figure === 'adapters' ? quickAmounts[kind] : {};
      const plan: CostPlan = { kind, isProfiled: command.isProfiled, ...amountsOf(kind, command), ...quick };
      const about = `${figure}: ${kind}: ${variants.map(({ name }) => name).join(', ')}`;
      const costs = await one(variants, plan, (pair) => say(`${about}: pair ${pair} of ${plan.pairs}`));
      measured.push({ variants, costs });
    }
    return measured;
  };
}
