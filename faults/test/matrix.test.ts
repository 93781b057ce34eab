import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { faults } from '@sluice/simulator';
import { describe, expect, test } from 'vitest';
import { playMatrix, rows } from '../src/matrix.ts';
import { pageOf } from '../src/page.ts';
import { failuresOf, totalsOf } from '../src/table.ts';

/** All of it takes a minute on an idle machine, and every row waits for its turn. */
const withinMs = 600_000;

test('every row of the simulator’s list is in the matrix, in its order', () => {
  expect(rows.map(({ id }) => id)).toEqual(faults.map(({ id }) => id));
});

describe('the fault matrix', () => {
  const matrix = playMatrix();

  test.each(rows)('$id', { timeout: withinMs }, async ({ id }) => {
    const played = await matrix.rows.get(id);
    expect(played === undefined ? ['was not played'] : failuresOf(played)).toEqual([]);
  });

  test('nobody takes for whole what the provider did not bring to its end', { timeout: withinMs }, async () => {
    const totals = totalsOf(await Promise.all(matrix.rows.values()));
    expect(totals.cut).toBeGreaterThan(100);
    expect(totals.silentlyShort).toBe(0);
  });

  test('no key was said on the console', { timeout: withinMs }, async () => {
    await Promise.all(matrix.rows.values());
    expect(matrix.leaks()).toEqual([]);
  });

  test('docs/faults.md is what this run would write', { timeout: withinMs }, async () => {
    const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'faults.md'), 'utf8');
    expect(pageOf(await Promise.all(matrix.rows.values()))).toBe(page);
  });
});
