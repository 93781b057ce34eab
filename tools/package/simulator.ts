/** The simulator in a process of its own, as the provider of everything that is tried. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Running, start } from './running.ts';

const program = `
import { demoKey, startSimulator } from '@sluice/simulator';
const { url } = await startSimulator();
console.log('pools ' + JSON.stringify({ gemini: { baseUrl: url, projects: [{ id: 'demo', keys: [demoKey] }] } }));
`;

/**
 * @param project - where `@sluice/simulator` is installed
 * @param flags - for Node
 * @returns the program; its `origin` is a gateway's `pools`, as JSON
 */
export function startProvider(project: string, flags: readonly string[] = []): Promise<Running> {
  writeFileSync(join(project, 'provider.mjs'), program);
  return start(['node', ...flags, 'provider.mjs'], { cwd: project, env: {}, says: /^pools (.+)$/m });
}
