import { expect, test } from 'vitest';
import { checkNames } from '../check-names.ts';
import { checkSize } from '../check-size.ts';
import { makeTree } from './tree.ts';

const lines = (count: number): string => 'export {};\n'.repeat(count);
const none: ReadonlyMap<string, string> = new Map();

test('a tree of short files with one entry per package is fine', () => {
  const root = makeTree({ 'packages/a/src/index.ts': lines(250), 'packages/a/test/long.test.ts': lines(900) });
  expect(checkSize(root, none)).toEqual({ problems: [], notes: [] });
});

test('a file of more than 250 lines is mentioned, one of more than 400 fails', () => {
  const root = makeTree({ 'packages/a/src/long.ts': lines(251), 'examples/b/src/longer.ts': lines(401) });
  const { problems, notes } = checkSize(root, none);
  expect(notes).toEqual([expect.stringContaining('packages/a/src/long.ts: 251 lines')]);
  expect(problems).toEqual([expect.stringContaining('examples/b/src/longer.ts: 401 lines')]);
});

test('an exception holds for as long as it is needed', () => {
  const exceptions = new Map([['packages/a/src/scan.ts', 'one parser']]);
  expect(checkSize(makeTree({ 'packages/a/src/scan.ts': lines(401) }), exceptions).problems).toEqual([]);
  expect(checkSize(makeTree({ 'packages/a/src/scan.ts': lines(400) }), exceptions).problems).toHaveLength(1);
  expect(checkSize(makeTree({}), exceptions).problems).toHaveLength(1);
});

test('an index.ts below the entry and an `export *` fail with their places', () => {
  const root = makeTree({
    'packages/a/src/index.ts':
      "export * from './pool/index.ts';\nexport { b } from './b.ts';\nexport type * from './c.ts';\n",
    'packages/a/src/pool/index.ts': lines(1),
  });
  expect(checkSize(root, none).problems).toEqual([
    expect.stringContaining('packages/a/src/index.ts:1:'),
    expect.stringContaining('packages/a/src/index.ts:3:'),
    expect.stringContaining('packages/a/src/pool/index.ts:'),
  ]);
});

test('names that say nothing and names that are not kebab-case fail', () => {
  const root = makeTree({
    'packages/a/src/sse-decode.ts': '',
    'packages/a/test-d/health.test-d.ts': '',
    'packages/a/node_modules/b/utils.js': '',
    'packages/a/src/utils.ts': '',
    'packages/a/src/common/key.ts': '',
    'examples/b/src/KeyPool.ts': '',
    'tools/helpers.ts': '',
  });
  expect(checkNames(root).problems.map((line) => line.split(':')[0])).toEqual([
    'examples/b/src/KeyPool.ts',
    'packages/a/src/common/key.ts',
    'packages/a/src/utils.ts',
    'tools/helpers.ts',
  ]);
});
