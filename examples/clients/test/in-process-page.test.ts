/** docs/in-process.md: each of its programs is run as it stands, but for where Gemini is. */

import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { demoKey, type Simulator, startSimulator } from '@sluice/simulator';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const page = readFileSync(join(import.meta.dirname, '../../../docs/in-process.md'), 'utf8');
const programs = [...page.matchAll(/^## (.+)\n[\s\S]*?^```ts\n([\s\S]*?)^```$/gm)].map(([, title, code]) => [
  title,
  code,
]);
/** Beside the packages that they import. */
const folder = join(import.meta.dirname, '../node_modules/.cache/in-process-page');
const answer = 'Air scatters short waves of light more than long ones.';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ answer: () => answer });
  mkdirSync(folder, { recursive: true });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await simulator.close();
});

test('there is one for each SDK', () => {
  expect(programs).toHaveLength(5);
});

test.each(programs)(
  '%s',
  async (title = '', code = '') => {
    const pools = JSON.stringify({ gemini: { baseUrl: simulator.url, projects: [{ id: 'demo', keys: [demoKey] }] } });
    const own = code.replace('keys: process.env.GEMINI_API_KEYS', `pools: ${pools}`);
    expect(own).not.toBe(code);
    const file = join(folder, `${title.replace(/\W+/g, '-')}.mjs`);
    writeFileSync(file, stripTypeScriptTypes(own));
    const env = { ...process.env, NODE_NO_WARNINGS: '1' };
    const { stdout, stderr } = await run(process.execPath, ['--conditions=@sluice/source', file], { env });
    expect([stdout, stderr]).toEqual([expect.stringContaining(answer), '']);
  },
  60_000,
);
