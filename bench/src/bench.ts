/** `pnpm bench [figure...] [variant...] [--quick] [--write] [--profile] [--keep NAME]`. See bench/README.md. */

import { join } from 'node:path';
import { benchFolder, buildPackages, root } from './build.ts';
import { readCommand } from './command-line.ts';
import { commit, machineLines } from './machine.ts';
import { writeResults } from './page.ts';
import { runFigure } from './run.ts';
import { type Table, toMarkdown, toText } from './table.ts';

const words = process.argv.slice(2);
const command = readCommand(words);
const startedAt = performance.now();

say('building');
const sources = commit();
buildPackages(command.keepAs);
const tables: Table[] = [];
for (const figure of command.figures) {
  for (const table of await runFigure(figure, command, say)) {
    tables.push(table);
    process.stdout.write(`\n${toText(table)}`);
  }
}
const machine = machineLines(words, sources);
process.stdout.write(`\n${machine.join('\n').replaceAll('`', '')}\n`);
if (command.isProfiled) say(`profiles are in ${join(benchFolder, 'profiles')}`);
if (command.isWritten) {
  writeResults(join(root, 'bench', 'README.md'), [...machine, '', ...tables.map(toMarkdown)].join('\n'));
  say('written to bench/README.md');
}

function say(line: string): void {
  const seconds = ((performance.now() - startedAt) / 1e3).toFixed(0);
  process.stderr.write(`${seconds.padStart(4)} s  ${line}\n`);
}
