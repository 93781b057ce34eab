import { expect, test } from 'vitest';
import { readCommand } from '../src/command-line.ts';
import { withResults } from '../src/page.ts';
import { groupsOf } from '../src/plan.ts';
import { toMarkdown, toText } from '../src/table.ts';

const page = 'words\n<!-- results: written by pnpm bench --write -->\nold\n<!-- end of results -->\nmore words\n';

test('results replace results, and nothing else of a page', () => {
  const once = withResults(page, 'new');
  expect(once).toContain('words\n<!-- results');
  expect(once).toContain('\nnew\n');
  expect(once).not.toContain('old');
  expect(withResults(once, 'new')).toBe(once);
  expect(() => withResults('a page without marks', 'new')).toThrow('needs the lines');
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
