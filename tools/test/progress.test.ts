import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { run } from '../command.ts';
import { Progress, progressIn } from '../progress.ts';

describe('whoever waits for a long run', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('hears every 20 s how far it is, and nothing after its end', () => {
    const lines: string[] = [];
    const progress = new Progress((line) => lines.push(line));
    progress.onTestRunStart([1, 2, 3]);
    progress.onTestModuleStart({ moduleId: resolve('packages/core/test/journey/sdks.test.ts') });
    for (let one = 0; one < 1_234; one++) progress.onTestCaseResult({ result: () => passed });
    progress.onTestModuleEnd();
    vi.advanceTimersByTime(19_999);
    expect(lines).toEqual([]);
    vi.advanceTimersByTime(1);
    progress.onTestModuleStart({ moduleId: resolve('packages/next/test/contract.test.ts') });
    progress.onTestCaseResult({ result: () => failed });
    progress.onTestCaseResult({ result: () => ({ state: 'skipped', errors: undefined, note: undefined }) });
    progress.onTestModuleEnd();
    vi.advanceTimersByTime(60_000);
    progress.onTestRunEnd();
    vi.advanceTimersByTime(60_000);
    expect(lines.map(progressIn)).toEqual([
      '1,234 passed so far, 1 of 3 files, 20 s, packages/core/test/journey …',
      '1,234 passed, 1 failed so far, 2 of 3 files, 40 s, packages/next/test …',
      '1,234 passed, 1 failed so far, 2 of 3 files, 1 min 0 s, packages/next/test …',
      '1,234 passed, 1 failed so far, 2 of 3 files, 1 min 20 s, packages/next/test …',
    ]);
  });

  test('hears nothing of a run that is short', () => {
    const say = vi.fn();
    const progress = new Progress(say);
    progress.onTestRunStart([1]);
    vi.advanceTimersByTime(10_000);
    progress.onTestRunEnd();
    vi.advanceTimersByTime(60_000);
    expect(say).not.toHaveBeenCalled();
  });
});

test('what other reporters print is no progress', () => {
  expect(progressIn(' ✓ core test/progress: 5 passed')).toBeNull();
  expect(progressIn('')).toBeNull();
});

test('a command is heard line by line while it runs, however its output is cut', async () => {
  const heard: string[] = [];
  const program = `
    process.stdout.write('pro');
    setTimeout(() => process.stdout.write('gress: one\\nand'), 20);
    setTimeout(() => process.stdout.write(' more\\nprogress: two\\nrest'), 40);
  `;
  const ended = await run(['node', '-e', program], { cwd: '.', onLine: (line) => heard.push(line) });
  expect(heard).toEqual(['progress: one', 'and more', 'progress: two', 'rest']);
  expect(ended).toMatchObject({ code: 0, stdout: 'progress: one\nand more\nprogress: two\nrest' });
});

const passed = { state: 'passed', errors: undefined } as const;
const failed = { state: 'failed', errors: [] } as const;
