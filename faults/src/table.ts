/** The results as lines: for the terminal and for the page. Nothing in them differs from run to run. */

import type { Played, PlayedRow } from './matrix.ts';
import type { Case } from './row.ts';

/** One line of the table. */
export interface Line {
  readonly id: string;
  readonly played: string;
  readonly stream: string;
  readonly unary: string;
  readonly sdk: string;
  readonly calls: string;
  readonly verdict: string;
}

/** One for each case of a row. */
export function linesOf({ row, cases }: PlayedRow): Line[] {
  return cases.map(({ one, plays }) => ({ id: row.id, played: one.name, ...cellsOf(one, plays) }));
}

function cellsOf(one: Case, plays: readonly Played[]): Omit<Line, 'id' | 'played'> {
  if ('notPlayed' in one)
    return { stream: '–', unary: '–', sdk: '–', calls: '–', verdict: `not played: ${one.notPlayed}` };
  const bytes = plays.filter(({ client }) => client === 'bytes');
  const sdk = plays.filter(({ client }) => client === 'sdk');
  const isGood = plays.every(({ faults, isSilentlyShort }) => faults.length === 0 && !isSilentlyShort);
  const forms = (some: readonly Played[], tell: (one: Played) => string): string =>
    [
      ...new Set(
        (['stream', 'unary'] as const).map((form) =>
          said(
            some.filter((one) => one.form === form),
            tell,
          ),
        ),
      ),
    ]
      .filter((cell) => cell !== '–')
      .join(' / ') || '–';
  return {
    stream: said(
      bytes.filter(({ form }) => form === 'stream'),
      ({ saw }) => saw,
    ),
    unary: said(
      bytes.filter(({ form }) => form === 'unary'),
      ({ saw }) => saw,
    ),
    sdk: forms(sdk, ({ saw }) => saw),
    calls: 'scenario' in one ? '–' : forms(bytes, ({ calls }) => String(calls)),
    verdict: isGood ? 'pass' : 'FAIL',
  };
}

/** What all have seen, or who has seen what. */
function said(plays: readonly Played[], tell: (one: Played) => string): string {
  const sayings = new Map<string, Set<string>>();
  for (const one of plays) sayings.set(tell(one), (sayings.get(tell(one)) ?? new Set()).add(one.driver.upstream));
  if (sayings.size === 0) return '–';
  if (sayings.size === 1) return [...sayings.keys()].join();
  return [...sayings].map(([saying, who]) => `${[...who].join(' and ')}: ${saying}`).join('; ');
}

/** What is wrong, play by play. */
export function failuresOf({ cases }: PlayedRow): string[] {
  return cases.flatMap(({ one, plays }) =>
    plays
      .filter(({ faults }) => faults.length > 0)
      .map(
        ({ driver, client, form, saw, faults }) =>
          `${one.name} · ${driver.name} · ${client} · ${form} · ${saw}: ${faults.join('; ')}`,
      ),
  );
}

/** The matrix in numbers. */
export interface Totals {
  readonly rows: number;
  readonly playedRows: number;
  readonly cases: number;
  readonly plays: number;
  readonly failed: number;
  readonly cut: number;
  readonly silentlyShort: number;
}

/** Counts. */
export function totalsOf(played: readonly PlayedRow[]): Totals {
  const cases = played.flatMap((row) => row.cases);
  const plays = cases.flatMap((one) => one.plays);
  return {
    rows: played.length,
    playedRows: played.filter((row) => row.cases.some((one) => one.plays.length > 0)).length,
    cases: cases.filter((one) => one.plays.length > 0).length,
    plays: plays.length,
    failed: plays.filter(({ faults }) => faults.length > 0).length,
    cut: plays.filter(({ wasCut }) => wasCut).length,
    silentlyShort: plays.filter(({ isSilentlyShort }) => isSilentlyShort).length,
  };
}

/** One paragraph of them. */
export function summaryOf({ rows, playedRows, cases, plays, failed, cut, silentlyShort }: Totals): string {
  return [
    `${playedRows} of ${rows} rows played, in ${cases} cases and ${plays} plays; ${failed} failed.`,
    `Answers that the provider did not bring to their end: ${cut}. Taken for whole by a client: ${silentlyShort}.`,
  ].join('\n');
}
