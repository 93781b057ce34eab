/**
 * Imports every path that the installed packages export: as Node does it, and, but for the entries called `node`, as an
 * edge runtime would resolve it.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../command.ts';
import type { Packed } from './packed.ts';

/** Adapters of frameworks that run on Node alone. */
const nodeOnly: ReadonlySet<string> = new Set([
  '@sluice/electron',
  '@sluice/express',
  '@sluice/fastify',
  '@sluice/next/pages',
  '@sluice/store-redis',
  '@sluice/store-sqlite',
  '@sluice/testkit/adapters',
]);

/** @returns one text per path that cannot be imported */
export async function importEverything(project: string, packed: readonly Packed[]): Promise<string[]> {
  const specifiers = packed.flatMap(({ name }) => exportedPaths(project, name));
  standInForElectron(project);
  const onNode = await importEach(project, specifiers, []);
  // Whoever still needs undici now has not taken the neutral path.
  const undici = join(project, 'node_modules', 'undici');
  if (existsSync(undici)) renameSync(undici, `${undici}-taken-away`);
  const neutral = specifiers.filter((specifier) => !specifier.endsWith('/node') && !nodeOnly.has(specifier));
  const onTheEdge = await importEach(project, neutral, ['--conditions=workerd']);
  const absent = packed.flatMap(({ name }) => optionalPeers(project, name));
  return [
    ...withoutAbsent(onNode, absent).map((problem) => `plain Node: ${problem}`),
    ...withoutAbsent(onTheEdge, absent).map((problem) => `--conditions=workerd, without undici: ${problem}`),
  ];
}

/**
 * Electron's modules exist only inside Electron: what npm installs under its name fetches the program. Everything that is
 * imported of it is here by name, so that what imports it is loaded, and run as far as importing goes.
 */
function standInForElectron(project: string): void {
  const home = join(project, 'node_modules', 'electron');
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'package.json'), '{ "name": "electron", "main": "index.js" }');
  const names = ['app', 'ipcMain', 'protocol', 'safeStorage', 'ipcRenderer', 'contextBridge'];
  const lines = names.map((name) => `exports.${name} = { on() {}, exposeInMainWorld() {} };`);
  writeFileSync(join(home, 'index.js'), lines.join('\n'));
}

/** Entries that are made for an optional peer, by what they may say: it is not installed here. */
function optionalPeers(project: string, name: string): string[] {
  const file = join(project, 'node_modules', name, 'package.json');
  const { peerDependenciesMeta = {} } = JSON.parse(readFileSync(file, 'utf8')) as {
    peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  };
  const peers = Object.keys(peerDependenciesMeta).filter((peer) => peerDependenciesMeta[peer]?.optional);
  return peers.map((peer) => `${name}/${peer}: Cannot find package '${peer}'`);
}

/** The entry called after the peer may miss it; the main entry may not. */
function withoutAbsent(problems: readonly string[], absent: readonly string[]): string[] {
  return problems.filter((problem) => !absent.some((start) => problem.startsWith(start)));
}

function exportedPaths(project: string, name: string): string[] {
  const file = join(project, 'node_modules', name, 'package.json');
  const { exports = {} } = JSON.parse(readFileSync(file, 'utf8')) as { exports?: Record<string, unknown> };
  return Object.keys(exports).map((path) => (path === '.' ? name : `${name}${path.slice(1)}`));
}

async function importEach(project: string, specifiers: readonly string[], flags: readonly string[]): Promise<string[]> {
  const code = `
    for (const specifier of ${JSON.stringify(specifiers)}) {
      const options = specifier.endsWith('.json') ? { with: { type: 'json' } } : {};
      await import(specifier, options).catch((error) => console.log(specifier + ': ' + error.message));
    }`;
  const { code: exit, output } = await run(['node', ...flags, '--input-type=module', '--eval', code], { cwd: project });
  const lines = output.split('\n').filter((line) => line !== '');
  return exit === 0 || lines.length > 0 ? lines : [`the imports ended with ${exit}`];
}
