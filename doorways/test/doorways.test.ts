/** Every raw input at every doorway, and the page that says what came of it. */

import { readFileSync } from 'node:fs';
import { rawInputs, wrongIn } from '@sluice/testkit';
import { beforeAll, describe, expect, test } from 'vitest';
import { differenceOf } from '../src/compare.ts';
import { rewriteCommand } from '../src/intro.ts';
import { pageFile, pageOf, whyOf } from '../src/page.ts';
import { type PlayedDoorway, playDoorway } from '../src/play.ts';
import { roster } from '../src/roster.ts';
import { ownOf } from '../src/verdict.ts';

const played: PlayedDoorway[] = [];

beforeAll(async () => {
  // Two at a time: each waits for the other end as often as it works.
  const waiting = [...roster.entries()];
  async function lane(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, doorway] = next;
      played[at] = await playDoorway(doorway);
    }
  }
  await Promise.all([lane(), lane()]);
}, 600_000);

const doorways = roster.map((doorway, at) => [doorway.name, doorway, at] as const);

// What Node says on its own is shown, and nobody's promise.
describe.each(doorways.filter(([, { isBare }]) => isBare !== true))('%s', (_name, doorway, at) => {
  test('answers as it has to, or as is known of it', () => {
    const cases = played[at]?.rows.flatMap((row) => row.cases) ?? [];
    expect(wrongIn(cases, ownOf(doorway))).toEqual([]);
  });

  test('differs from the first one for a known reason, or not at all', () => {
    const strange = (played[at]?.rows ?? []).filter(({ row, cases }) => {
      const first = played[0]?.rows.find((other) => other.row.id === row.id)?.cases ?? [];
      return differenceOf(cases, first) !== null && whyOf(doorway, row) === null;
    });
    expect(strange.map(({ row }) => row.id)).toEqual([]);
  });

  test('what is known of it is so', () => {
    const rows = (played[at]?.rows ?? []).filter(({ row }) => whyOf(doorway, row) !== null);
    const first = played[0]?.rows ?? [];
    const outlived = rows.filter(({ row, cases }) => {
      const same = first.find((other) => other.row.id === row.id);
      return same !== undefined && differenceOf(cases, same.cases) === null;
    });
    expect(outlived.map(({ row }) => row.id)).toEqual([]);
    expect(rows).toHaveLength(new Set(Object.keys(doorway.own).map((name) => name.slice(0, 3))).size);
  });
});

test('all ninety are there, in their order', () => {
  const ids = Array.from({ length: 90 }, (_, at) => `B${String(at + 1).padStart(2, '0')}`);
  expect(rawInputs.map(({ id }) => id)).toEqual(ids);
  expect(rawInputs.filter(({ cases }) => cases.length === 0).map(({ id }) => id)).toEqual(['B88', 'B90']);
});

// Parsers differ from one line of Node to the next in what they refuse first.
test.runIf(process.version.startsWith('v24.'))(`docs/adapters.md says so; ${rewriteCommand} rewrites it`, () => {
  expect(readFileSync(pageFile, 'utf8')).toBe(pageOf(played));
});
