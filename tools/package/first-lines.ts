/**
 * The first lines of the Express adapter's page, pasted into the project where the packed packages are installed: a
 * stream has to arrive. Two things differ from the page, because nothing may leave this machine: the pool is a simulator
 * in place of Google, and the port is a free one.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../command.ts';

const swaps = [
  ['keys: process.env.GEMINI_API_KEYS', 'pools'],
  ['app.listen(3000)', "const server = app.listen(0, '127.0.0.1')"],
] as const;

const before = `
import { demoKey, startSimulator } from '@sluice/simulator';
const simulator = await startSimulator();
const pools = { gemini: { baseUrl: simulator.url, projects: [{ id: 'demo', keys: [demoKey] }] } };
process.env.SLUICE_API_KEYS = 'alice=a-key-for-the-first-lines';
`;

const after = `
await new Promise((resolve) => server.once('listening', resolve));
const path = '/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse';
const answer = await fetch('http://127.0.0.1:' + server.address().port + path, {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'x-goog-api-key': 'a-key-for-the-first-lines' },
  body: JSON.stringify({ contents: [{ parts: [{ text: 'hi' }] }] }),
});
const events = (await answer.text()).split('data: ').length - 1;
console.log('status', answer.status, events > 1 ? 'with a stream' : 'without a stream');
process.exit();
`;

/** @returns what went wrong */
export async function runFirstLines(project: string, page: string): Promise<string[]> {
  let lines = /```ts\n([\s\S]*?)```/.exec(readFileSync(page, 'utf8'))?.[1] ?? '';
  for (const [old, fresh] of swaps) {
    if (!lines.includes(old)) return [`${page}: the first lines have no \`${old}\` any more`];
    lines = lines.replace(old, fresh);
  }
  writeFileSync(join(project, 'first-lines.mjs'), before + lines + after);
  const { output } = await run(['node', 'first-lines.mjs'], { cwd: project });
  return output.includes('status 200 with a stream') ? [] : [`${page}: pasted, the first lines say:\n${output.trim()}`];
}
