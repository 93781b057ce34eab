import { expect, test } from 'vitest';
import { figureNames, readCommand } from '../src/command-line.ts';
import { help } from '../src/help.ts';
import { withResults } from '../src/page.ts';
import { groupsOf } from '../src/plan.ts';
import { toMarkdown, toText } from '../src/table.ts';
import { tuned, type Variant, variantsNamed } from '../src/variants.ts';

const page = `words
<!-- results: written by pnpm bench --write -->

<!-- figure: unary -->

### old unary, with what somebody  has spaced

<!-- end of figure: unary -->

<!-- figure: held -->

### old held

<!-- end of figure: held -->

<!-- end of results -->
more words
`;
const facts = ['2 × a machine', 'today'];

test('results of a figure replace its own, and nothing else of a page', () => {
  const once = withResults(page, [{ figure: 'held', text: '### new held\n', facts }]);
  expect(once).toBe(page.replace('### old held\n', '### new held\n\nMeasured with 2 × a machine; today.\n'));
  expect(withResults(once, [{ figure: 'held', text: '### new held\n', facts }])).toBe(once);
});

test('a figure that the page does not have comes to its place in the order of all', () => {
  const more = withResults(page, [
    { figure: 'drain', text: '### drain', facts },
    { figure: 'stream', text: '### stream', facts },
  ]);
  expect(more.match(/### .*/g)).toEqual([
    '### old unary, with what somebody  has spaced',
    '### stream',
    '### old held',
    '### drain',
  ]);
  const first = withResults(page.replaceAll('unary', 'latency'), [{ figure: 'unary', text: '### unary', facts }]);
  expect(first.match(/### .*/g)?.[0]).toBe('### unary');
});

test('a page without its marks is left alone', () => {
  const sections = [{ figure: 'held', text: 'new', facts }] as const;
  expect(() => withResults('a page without marks', sections)).toThrow('needs the lines');
  expect(() => withResults(page.replace('<!-- end of figure: held -->', ''), sections)).toThrow('has no end');
});

test('a table is the same in a terminal and on a page, and has no cell too few', () => {
  const table = { title: 'Cost', columns: ['variant', 'µs'], rows: [['core', '**51.2**']], notes: ['A note.'] };
  expect(toText(table)).toBe('Cost\nvariant    µs\ncore     51.2\nA note.\n');
  expect(toMarkdown(table)).toContain('| core | **51.2** |');
  expect(() => toText({ ...table, rows: [['core']] })).toThrow('has 1 cells');
});

test('words are figures or variants, and an unknown one is named', () => {
  const command = readCommand(['unary', 'core', '--quick']);
  expect(command).toMatchObject({ figures: ['unary'], variants: ['core'], isQuick: true });
  expect(() => groupsOf('unary', readCommand(['unary', 'corr']))).toThrow('no variant "corr"; there are raw, ');
});

test('what needs a process of its own, or has no port, is measured where that can be', () => {
  const names = (words: string[]): string[] =>
    groupsOf('drain', readCommand(words))
      .flat()
      .map(({ name }) => name);
  expect(names(['drain', 'core', 'proxy-log'])).toEqual(['proxy-log']);
  expect(names(['drain', 'core'])).toEqual(['proxy']);
  expect(() => groupsOf('unary', readCommand(['unary', 'core-in-process']))).toThrow('by `cancel` alone');
  expect(() => groupsOf('unary', readCommand(['unary', 'calls-gateway']))).toThrow('by `in-process` alone');
  expect(() => groupsOf('stream', readCommand(['stream', 'core-cached']))).toThrow('by `cache` alone');
  expect(() => groupsOf('cache', readCommand(['cache', 'proxy']))).toThrow('`cache` is not measured with proxy');
});

test('each framework is measured beside itself with the bare proxy in it, and beside what it costs without one', () => {
  const names = (words: string[]): string[][] =>
    groupsOf('adapters', readCommand(['adapters', ...words])).map((group) => group.map(({ name }) => name));
  const aa = ['raw', 'raw-again', 'core'];
  expect(names([]).slice(0, 3)).toEqual([
    aa,
    ['raw', 'core', 'express-raw', 'express'],
    ['raw', 'core', 'fastify-raw', 'fastify'],
  ]);
  expect(names([]).flat()).toContain('hono');
  expect(names(['hono'])).toEqual([aa, ['raw', 'core', 'hono-raw', 'hono']]);
  expect(() => names(['proxy'])).toThrow('`adapters` is not measured with proxy');
});

test('the figures of what is added have their A/A check in the first group, and the base in each', () => {
  for (const figure of ['adapters', 'in-process', 'cache'] as const) {
    const groups = groupsOf(figure, readCommand([figure])).map((group) => group.map(({ name }) => name));
    const [[base, again]] = groups as [string[]];
    expect(again).toBe(`${base}-again`);
    for (const group of groups) {
      expect(group[0]).toBe(base);
      expect(group.length).toBeLessThanOrEqual(4);
    }
  }
});

test('uploads and sessions are measured only of what relays them, beside the raw relay twice', () => {
  const groups = groupsOf('live', readCommand(['live', 'core', 'proxy']));
  expect(groups.flat().map(({ name }) => name)).toEqual(['raw', 'raw-again', 'core', 'proxy']);
  expect(() => groupsOf('live', readCommand(['live', 'core-web-fetch']))).toThrow(
    '`live` is not measured with core-web',
  );
  expect(() => groupsOf('upload', readCommand(['upload', 'express']))).toThrow('`upload` is not measured with express');
});

test('a run that names no figure measures no trouble, no relays and nothing that is added elsewhere', () => {
  expect(readCommand([]).figures).toEqual(['unary', 'stream', 'chunk', 'latency', 'held', 'stalled']);
  expect(readCommand(['cancel', 'drain', '--write']).figures).toEqual(['cancel', 'drain']);
});

test('every variant is measured beside its base, and the raw proxy beside itself', () => {
  for (const words of [[], ['unary', 'core', 'express', 'proxy', 'proxy-log']]) {
    const groups = groupsOf('unary', readCommand(words)).map((group) =>
      group.map(({ name, base }) => ({ name, base })),
    );
    expect(groups[0]?.map(({ name }) => name).slice(0, 2)).toEqual(['raw', 'raw-again']);
    for (const group of groups) {
      const names = group.map(({ name }) => name);
      // An Express with the raw proxy in it is a base itself.
      for (const { name, base } of group) if (name !== 'express-raw') expect(names).toContain(base);
    }
  }
});

test('the help names every figure and every variant', () => {
  expect(readCommand(['--help']).asksForHelp).toBe(true);
  expect(readCommand(['unary']).asksForHelp).toBe(false);
  const lines = help().split('\n');
  for (const name of figureNames) expect(lines.filter((line) => line.startsWith(`  ${name} `))).toHaveLength(1);
  for (const name of ['raw', 'fastify-raw', 'hono', 'calls-gateway', 'core-cached', 'proxy-log'])
    expect(lines.find((line) => line.startsWith('Variants: '))).toMatch(new RegExp(`\\b${name}\\b`));
});

test('what a figure wants of a gateway comes on top of what its variant is told anyway', () => {
  const [cached] = variantsNamed(['core-cached']) as [Variant];
  const { BENCH_OPTIONS = '' } = tuned(cached, { overload: { queueDelayMs: 60_000 } }).env;
  expect(JSON.parse(BENCH_OPTIONS)).toEqual({ cache: { ttlMs: 3_600_000 }, overload: { queueDelayMs: 60_000 } });
});
