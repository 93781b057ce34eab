/** `npm run doorways -- [DOORWAY…] [--write]`: sends every raw input to every doorway and prints what came. See doorways/README.md. */

import { writeFileSync } from 'node:fs';
import { wrongIn } from '@sluice/testkit';
import { differenceOf, wordsOf } from './compare.ts';
import { pageFile, pageOf } from './page.ts';
import { type PlayedDoorway, playDoorway } from './play.ts';
import { roster } from './roster.ts';
import { ownOf } from './verdict.ts';

const words = process.argv.slice(2);
const names = words.filter((word) => !word.startsWith('--'));
const chosen = roster.filter(({ name }) => names.length === 0 || names.includes(name.replaceAll('`', '')));
const played: PlayedDoorway[] = [];
let wrong = 0;
for (const doorway of chosen) {
  const one = await playDoorway(doorway);
  played.push(one);
  process.stdout.write(`\n${doorway.name}\n`);
  for (const { row, cases, lateMs } of one.rows) {
    const first = played[0]?.rows.find(({ row: other }) => other.id === row.id)?.cases ?? cases;
    const answer = cases.length === 0 ? `not here yet: ${row.notHere}` : (differenceOf(cases, first) ?? wordsOf(cases));
    process.stdout.write(`  ${row.id}  ${row.what}: ${answer}  (${lateMs.toFixed(0)} ms)\n`);
    if (doorway.isBare) continue;
    for (const what of wrongIn(cases, ownOf(doorway))) {
      wrong++;
      process.stdout.write(`       ${what}\n`);
    }
  }
}
if (words.includes('--write')) {
  if (chosen.length < roster.length)
    throw new Error('docs/adapters.md is written from all doorways: leave the names out');
  writeFileSync(pageFile, pageOf(played));
}
process.exitCode = wrong > 0 ? 1 : 0;
