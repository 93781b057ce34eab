/** Every client at everything that it can ask of the API, through a pool, and the part of the page that says what came of it. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type CapabilityName, capabilities } from '../src/capabilities/capability.ts';
import { projects } from '../src/capabilities/ends.ts';
import { everybody } from '../src/capabilities/everybody.ts';
import { judgementOf, pastTheGateway } from '../src/capabilities/judgement.ts';
import { capabilityPart } from '../src/capabilities/table.ts';
import { type Trial, tryAll } from '../src/capabilities/trial.ts';
import type { CapableClient } from '../src/capabilities/use.ts';
import { pageFile, rewriteCommand } from '../src/page.ts';

const trials: Trial[] = [];

beforeAll(async () => {
  // SDKs warn that some of these calls are new, and that others are old.
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  for (const client of everybody) trials.push(...(await tryAll(client)));
}, 300_000);
afterAll(() => {
  trials.length = 0;
  vi.restoreAllMocks();
});

function trial(client: CapableClient, name: CapabilityName): Trial {
  const found = trials.find((one) => one.client === client && one.name === name);
  if (found === undefined) throw new Error(`${client.client.name} was not tried at "${name}"`);
  return found;
}

/** The projects whose keys Google saw. */
function projectsOf({ asked }: Trial): string[] {
  const keys = new Set(asked.through.map(({ key }) => key));
  return projects.filter((project) => project.keys.some((key) => keys.has(key))).map(({ id }) => id);
}

const names = Object.keys(capabilities) as CapabilityName[];

for (const client of everybody) {
  const tried = names.flatMap((name) =>
    typeof client.uses[name] === 'function' ? [[capabilities[name].title, name] as const] : [],
  );
  describe(client.client.packages[0] ?? '', () => {
    test.each(tried)('%s: the same as direct, or different for a known reason', (_, name) => {
      const found = trial(client, name);
      const { kind } = judgementOf(found);
      if (kind === 'unexplained') {
        expect(pastTheGateway(found)).toEqual([]);
        expect(found.outcomes?.through).toEqual(found.outcomes?.direct);
      }
      expect(kind).not.toBe('unexplained');
    });
  });
}

test('what works has given something, and was asked of Google through the pool', () => {
  for (const found of trials) {
    if (judgementOf(found).kind !== 'same') continue;
    const what = `${found.client.client.name}: ${found.name}`;
    expect(found.outcomes?.through.values.length, what).toBeGreaterThan(0);
    expect(found.asked.through.length, what).toBeGreaterThan(0);
    expect(pastTheGateway(found), what).toEqual([]);
  }
});

test('all projects and all keys are made use of', () => {
  const seen = new Set(trials.flatMap(({ asked }) => asked.through.map(({ key }) => key)));
  for (const key of projects.flatMap(({ keys }) => keys)) expect(seen).toContain(key);
});

test.each([
  'fileInPrompt',
  'cacheInPrompt',
  'batchOfFile',
  'storeImport',
  'interactionContinued',
  'liveResumed',
] as const)('%s: what belongs together goes to one project', (name) => {
  for (const client of everybody) {
    if (typeof client.uses[name] !== 'function') continue;
    expect(projectsOf(trial(client, name)), client.client.name).toHaveLength(1);
  }
});

test('the page says what the run has shown, and leaves no cell empty', () => {
  const part = capabilityPart(trials);
  expect(part).not.toMatch(/\| *\|(?! `)/);
  expect(part).not.toContain('unexplained');
  expect(readFileSync(pageFile, 'utf8'), `to rewrite docs/clients.md: ${rewriteCommand}`).toContain(part);
});
