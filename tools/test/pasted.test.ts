import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exampleWith, onSimulator, readPage } from '../package/pasted.ts';
import { makeTree } from './tree.ts';

const page = `# @sluice/koa

\`\`\`sh
npm i ./sluice-core-0.0.0.tgz @sluice/koa
npm i @sluice/core @sluice/koa koa
npm i @sluice/core hono
\`\`\`

\`\`\`ts
app.use(sluice({ keys: process.env.GEMINI_API_KEYS }));
\`\`\`

\`\`\`ts continued
app.use(other());
\`\`\`
`;

test('a page is read as a new user reads it: what to install, and what to paste', () => {
  const read = readPage(join(makeTree({ 'README.md': page }), 'README.md'), '@sluice/koa');
  expect(read.installs).toEqual(['@sluice/core', '@sluice/koa', 'koa']);
  expect(exampleWith(read, ['app.use(', 'other'])).toBe('app.use(other());\n');
  expect(onSimulator(exampleWith(read, ['sluice(']))).toContain('pools: JSON.parse(process.env.POOLS');
});

test('of several install lines that one counts which names the package', () => {
  const file = join(makeTree({ 'README.md': page }), 'README.md');
  expect(readPage(file, 'hono').installs).toEqual(['@sluice/core', 'hono']);
  expect(readPage(file, 'express').installs).toEqual([]);
});

test('an example that is not there any more, or takes no keys, is not passed over', () => {
  const read = readPage(join(makeTree({ 'README.md': page }), 'README.md'), '@sluice/koa');
  expect(() => exampleWith(read, ['app.listen('])).toThrow('no example has app.listen(');
  expect(() => onSimulator('app.use(other());')).toThrow('GEMINI_API_KEYS');
});
