/** A Node that is too old is told in a sentence, by whichever entry it comes in, and not by what it stumbles over first. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const packageFolder = join(import.meta.dirname, '../..');
const old = ['--import', new URL('./old-node.mjs', import.meta.url).href];

/** What is printed where the entries are imported, in this order. */
async function printedBy(entries: readonly string[], flags: readonly string[]): Promise<string> {
  const program = [...entries.map((entry) => `import '${entry}';`), "console.log('begun');"].join('\n');
  const args = ['--conditions=@sluice/source', ...flags, '--input-type=module', '--eval', program];
  const { stdout, stderr } = await run(process.execPath, args, { cwd: packageFolder }).catch(
    (failed: { stdout: string; stderr: string }) => failed,
  );
  return stdout + stderr;
}

test.each([[['@sluice/core']], [['@sluice/core/node']], [['@sluice/core/live', '@sluice/core/node', '@sluice/core']]])(
  '%j says which Node it needs, and which this is',
  async (entries) => {
    const printed = await printedBy(entries, old);
    expect(printed).toContain(`Error: Sluice needs Node 22.19, 24 or newer; this is Node ${process.versions.node}.`);
    expect(printed).not.toMatch(/SyntaxError|TypeError|begun/);
  },
);

test('a Node that has all of it says nothing', async () => {
  expect(await printedBy(['@sluice/core', '@sluice/core/node'], [])).toMatch(/^begun\n/);
});
