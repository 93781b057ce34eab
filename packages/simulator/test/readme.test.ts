import { readFileSync } from 'node:fs';
import { steps } from '@sluice/simulator';
import { expect, test } from 'vitest';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('the table in the README is the table in the code', () => {
  const rows = Object.entries(steps)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, what]) => `| \`${name}\` | ${what} |`);
  expect(readme.match(/^\| `.*\|$/gm)).toEqual(rows);
});
