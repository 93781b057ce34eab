/** Installs packed packages into a plain npm project, without the network. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../command.ts';
import type { Packed } from './packed.ts';
import { copyInto, linkInto, needsOf, peersOf, type Shelf } from './shelf.ts';

/** What stands behind `npm i`. */
export interface Wanted {
  /** Ours, from their tarballs. */
  readonly packed: readonly Packed[];
  /** Theirs, as a user names them. */
  readonly others?: readonly string[];
  /** Further folders that may have those installed. */
  readonly from?: readonly string[];
  /** Bundlers follow no link out of the project. @default false */
  readonly isBundled?: boolean;
}

/**
 * @param project - a folder; made where there is none
 * @returns what went wrong
 */
export async function install(
  project: string,
  { packed, others = [], from = [], isBundled = false }: Wanted,
  shelf: Shelf,
): Promise<string[]> {
  mkdirSync(project, { recursive: true });
  const folders = packed.map(({ folder }) => folder);
  const names = new Set(packed.map(({ name }) => name));
  const needs = needsOf(folders, names, { names: others, from: [...folders, ...from] });
  const tarballs = await shelf.tarballs(needs.packed);
  const ours = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]));
  // What comes in afterwards is missing at first, and then npm may not look for peers at all: they are named.
  const isLoose = needs.large.size > 0;
  const named = isLoose ? [...others, ...folders.flatMap(peersOf)] : others;
  const theirs = Object.fromEntries(named.flatMap((name) => (tarballs[name] ? [[name, tarballs[name]]] : [])));
  const manifest = {
    name: 'plain',
    private: true,
    type: 'module',
    dependencies: { ...ours, ...theirs },
    // Because npm asks the registry about a version range even where the root has something that fits.
    overrides: { ...tarballs, ...ours },
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  const flags = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  if (isLoose) flags.push('--legacy-peer-deps');
  const { code, output } = await run(['npm', 'install', ...flags], { cwd: project });
  if (code !== 0) return [`the packed packages could not be installed by npm:\n${output.trim()}`];
  const place = isBundled ? copyInto : linkInto;
  place(project, needs.large);
  return [];
}
