/**
 * Installs packed packages into a plain npm project, without the network: what they depend on is packed from where the
 * workspace has it installed.
 */
import { cpSync, existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../command.ts';
import type { Packed } from './packed.ts';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** @returns what went wrong */
export async function installPacked(project: string, packed: readonly Packed[]): Promise<string[]> {
  const foreign = new Map<string, string>();
  const ours = new Set(packed.map(({ name }) => name));
  for (const { folder } of packed) collect(folder, ours, foreign);
  const dependencies = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'plain', private: true, type: 'module' }));
  const tarballs = await packForeign(project, foreign);
  if (typeof tarballs === 'string') return [tarballs];
  // Overrides, because npm asks the registry about a version range even where the root has something that fits.
  const manifest = {
    name: 'plain',
    private: true,
    type: 'module',
    dependencies,
    overrides: { ...tarballs, ...dependencies },
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  const flags = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = await run(['npm', 'install', ...flags], { cwd: project });
  return code === 0 ? [] : [`the packed packages could not be installed by npm:\n${output.trim()}`];
}

/** Tarballs rather than folders: npm links to folders, and then wants their development dependencies. */
async function packForeign(
  project: string,
  foreign: ReadonlyMap<string, string>,
): Promise<Record<string, string> | string> {
  if (foreign.size === 0) return {};
  // Copies, because npm packs no folder in which two names are one file, and pnpm installs by hard links.
  const copies = [...foreign].map(([name, home]) => {
    const copy = join(project, 'copies', name);
    cpSync(home, copy, { recursive: true, dereference: true });
    return copy;
  });
  const command = ['npm', 'pack', '--json', '--offline', '--ignore-scripts', '--loglevel=error', ...copies];
  const { code, stdout, output } = await run(command, { cwd: project });
  if (code !== 0) return `the dependencies could not be packed by npm:\n${output.trim()}`;
  const made = JSON.parse(stdout) as { name: string; filename: string }[];
  return Object.fromEntries(made.map(({ name, filename }) => [name, `file:${join(project, filename)}`]));
}

/** Adds where the dependencies of the package in `folder` are installed, and theirs. */
function collect(folder: string, ours: ReadonlySet<string>, found: Map<string, string>): void {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta: peers = {} } = manifest;
  const wanted = Object.keys(peerDependencies).filter((name) => !peers[name]?.optional);
  for (const name of [...Object.keys(dependencies), ...wanted]) {
    const home = installedAt(folder, name);
    if (ours.has(name) || found.has(name) || !home) continue;
    found.set(name, home);
    collect(home, ours, found);
  }
}

/** As Node looks for it: in `node_modules` here and further up. */
function installedAt(folder: string, name: string): string | undefined {
  const candidate = join(folder, 'node_modules', name);
  if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
  return dirname(folder) === folder ? undefined : installedAt(dirname(folder), name);
}
