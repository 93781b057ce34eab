import { expect, test } from 'vitest';
import { checkAdapters } from '../check-adapters.ts';
import { makeTree } from './tree.ts';

const core = JSON.stringify({ exports: { '.': {}, './node': {}, './package.json': {} } });
const manifest = JSON.stringify({ peerDependencies: { '@sluice/core': '*', koa: '*', '@koa/router': '*' } });
const limits = new Map([['koa', 120]]);

function problemsOf(files: Readonly<Record<string, string>>): readonly string[] {
  const tree = { 'packages/core/package.json': core, 'packages/koa/package.json': manifest, ...files };
  return checkAdapters(makeTree(tree), limits).problems;
}

test('public entries of core, own files, peers and Node are fine', () => {
  const text = `
    import { createGateway } from '@sluice/core';
    import { nodeListener } from "@sluice/core/node";
    import type { Context } from 'koa';
    import Router from '@koa/router';
    import { Readable } from 'node:stream';
    import { mountPath } from './deeper/mount.ts';
    const late = await import('@sluice/core');
  `;
  const deeper = "export type { A } from '../index.ts';\n";
  expect(problemsOf({ 'packages/koa/src/index.ts': text, 'packages/koa/src/deeper/mount.ts': deeper })).toEqual([]);
});

test.each([
  ["import { travel } from '@sluice/core/src/journey.ts';", 'no public entry'],
  ["import type { Exchange } from '@sluice/core/dist/wire.js';", 'no public entry'],
  ["const { a } = await import('@sluice/core/internal');", 'no public entry'],
  ["import { platform } from '#platform';", 'no dependency'],
  ["import { travel } from '../../core/src/journey.ts';", 'outside of the package'],
  ["import '../test/effects.ts';", 'outside of the package'],
  ["export { z } from 'zod';", 'no dependency'],
  ["type Hidden = import('undici').Agent;", 'no dependency'],
  ["const hidden = require('undici');", 'no dependency'],
])('%s is found', (line, trouble) => {
  const problems = problemsOf({ 'packages/koa/src/index.ts': `/** import x from 'comment'; */\n${line}\n` });
  expect(problems).toEqual([expect.stringMatching(new RegExp(`^packages/koa/src/index\\.ts: imports .*${trouble}`))]);
});

test('a file of 121 lines is found, one of 120 is not', () => {
  const lines = (count: number): string => 'export {};\n'.repeat(count);
  expect(problemsOf({ 'packages/koa/src/index.ts': lines(120) })).toEqual([]);
  expect(problemsOf({ 'packages/koa/src/index.ts': lines(121) })).toEqual([expect.stringContaining('121 lines')]);
});

test('an adapter without files is not taken for a good one', () => {
  expect(problemsOf({})).toEqual([expect.stringContaining('no files')]);
});

test('core beside itself, for development, is found: then `tools/run.mjs --only` would not link it', () => {
  const both = JSON.stringify({ ...JSON.parse(manifest), devDependencies: { '@sluice/core': '*' } });
  const files = { 'packages/koa/src/index.ts': 'export {};\n', 'packages/koa/package.json': both };
  expect(problemsOf(files)).toEqual([expect.stringContaining('devDependencies')]);
});
