/** What was measured of single clients that make trouble becomes tables. */

import { verdict } from './budget.ts';
import { isBase, milliseconds, type Rounds } from './cells.ts';
import type { BigEvent, BigEventPlan } from './figures/big-event.ts';
import type { Leavings } from './figures/cancel.ts';
import { dropSlackMs, type SlowReaders, type SlowReadersPlan } from './figures/slow-readers.ts';
import { isWithoutCall, type Phase } from './leaving.ts';
import { median, quantile } from './statistics.ts';
import type { Table } from './table.ts';

/** Quantiles over all samples of a phase. */
export function cancelTable(found: ReadonlyMap<string, Leavings>): Table {
  return {
    title: 'From a client that leaves to the end of the call, by phase',
    columns: ['variant', 'phase', 'end of', 'samples', 'p50 ms', 'p99 ms', 'most ms', 'p50', 'p99', 'most'],
    rows: [...found].flatMap(([name, phases]) =>
      [...phases].flatMap(([phase, { connection, request }]) => [
        ...(connection.length === 0 ? [] : [leavingRow(name, phase, 'connection', connection)]),
        ...(request.length > 0 && (isWithoutCall(phase) || phase === 'connecting')
          ? [leavingRow(name, phase, 'request', request)]
          : []),
      ]),
    ),
    notes: [
      'Connection: gone, as the provider sees it. Request: let go of by the gateway, where no call is open at the provider; none may go up afterwards.',
      'After each batch nothing may be held any more for who has left: no key, no place in the queue.',
    ],
  };
}

function leavingRow(name: string, phase: Phase, endOf: string, delays: readonly number[]): string[] {
  const [p50, p99, most] = [quantile(delays, 0.5), quantile(delays, 0.99), Math.max(...delays)];
  const budgets = [verdict(p50, 5, milliseconds), verdict(p99, 100, milliseconds), verdict(most, 1_000, milliseconds)];
  return [
    name,
    phase,
    endOf,
    String(delays.length),
    ...[p50, p99, most].map((ms) => ms.toFixed(2)),
    ...(isBase(name) ? ['', '', ''] : budgets),
  ];
}

/** Medians of the rounds; ratios within a round. */
export function slowReadersTable(
  { readers, perSecond, slowReaderMs }: Pick<SlowReadersPlan, 'readers' | 'perSecond' | 'slowReaderMs'>,
  found: Rounds<SlowReaders>,
): Table {
  const mostBytes = 2 ** 20;
  return {
    title: `${readers} readers that read nothing, beside ${perSecond} small requests a second`,
    columns: [
      'variant',
      'served, refused, ended early',
      'RSS + KiB each',
      'budget',
      'others’ p99 alone ms',
      'while they fill',
      'beside them',
      '÷ alone',
      'from–to',
      'budget',
      'others not served while they fill, beside them',
      'dropped after s',
      'budget',
      'rounds',
    ],
    rows: [...found].map(([name, rounds]) => {
      const at = (value: (round: SlowReaders) => number): number => median(rounds.map(value));
      const bytes = at(({ bytesPerReader }) => bytesPerReader);
      const ratios = rounds.map(({ heldP99Us, aloneP99Us }) => heldP99Us / aloneP99Us);
      const unserved = rounds.reduce((all, { heldUnserved }) => all + heldUnserved, 0);
      const dropped = rounds.map(({ droppedMs }) => droppedMs);
      const last = dropped.some((ms) => ms === null) ? null : Math.max(...(dropped as number[]));
      const sum = (value: (round: SlowReaders) => number): number =>
        rounds.reduce((all, round) => all + value(round), 0);
      const refused = sum((round) => round.refused);
      const served = rounds.length * readers - refused;
      return [
        name,
        `${served}, ${refused}, ${sum(({ endedEarly }) => endedEarly)}`,
        (bytes / 1024).toFixed(0),
        isBase(name) ? '' : verdict(bytes, mostBytes, (most) => `${most / 1024} KiB`),
        (at(({ aloneP99Us }) => aloneP99Us) / 1e3).toFixed(2),
        (at(({ fillingP99Us }) => fillingP99Us) / 1e3).toFixed(2),
        (at(({ heldP99Us }) => heldP99Us) / 1e3).toFixed(2),
        median(ratios).toFixed(2),
        `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`,
        isBase(name)
          ? ''
          : verdict(unserved === 0 ? median(ratios) : Number.POSITIVE_INFINITY, 2, (most) => most.toFixed(2)),
        `${sum(({ fillingUnserved }) => fillingUnserved)}, ${unserved}`,
        last === null ? 'never' : (last / 1e3).toFixed(1),
        last === null ? '' : verdict(last, slowReaderMs + dropSlackMs, (most) => `${most / 1e3} s`),
        String(rounds.length),
      ];
    }),
    notes: [
      `\`timeouts.slowReaderMs\` is ${slowReaderMs}; dropped counts from the last byte that any of them took.`,
      'While they fill: the provider pours as fast as it can until every buffer in between is full. The ratio is of the time after that, in which nobody may be turned away either.',
      'A gateway that is overloaded may refuse readers with 503; memory is divided among those who are served.',
      'Who is dropped finds all it has got in order, and then a broken connection, never an end.',
    ],
  };
}

/** Medians of the rounds, and the largest of all for what is most. */
export function bigEventTable(
  { perSecond, pauseMs }: Pick<BigEventPlan, 'perSecond' | 'pauseMs'>,
  found: Rounds<BigEvent>,
): Table {
  return {
    title: `An event of 20 MB again and again, beside ${perSecond} small requests a second`,
    columns: [
      'variant',
      'others’ p99 alone ms',
      'p50 beside it',
      'p99 beside it',
      'from–to',
      'budget',
      'most',
      'others not served',
      'a big answer ms',
      'big answers',
      'rounds',
    ],
    rows: [...found].map(([name, rounds]) => {
      const at = (figure: keyof BigEvent): number => median(rounds.map((round) => round[figure]));
      const unserved = rounds.reduce((sum, round) => sum + round.unserved, 0);
      const p99s = rounds.map(({ besideP99Us }) => besideP99Us / 1e3);
      return [
        name,
        (at('aloneP99Us') / 1e3).toFixed(2),
        (at('besideP50Us') / 1e3).toFixed(2),
        median(p99s).toFixed(2),
        `${Math.min(...p99s).toFixed(1)}–${Math.max(...p99s).toFixed(1)}`,
        isBase(name) ? '' : verdict(unserved === 0 ? median(p99s) : Number.POSITIVE_INFINITY, 50, milliseconds),
        Math.max(...rounds.map(({ besideMostUs }) => besideMostUs / 1e3)).toFixed(1),
        String(unserved),
        at('bigMs').toFixed(0),
        String(rounds.reduce((sum, { bigAnswers }) => sum + bigAnswers, 0)),
        String(rounds.length),
      ];
    }),
    notes: [
      `One client asks for the next ${pauseMs} ms after it has the last; each answer is checked byte by byte.`,
      '`direct` is the provider without a gateway; delays count from the moment at which a request was due.',
    ],
  };
}
