import { readFileSync } from 'node:fs';
import { steps } from '@sluice/simulator';
import { networkFaults } from '@sluice/simulator/network';
import { expect, test } from 'vitest';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const rowsOf = (entries: readonly [string, string][]) => entries.map(([name, what]) => `| \`${name}\` | ${what} |`);

test('the tables in the README are the tables in the code', () => {
  const sorted = Object.entries<string>(steps).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const rows = [...rowsOf(sorted), ...rowsOf(Object.entries(networkFaults))];
  expect(readme.match(/^\| `.*\|$/gm)).toEqual(rows);
});
