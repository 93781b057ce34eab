import { expect, test } from 'vitest';
import type { Talked } from '../src/figures/live.ts';
import type { Uploaded } from '../src/figures/upload.ts';
import { sessionTable, talkTable } from '../src/relay-tables.ts';
import { difference } from '../src/statistics.ts';
import type { Table } from '../src/table.ts';
import { uploadMemoryTable, uploadTable } from '../src/upload-tables.ts';

const mebibyte = 2 ** 20;

test('a difference is taken slice by slice, and a slice that stalls spoils only itself', () => {
  const slow = [
    [10, 20, 900],
    [30, 40, 50],
  ];
  const quick = [
    [8, 18, 30],
    [26, 36, 46],
  ];
  expect(difference(slow, quick)).toBe((2 + 4) / 2);
});

test('a frame may come 2 ms later than without anybody in between', () => {
  const talked = (p99Us: number): Talked => ({ p50Us: [[100]], p99Us: [[p99Us]], cpuUs: [[p99Us / 100]] });
  const found = new Map([
    ['direct', talked(1_000)],
    ['raw', talked(2_000)],
    ['core', talked(3_000)],
    ['proxy', talked(3_001)],
  ]);
  const table = talkTable({ sessions: 200, perSecond: 10 }, { found, frames: 8, endsShare: 0.1, latenessUs: [50] });
  expect(table.rows.map((row) => row.length)).toEqual(Array(4).fill(table.columns.length));
  expect(cells(table, 'budget')).toEqual(['', '', '≤ 2 ms kept', '≤ 2 ms **missed**']);
  expect(cells(table, 'added p99 ms')).toEqual(['', '1.00', '2.00', '2.00']);
  expect(cells(table, 'over raw p99 ms')).toEqual(['', '', '1.00', '1.00']);
  expect(cells(table, '÷ raw')).toEqual(['', '1', '1.50', '1.50']);
});

test('of what is resident and what is reachable the worse one counts', () => {
  const session = (resident: number, live: number) => [
    { sessions: 200, rssBytes: 0, bytesPerSession: resident * 1_024, liveBytesPerSession: live * 1_024 },
  ];
  const found = new Map([
    ['raw', session(90, 6)],
    ['core', session(60, 20)],
    ['proxy', session(20, 61)],
  ]);
  const table = sessionTable({ sessions: [200], framesPerSecond: 2_000 }, found);
  expect(cells(table, 'budget')).toEqual(['', '≤ 60 KiB kept', '≤ 60 KiB **missed**']);
});

test('an upload has to be 0.7 times as fast as through the pipe, in its own way and number', () => {
  const one = (name: string, atOnce: number, speed: number): Uploaded => {
    return { name, way: 'resumable', atOnce, bytesPerMs: [[speed]], cpuUsPerMiB: [[1_000]] };
  };
  const found = [one('raw', 1, 500), one('core', 1, 350), one('raw', 8, 1_000), one('core', 8, 690)];
  const table = uploadTable({ sliceBytes: mebibyte }, { found, bytes: mebibyte, endsShare: 0.5 });
  expect(cells(table, 'budget')).toEqual(['', '≥ 0.70 kept', '', '≥ 0.70 **missed**']);
});

test('and eight of them may take 32 MiB', () => {
  const grown = (most: number) => [
    { rssBytes: 100 * mebibyte, mostRssBytes: most * mebibyte, heldBytes: 0, ms: 1_000 },
  ];
  const found = new Map([
    ['raw', grown(200)],
    ['core', grown(132)],
    ['proxy', grown(133)],
  ]);
  const plan = { way: 'resumable', atOnce: 8, bytes: 256 * mebibyte, holdMs: 1_000 } as const;
  expect(cells(uploadMemoryTable(plan, found), 'budget')).toEqual(['', '≤ 32 MiB kept', '≤ 32 MiB **missed**']);
});

function cells({ columns, rows }: Table, column: string): string[] {
  const at = columns.indexOf(column);
  return rows.map((row) => row[at] as string);
}
