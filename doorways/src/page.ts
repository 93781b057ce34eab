/** `docs/adapters.md`, out of what a run has shown. */

import type { PlayedCase, RawInput } from '@sluice/testkit';
import { differenceOf, wordsOf } from './compare.ts';
import type { Doorway } from './doorway.ts';
import { intro } from './intro.ts';
import type { PlayedDoorway, PlayedRow } from './play.ts';

/** Where the page lies. */
export const pageFile: URL = new URL('../../docs/adapters.md', import.meta.url);

/** The page as text. The first doorway is what all others are compared with. */
export function pageOf(played: readonly PlayedDoorway[]): string {
  const [first, ...others] = played as [PlayedDoorway, ...PlayedDoorway[]];
  const reasons: string[] = [];
  const heads = ['', 'what is sent', 'what comes', ...others.map(({ doorway }) => doorway.name)];
  const here = first.rows.filter(({ cases }) => cases.length > 0);
  const lines = here.map(({ row, cases }) => {
    const cells = others.map((other) => cellOf(other, row, cases, reasons));
    return `| ${[row.id, escaped(row.what), escaped(answerOf(row, cases, reasons)), ...cells].join(' | ')} |`;
  });
  const absent = first.rows
    .filter(({ cases }) => cases.length === 0)
    .map(({ row }) => `- ${row.id}, ${row.what}: ${row.notHere}.`);
  return `${intro}
| ${heads.join(' | ')} |
|${' --- |'.repeat(heads.length)}
${lines.join('\n')}

Not here yet:

${absent.join('\n')}

${reasons.map((reason, at) => `[^${at + 1}]: ${reason}`).join('\n')}
`;
}

function answerOf(row: RawInput, cases: readonly PlayedCase[], reasons: string[]): string {
  const words = wordsOf(cases);
  return row.rule === undefined ? words : `${words} ${noteOf(sentence(row.rule), reasons)}`;
}

function cellOf(
  { doorway, rows }: PlayedDoorway,
  row: RawInput,
  first: readonly PlayedCase[],
  reasons: string[],
): string {
  const { cases } = rows.find((one) => one.row.id === row.id) as PlayedRow;
  const difference = differenceOf(cases, first);
  if (difference === null) return 'same';
  const why = whyOf(doorway, row);
  return escaped(why === null ? difference : `${difference} ${noteOf(why, reasons)}`);
}

/** Why a doorway answers a row as it does, where that is known. */
export function whyOf({ own }: Doorway, { id }: RawInput): string | null {
  return Object.entries(own).find(([name]) => name === id || name.startsWith(`${id} `))?.[1].why ?? null;
}

function noteOf(reason: string, reasons: string[]): string {
  if (!reasons.includes(reason)) reasons.push(reason);
  return `[^${reasons.indexOf(reason) + 1}]`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
