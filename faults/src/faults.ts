/** `npm run faults -- [ROW…] [--write]`: plays the fault matrix and prints it. See faults/README.md. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PlayedRow, playMatrix, rows, titleOf } from './matrix.ts';
import { pageOf } from './page.ts';
import { failuresOf, linesOf, summaryOf, totalsOf } from './table.ts';

const words = process.argv.slice(2);
const ids = words.filter((word) => !word.startsWith('--')).map((word) => word.toUpperCase());
const unknown = [
  ...ids.filter((id) => !rows.some((row) => row.id === id)),
  ...words.filter((word) => word.startsWith('--') && word !== '--write'),
];
if (unknown.length > 0) {
  process.stderr.write(`There is no ${unknown.join(', ')}. npm run faults -- [F01 … F96] [--write]\n`);
  process.exit(2);
}

const matrix = playMatrix(ids);
const played: PlayedRow[] = [];
for (const [id, running] of matrix.rows) {
  const one = await running;
  played.push(one);
  process.stdout.write(`${id}  ${titleOf(id)}\n`);
  for (const line of linesOf(one))
    process.stdout.write(`     ${line.played}: ${line.stream} / ${line.unary}  ${line.verdict}\n`);
  for (const failure of failuresOf(one)) process.stdout.write(`     ${failure}\n`);
}
for (const leak of matrix.leaks()) process.stdout.write(`${leak}\n`);
process.stdout.write(`\n${summaryOf(totalsOf(played))}\n`);
if (words.includes('--write')) {
  if (ids.length > 0) throw new Error('docs/faults.md is written from all rows: leave the ids out');
  writeFileSync(join(import.meta.dirname, '..', '..', 'docs', 'faults.md'), pageOf(played));
}
const { failed, silentlyShort } = totalsOf(played);
process.exitCode = failed + silentlyShort + matrix.leaks().length > 0 ? 1 : 0;
