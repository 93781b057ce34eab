/** Every client in every scenario, over real sockets, and the page that says what came of it. */

import { readFileSync } from 'node:fs';
import { demoKey } from '@sluice/simulator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Comparison } from '../src/comparison.ts';
import type { Client } from '../src/contract.ts';
import { pageFile, rewriteCommand, scenarioPart } from '../src/page.ts';
import { roster } from '../src/roster.ts';
import { runAll } from '../src/run.ts';
import { scenarios } from '../src/scenarios.ts';
import { withStrayRejections } from '../src/stray-rejections.ts';
import { verdictOf } from '../src/verdict.ts';
import { versionOf } from '../src/version.ts';

const runs = new Map<Client, Comparison[]>();
const strays: string[] = [];

function comparison(client: Client, title: string): Comparison {
  const found = runs.get(client)?.find(({ scenario }) => scenario.title === title);
  if (found === undefined) throw new Error(`${client.name} was not run in "${title}"`);
  return found;
}

/** Both sides of a comparison; a client that lacks the call fails here. */
function outcomes(client: Client, title: string): NonNullable<Comparison['outcomes']> {
  const found = comparison(client, title).outcomes;
  if (found === null) throw new Error(`${client.name} has no call for "${title}"`);
  return found;
}

beforeAll(async () => {
  for (const client of roster) {
    const run = await withStrayRejections(() => runAll(client));
    runs.set(client, run.result);
    strays.push(...run.strays);
  }
}, 300_000);
afterAll(() => runs.clear());

for (const client of roster) {
  describe(`${client.name} ${versionOf(client.packages[0] ?? '')}`, () => {
    for (const { title } of scenarios) {
      test(`${title}: the same as direct, or different for a known reason`, () => {
        const found = comparison(client, title);
        const { kind } = verdictOf(found);
        const [direct, through] = [found.outcomes?.direct, found.outcomes?.through];
        if (kind === 'unexplained') expect(through).toEqual(direct);
        expect(['same', 'explained', 'missing']).toContain(kind);
      });
    }

    test('an answer is an answer: words, a call of a function, an end', () => {
      const streamed = outcomes(client, 'streamed').through;
      expect(streamed.error).toBeNull();
      expect(streamed.values.length).toBeGreaterThan(5);
      expect(JSON.stringify(streamed.values)).toContain('scatters');
      const tools = outcomes(client, 'tools').through;
      expect(tools.error).toBeNull();
      expect(JSON.stringify(tools.values)).toMatch(/getWeather|list_directory/);
      expect(JSON.stringify(tools.values.at(-1))).toMatch(/scatters|success/);
    });

    test('a broken stream has shown its beginning, and ends in an error', () => {
      const { direct, through } = outcomes(client, 'stream cut');
      expect(direct.error).not.toBeNull();
      expect(through.error).not.toBeNull();
      expect(JSON.stringify(through.values)).not.toContain('long ones');
    });

    test('only the key of the gateway goes up, and nothing with a wrong key', () => {
      for (const { scenario, keysSeen } of runs.get(client) ?? []) {
        expect(keysSeen.filter((key) => key !== demoKey)).toEqual([]);
        if (scenario.hasWrongKey) expect(keysSeen).toEqual([]);
      }
      expect(comparison(client, '503 once').keysSeen).toEqual([demoKey, demoKey]);
      expect(comparison(client, '429 again').keysSeen).toEqual([demoKey]);
    });
  });
}

test('what clients leave unhandled is known', () => {
  // @langchain/google-genai forgets the second promise of @google/generative-ai when a stream breaks, direct as well.
  expect(new Set(strays)).toEqual(new Set(['GoogleGenerativeAIError']));
});

test('the page says what the run has shown, and leaves no cell empty', () => {
  const part = scenarioPart(roster.flatMap((client) => runs.get(client) ?? []));
  expect(part).not.toMatch(/\| *\|/);
  expect(readFileSync(pageFile, 'utf8'), `to rewrite docs/clients.md: ${rewriteCommand}`).toContain(part);
});
