import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readCounts, summary } from '../vitest-report.ts';
import { makeTree } from './tree.ts';

const file = (status: string, ...tests: string[]): object => ({
  status,
  assertionResults: tests.map((each) => ({ status: each })),
});

test('counts tests, and a file that could not be loaded as one failure', () => {
  const testResults = [
    file('passed', 'passed', 'passed', 'pending', 'todo'),
    file('failed', 'failed', 'passed'),
    file('failed'),
  ];
  const root = makeTree({ 'vitest.json': JSON.stringify({ testResults }) });
  expect(readCounts(join(root, 'vitest.json'))).toEqual({ passed: 3, failed: 2, skipped: 2 });
});

test('a report that was never written counts as nothing', () => {
  expect(readCounts(join(makeTree({}), 'vitest.json'))).toEqual({ passed: 0, failed: 0, skipped: 0 });
});

test('the last line mentions skipped tests where there are any', () => {
  expect(summary({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed');
  expect(summary({ passed: 3, failed: 2, skipped: 1 })).toBe('3 passed, 2 failed, 1 skipped');
});
