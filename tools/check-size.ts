/**
 * The shape of source files: 60 to 200 lines are the aim, over 250 is a warning, over 400 a failure; one entry per
 * package lists its public names one by one, and there is no other `index.ts` and no `export *`.
 */
import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { isMain, type Outcome, report, rootOf } from './outcome.ts';

const warnOverLines = 250;
const failOverLines = 400;

/** Files that may be longer, each with the reason why cutting them would make them worse. */
const longFiles: ReadonlyMap<string, string> = new Map([
  // ['packages/core/src/stream/scan.ts', 'one byte parser in one closure: cut up, it would pass twelve variables around'],
]);

export function checkSize(root: string, exceptions: ReadonlyMap<string, string> = longFiles): Outcome {
  const problems: string[] = [];
  const notes: string[] = [];
  const files = globSync(
    ['packages/*/src/**/*.ts', 'examples/*/src/**/*.ts', 'doorways/src/**/*.ts', 'faults/src/**/*.ts'],
    { cwd: root },
  )
    .map((file) => file.replaceAll(sep, '/'))
    .sort();
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8');
    const lines = countLines(text);
    if (lines > failOverLines && !exceptions.has(file)) {
      problems.push(`${file}: ${lines} lines, at most ${failOverLines}: find the second subject and give it a file`);
    } else if (lines > warnOverLines && !exceptions.has(file)) {
      notes.push(`${file}: ${lines} lines, more than ${warnOverLines}`);
    }
    if (/\/src\/.+\/index\.ts$/.test(file)) {
      problems.push(`${file}: name the file after its subject; only a package's own entry is called index.ts`);
    }
    for (const line of starExports(text)) {
      problems.push(`${file}:${line}: \`export *\` hides what is public: list the names`);
    }
  }
  for (const file of exceptions.keys()) {
    if (files.includes(file) && countLines(readFileSync(join(root, file), 'utf8')) > failOverLines) continue;
    problems.push(
      `${file}: is listed as longer than ${failOverLines} lines in tools/check-size.ts and is not: take it off`,
    );
  }
  return { problems, notes };
}

function countLines(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

/** Line numbers of `export * from` and `export * as name from`. */
function starExports(text: string): number[] {
  return text.split('\n').flatMap((line, index) => (/^\s*export\s+(type\s+)?\*/.test(line) ? [index + 1] : []));
}

if (isMain(import.meta.url)) report('file sizes', checkSize(rootOf(process.argv)));
