/** `pnpm bench [figure...] [variant...] [--quick] [--write] [--profile] [--keep NAME]`. See bench/README.md. */

import { join } from 'node:path';
import { benchFolder, buildPackages, root } from './build.ts';
import { readCommand } from './command-line.ts';
import { commit, machineLines } from './machine.ts';
import { writeResults } from './page.ts';
import { groupsOf } from './plan.ts';
import { runFigure } from './run.ts';
import { type Table, toMarkdown, toText } from './table.ts';

const words = process.argv.slice(2);
const command = readCommand(words);
const startedAt = performance.now();

// A name that no variant has is said at once, and not after minutes.
for (const figure of command.figures) groupsOf(figure, command);
say('building');
const sources = commit();
buildPackages(command.keepAs);
const tables: Table[] = [];
const failures: string[] = [];
for (const figure of command.figures) {
  try {
    for (const table of await runFigure(figure, command, say)) {
      tables.push(table);
      process.stdout.write(`\n${toText(table)}`);
    }
  } catch (error) {
    // A wrong answer spoils the figure that it was found in; minutes of others are not lost for it.
    failures.push(`**${figure} was not measured**: ${(error as Error).message}`);
    process.stdout.write(`\n${failures.at(-1)}\n`);
  }
}
const machine = machineLines(words, sources);
process.stdout.write(`\n${machine.join('\n').replaceAll('`', '')}\n`);
if (command.isProfiled) say(`profiles are in ${join(benchFolder, 'profiles')}`);
if (command.isWritten) {
  writeResults(join(root, 'bench', 'README.md'), [...machine, '', ...tables.map(toMarkdown), ...failures].join('\n'));
  say('written to bench/README.md');
}

if (failures.length > 0) process.exitCode = 1;

function say(line: string): void {
  const seconds = ((performance.now() - startedAt) / 1e3).toFixed(0);
  process.stderr.write(`${seconds.padStart(4)} s  ${line}\n`);
}
