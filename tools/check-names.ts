/**
 * Names of files say what is in them: kebab-case, and none of the words that say nothing. A file called after no
 * subject collects everything that has none.
 */
import { globSync } from 'node:fs';
import { basename, sep } from 'node:path';
import { isMain, type Outcome, report, rootOf } from './outcome.ts';

const empty = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'types']);
/** `journey.ts`, `sse-decode.test.ts`, `tsup.config.ts`, `health.test-d.ts`, and Next's `[...path].js` */
const kebabCase = /^(?:[a-z0-9]+(-[a-z0-9]+)*|\[{1,2}\.\.\.[a-z0-9-]+\]{1,2})(\.[a-z0-9-]+)*$/;

export function checkNames(root: string): Outcome {
  const files = globSync(['{packages,examples,bench,doorways,faults,tools}/**/*.{ts,tsx,mts,mjs,js}'], {
    cwd: root,
    exclude: (path) => ['node_modules', 'dist', 'reports', 'coverage', '.next'].includes(basename(path)),
  });
  const problems = files.sort().flatMap((file) => {
    const path = file.replaceAll(sep, '/');
    const words = path.split('/').map((part) => part.replace(/\..*$/, ''));
    const word = words.find((part) => empty.has(part));
    if (word) return [`${path}: \`${word}\` says nothing about what is inside`];
    return kebabCase.test(basename(path)) ? [] : [`${path}: write the name in kebab-case`];
  });
  return { problems, notes: [] };
}

if (isMain(import.meta.url)) report('file names', checkNames(rootOf(process.argv)));
