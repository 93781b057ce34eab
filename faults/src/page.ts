/** `docs/faults.md`: the whole matrix as it was played. Nothing in it differs from run to run. */

import { baseline, type Measured } from './baseline.ts';
import { type PlayedRow, titleOf } from './matrix.ts';
import { linesOf, summaryOf, totalsOf } from './table.ts';

/** @param played - every row, in order */
export function pageOf(played: readonly PlayedRow[]): string {
  return `${[
    '# Faults',
    '',
    'Written by `npm run faults -- --write`; a test plays it again and compares. What it is and how to read it:',
    '[faults/README.md](../faults/README.md).',
    '',
    ...summaryOf(totalsOf(played)).split('\n'),
    '',
    ...matrixOf(played),
    '',
    '## What is special',
    '',
    ...notesOf(played),
    '',
    '## The same faults on a popular gateway',
    '',
    `Portkey OSS 1.15.2 (May 2026), ${baseline.length} faults, measured 2026-11, Node 20, loopback. The right column is from`,
    'the run above.',
    '',
    '| fault | measured there | row | here |',
    '| --- | --- | --- | --- |',
    ...baseline.map((one) => `| ${one.fault} | ${one.measured} | ${one.row} | ${hereOf(one, played)} |`),
  ].join('\n')}\n`;
}

function matrixOf(played: readonly PlayedRow[]): string[] {
  const lines = played.flatMap((row) =>
    linesOf(row).map((line, at) => ({ ...line, title: at === 0 ? titleOf(row.row.id) : '' })),
  );
  return [
    '| row | what goes wrong | played | client: stream | client: unary | SDK: stream / unary | calls: stream / unary | |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines.map(
      ({ id, title, played: what, stream, unary, sdk, calls, verdict }) =>
        `| ${title === '' ? '' : id} | ${title} | ${what} | ${stream} | ${unary} | ${sdk} | ${calls} | ${verdict} |`,
    ),
  ];
}

function notesOf(played: readonly PlayedRow[]): string[] {
  return played.flatMap(({ row: { id, note } }) => (note === undefined ? [] : [`- ${id}: ${note}`]));
}

function hereOf({ row, form, case: name, but }: Measured, played: readonly PlayedRow[]): string {
  const found = played.find((one) => one.row.id === row);
  const lines = found === undefined ? [] : linesOf(found);
  const line = lines.find((one) => name === undefined || one.played === name);
  const calls =
    line === undefined || line.calls === '–' ? '' : `, ${line.calls.split(' / ').at(form === 'stream' ? 0 : -1)} calls`;
  if (line === undefined) return 'not played';
  return `${line[form]}${calls.replace(/^, 1 calls$/, ', 1 call')}${but === undefined ? '' : `; ${but}`}`;
}
