/** Measures what trouble costs those who are not to blame for it. */

import type { Command, FigureName } from './command-line.ts';
import { drainTable } from './drain-table.ts';
import { measureBigEvent } from './figures/big-event.ts';
import { measureCancel } from './figures/cancel.ts';
import { measureDrain } from './figures/drain.ts';
import { measureOverload } from './figures/overload.ts';
import { measureSlowReaders } from './figures/slow-readers.ts';
import { overloadTable } from './overload-table.ts';
import type { Table } from './table.ts';
import { bigEventTable, cancelTable, slowReadersTable } from './trouble-tables.ts';
import type { Variant } from './variants.ts';

const names = ['slow-readers', 'big-event', 'overload', 'cancel', 'drain'] as const;

/** The figures of trouble. */
export type TroubleName = (typeof names)[number];

/** Whether a figure is one of them. */
export function isTrouble(figure: FigureName): figure is TroubleName {
  return (names as readonly string[]).includes(figure);
}

/** Where memory is measured: what a long warm-up leaves on the heap would hide what comes with the readers. */
const fewRequests = 500;
const manyRequests = 5_000;
const perSecond = 200;

/** @param say - hears what is going on, for who watches */
export async function runTrouble(
  figure: TroubleName,
  variants: readonly Variant[],
  { isQuick, isProfiled }: Command,
  say: (line: string) => void,
): Promise<Table[]> {
  const onRound = (round: number, name: string): void => say(`${figure}: ${name}: round ${round}`);
  const rounds = isQuick ? 1 : 3;
  switch (figure) {
    case 'slow-readers': {
      const plan = {
        rounds,
        readers: 500,
        perSecond,
        flowMs: isQuick ? 2_500 : 5_000,
        slowReaderMs: isQuick ? 15_000 : 20_000,
        warmUpRequests: fewRequests,
        isProfiled,
      };
      return [slowReadersTable(plan, await measureSlowReaders(variants, plan, onRound))];
    }
    case 'big-event': {
      const flowMs = isQuick ? 4_000 : 10_000;
      const plan = { rounds, perSecond, flowMs, pauseMs: 250, warmUpRequests: manyRequests, isProfiled };
      return [bigEventTable(plan, await measureBigEvent(variants, plan, onRound))];
    }
    case 'overload': {
      const capacityMs = isQuick ? 1_000 : 2_000;
      const [surgeMs, afterMs] = isQuick ? [15_000, 3_000] : [60_000, 5_000];
      const plan = { rounds: 1, capacityMs, surgeMs, afterMs, isProfiled };
      const kinds = [
        { ...plan, kind: 'picture', warmUpRequests: fewRequests },
        { ...plan, kind: 'unary', warmUpRequests: manyRequests },
      ] as const;
      const tables: Table[] = [];
      for (const one of kinds) tables.push(overloadTable(one, await measureOverload(variants, one, onRound)));
      return tables;
    }
    case 'cancel': {
      const amounts = isQuick
        ? { samples: 30, atOnce: 15, connectingAtOnce: 30 }
        : { samples: 200, atOnce: 25, connectingAtOnce: 50 };
      const plan = { ...amounts, goneMs: 20_000, isProfiled };
      return [cancelTable(await measureCancel(variants, plan, (name, phase) => say(`${figure}: ${name}: ${phase}`)))];
    }
    case 'drain': {
      const plan = { rounds, streams: 1_000, finished: 500, drainMs: 3_000, isProfiled };
      return [drainTable(plan, await measureDrain(variants, plan, onRound))];
    }
  }
}
