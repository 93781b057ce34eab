import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkDocs } from '../check-docs.ts';
import { docstringExamples, fences } from '../docs/examples.ts';
import { makeTree } from './tree.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** A package with two entries and one that it depends on, checked with this repository's own compiler options. */
function makeWorkspace(files: Readonly<Record<string, string>>): string {
  const exports = { '.': { '@sluice/source': './src/index.ts' }, './node': { '@sluice/source': './src/node.ts' } };
  const root = makeTree({
    'package.json': '{ "type": "module" }',
    'packages/pail/package.json': JSON.stringify({ name: '@sluice/pail', type: 'module', exports }),
    'packages/pail/src/index.ts': "export { fill, type Pail } from './pail.ts';\n",
    'packages/pail/src/node.ts': 'export const depth = 3;\n',
    'store/@knots/rope/package.json': '{ "name": "@knots/rope", "type": "module", "exports": { "./knot": "./k.js" } }',
    'store/@knots/rope/k.js': '',
    'store/@knots/rope/k.d.ts': 'export declare const knot: string;\n',
    'packages/pail/src/pail.ts': [
      '/** What is filled. */',
      'export interface Pail { readonly litres: number }',
      '/**',
      ' * Fills a pail.',
      ' *',
      ' * @example',
      ' * const pail: Pail = fill(3);',
      ' * inner(pail.litres + depth);',
      ' */',
      'export function fill(litres: number): Pail {',
      '  return { litres };',
      '}',
      '/** Known here alone. @example inner(1) */',
      'export function inner(_litres: number): void {}',
      '',
    ].join('\n'),
    ...files,
  });
  for (const file of ['tsconfig.base.json', 'tsconfig.check.json']) cpSync(join(repository, file), join(root, file));
  mkdirSync(join(root, 'node_modules'));
  mkdirSync(join(root, 'packages/pail/node_modules/@knots'), { recursive: true });
  // As pnpm does it.
  symlinkSync(join(root, 'store/@knots/rope'), join(root, 'packages/pail/node_modules/@knots/rope'), 'junction');
  symlinkSync(join(repository, 'node_modules', '@types'), join(root, 'node_modules', '@types'), 'junction');
  return root;
}

test('examples of pages and doc comments compile against the sources and their dependencies', async () => {
  const readme = [
    '# Pail',
    '```ts',
    "import { fill } from '@sluice/pail';",
    "import { knot } from '@knots/rope/knot';",
    'console.log(fill(1).litres, knot.length, process.version);',
    '```',
    '```ts no-check: pseudo code',
    'fill(…)',
    '```',
    '```sh',
    'npm start',
    '```',
  ].join('\n');
  const { problems, notes } = await checkDocs(makeWorkspace({ 'README.md': readme }));
  expect(problems).toEqual([]);
  expect(notes).toEqual(['3 examples']);
});

test('a wrong example fails at its place in the page and in the source', async () => {
  const page = "Text\n\n```ts\nimport { fill } from '@sluice/pail';\nfill('three');\n```\n";
  const source =
    '/**\n * Empties it.\n *\n * @example\n * const pail = fill(1);\n * pail.litres = 0;\n * spill(pail);\n */\nexport const x = 1;\n';
  const root = makeWorkspace({ 'docs/guide/pails.md': page, 'packages/pail/src/empty.ts': source });
  const { problems } = await checkDocs(root);
  expect(problems.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
    'docs/guide/pails.md:5:6: error TS2345:',
    'packages/pail/src/empty.ts:6:6: error TS2540:',
    'packages/pail/src/empty.ts:7:1: error TS2304:',
  ]);
});

test('a continued example knows what the one before it declared, and errors keep their places', async () => {
  const page =
    '```ts\nconst litres = 3;\n```\n\nThen\n\n```ts continued\nconst more: number = litres;\nless(more);\n```\n';
  const { problems, notes } = await checkDocs(makeWorkspace({ 'README.md': page }));
  expect(problems).toEqual([expect.stringMatching(/^README.md:9:1: error TS2304: .*less/)]);
  expect(notes).toEqual(['3 examples']);
});

test('no-check without a reason and a fence without an end fail', () => {
  const text = '```ts no-check\nfill(…)\n```\n\n````ts\n```ts\n';
  expect(fences('README.md', text)).toEqual({
    examples: [],
    problems: [
      expect.stringMatching(/^README.md:1: no-check wants a reason/),
      expect.stringMatching(/^README.md:5: .* never closed/),
    ],
  });
});

test('an example ends at the next tag, and a fence inside it is taken alone', () => {
  const source = [
    "const glob = '/**/*.ts';",
    '/**',
    ' * @example',
    ' * first();',
    ' * @see elsewhere',
    ' * @example In a fence:',
    ' * ```ts',
    ' * second();',
    ' * ```',
    ' */',
  ].join('\n');
  expect(docstringExamples('a.ts', source)).toEqual([
    { file: 'a.ts', parts: [{ line: 3, code: '\nfirst();' }], from: 'docstring' },
    { file: 'a.ts', parts: [{ line: 8, code: 'second();' }], from: 'docstring' },
  ]);
});
