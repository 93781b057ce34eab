/** `pnpm bench [figure...] [variant...] [--quick] [--write] [--profile] [--keep NAME] [--help]`. See bench/README.md. */

import { join } from 'node:path';
import { benchFolder, buildPackages, root } from './build.ts';
import { readCommand } from './command-line.ts';
import { adaptersOf } from './frameworks.ts';
import { help } from './help.ts';
import { commit, machineFacts } from './machine.ts';
import { type Section, writeResults } from './page.ts';
import { groupsOf } from './plan.ts';
import { runFigure } from './run.ts';
import { toMarkdown, toText } from './table.ts';

const words = process.argv.slice(2);
const command = readCommand(words);
const startedAt = performance.now();
if (command.asksForHelp) {
  process.stdout.write(help());
  process.exit(0);
}

// A name that no variant has is said at once, and not after minutes.
const variants = command.figures.flatMap((figure) => groupsOf(figure, command).flat());
say('building');
const sources = commit();
buildPackages(adaptersOf(variants), command.keepAs);
const sections: Section[] = [];
let failures = 0;
for (const figure of command.figures) {
  let text: string;
  try {
    const tables = await runFigure(figure, command, say);
    for (const table of tables) process.stdout.write(`\n${toText(table)}`);
    text = tables.map(toMarkdown).join('\n');
  } catch (error) {
    // A wrong answer spoils the figure that it was found in; minutes of others are not lost for it.
    failures++;
    text = `**${figure} was not measured**: ${(error as Error).message}`;
    process.stdout.write(`\n${text}\n`);
  }
  sections.push({ figure, text, facts: machineFacts(words, sources) });
}
const facts = sections.at(-1)?.facts ?? [];
process.stdout.write(`\n${facts.map((fact) => `- ${fact.replaceAll('`', '')}\n`).join('')}`);
if (command.isProfiled) say(`profiles are in ${join(benchFolder, 'profiles')}`);
if (command.isWritten) {
  writeResults(join(root, 'bench', 'README.md'), sections);
  say(`written to bench/README.md: ${command.figures.join(', ')}`);
}

if (failures > 0) process.exitCode = 1;

function say(line: string): void {
  const seconds = ((performance.now() - startedAt) / 1e3).toFixed(0);
  process.stderr.write(`${seconds.padStart(4)} s  ${line}\n`);
}
