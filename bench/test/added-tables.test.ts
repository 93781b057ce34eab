import { expect, test } from 'vitest';
import type { Measured } from '../src/added.ts';
import { adapterTables, cacheTables, inProcessTable } from '../src/added-tables.ts';
import type { Table } from '../src/table.ts';
import type { Variant } from '../src/variants.ts';

test('a gateway in a framework may cost 1.15 times what the bare proxy costs in there', () => {
  const unary = [
    group({ raw: 50, 'raw-again': 51, core: 60 }),
    group({ raw: 50, core: 60, 'express-raw': 100, express: 115 }),
    group({ raw: 50, core: 60, 'fastify-raw': 100, fastify: 116 }),
  ];
  const [requests, own, streams] = adapterTables(unary, unary) as [Table, Table, Table];
  for (const table of [requests, streams]) {
    expect(column(table, 'variant')).toEqual([
      'raw',
      'raw-again',
      'core',
      'express-raw',
      'express',
      'fastify-raw',
      'fastify',
    ]);
    expect(column(table, 'budget')).toEqual(['', '', '≤ 1.15 **missed**', '', '≤ 1.15 kept', '', '≤ 1.15 **missed**']);
    expect(column(table, '÷ base')).toEqual(['1', '1.020', '1.200', '2.000', '1.150', '2.000', '1.160']);
  }
  expect(own.rows).toEqual([
    ['express', '50.0', '15.0', '10.0', '5.0'],
    ['fastify', '50.0', '16.0', '10.0', '6.0'],
  ]);
});

test('a call in process may cost 60 µs more than the call to the provider, and only the one by undici is judged', () => {
  const table = (us: number): Table =>
    inProcessTable([
      group({ 'calls-undici': 40, 'calls-undici-again': 41, 'calls-gateway': us }),
      group({ 'calls-undici': 50, 'calls-fetch': 200, 'calls-gateway-fetch': 300 }),
    ]);
  expect(column(table(100), 'added µs')).toEqual(['', '1.0', '60.0', '150.0', '250.0']);
  expect(column(table(100), 'budget')).toEqual(['', '', '≤ 60 µs kept', '', '']);
  expect(column(table(100.1), 'budget')).toEqual(['', '', '≤ 60 µs **missed**', '', '']);
});

test('an answer out of the cache may cost 40 µs more than one that is written at once; its streams are only shown', () => {
  const tables = (us: number): Table[] => {
    const groups = [group({ known: 30, 'known-again': 30, 'core-cached': us, core: 130 })];
    return cacheTables(groups, groups);
  };
  const [hit, replay] = tables(70) as [Table, Table];
  expect(column(hit, 'added µs')).toEqual(['', '0.0', '40.0', '100.0']);
  expect(column(hit, 'budget')).toEqual(['', '', '≤ 40 µs kept', '']);
  expect(column(replay, 'added µs')).toEqual(['', '0.0', '40.0', '100.0']);
  expect(column(replay, 'budget')).toEqual(['', '', '', '']);
  expect(column(tables(70.1)[0] as Table, 'budget')).toEqual(['', '', '≤ 40 µs **missed**', '']);
});

/** Processes that always cost the same. */
function group(costs: Readonly<Record<string, number>>): Measured {
  const slices = new Map(Object.entries(costs).map(([name, us]) => [name, [[us, us]]]));
  return { variants: Object.keys(costs).map(variant), costs: { slices, loadShare: 0.1, requests: 100 } };
}

function variant(name: string): Variant {
  const bases: readonly (readonly [RegExp, string])[] = [
    [/^calls-/, 'calls-undici'],
    [/^known/, 'known'],
    [/^(?:express|fastify)$/, `${name}-raw`],
  ];
  const base = bases.find(([names]) => names.test(name))?.[1] ?? 'raw';
  return { name, what: name, base, args: [], env: {}, logFile: null };
}

function column({ columns, rows }: Table, name: string): string[] {
  expect(rows.map((row) => row.length)).toEqual(rows.map(() => columns.length));
  const at = columns.indexOf(name);
  return rows.map((row) => row[at] as string);
}
