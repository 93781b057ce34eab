/**
 * What packages depend on, from where the workspace has it installed: as tarballs for npm, or, where a tarball would take
 * half a minute, as copies or links.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../command.ts';

/** Names of packages, and the folders that they are installed in. */
export type Homes = ReadonlyMap<string, string>;

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** Hundreds of megabytes, with binaries for this machine. */
const largeNames: ReadonlySet<string> = new Set(['electron', 'next', 'react', 'react-dom', 'vitest']);

/** What a project needs beside what it is there to try. */
export interface Needs {
  /** npm installs them from tarballs. */
  readonly packed: Homes;
  /** npm does not hear of them; they are copied or linked. */
  readonly large: Homes;
}

/**
 * Everything that the packages in `folders` depend on, and what that depends on.
 *
 * @param ours - names that are there already
 * @param others - further names, as a user gives them to npm, and the folders that may have them installed
 * @throws Error for a name that nobody has installed
 */
export function needsOf(
  folders: readonly string[],
  ours: ReadonlySet<string>,
  others: { readonly names: readonly string[]; readonly from: readonly string[] },
): Needs {
  const packed = new Map<string, string>();
  const large = new Map<string, string>();
  const collect = (folder: string, name: string, isOfLarge: boolean): void => {
    const home = installedAt(folder, name);
    const found = isOfLarge || largeNames.has(name) ? large : packed;
    if (ours.has(name) || found.has(name) || home === undefined) return;
    found.set(name, home);
    for (const next of wantedBy(home, found === large)) collect(home, next, found === large);
  };
  for (const folder of folders) for (const name of wantedBy(folder, false)) collect(folder, name, false);
  for (const name of others.names) {
    const folder = others.from.find((one) => installedAt(one, name) !== undefined);
    if (folder === undefined) throw new Error(`${name} is installed in none of ${others.from.join(', ')}`);
    collect(folder, name, false);
  }
  return { packed, large };
}

/** @param withOptional - binaries stand among the optional ones */
function wantedBy(folder: string, withOptional: boolean): string[] {
  const { dependencies = {}, optionalDependencies = {} } = manifestOf(folder);
  const optional = withOptional ? Object.keys(optionalDependencies) : [];
  return [...Object.keys(dependencies), ...optional, ...peersOf(folder)];
}

/** The peers that a package cannot do without. */
export function peersOf(folder: string): string[] {
  const { peerDependencies = {}, peerDependenciesMeta: meta = {} } = manifestOf(folder);
  return Object.keys(peerDependencies).filter((name) => !meta[name]?.optional);
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** As Node looks for it: in `node_modules` here and further up. */
function installedAt(folder: string, name: string): string | undefined {
  const candidate = join(folder, 'node_modules', name);
  if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
  return dirname(folder) === folder ? undefined : installedAt(dirname(folder), name);
}

/** Tarballs of packages, made once for all projects. */
export class Shelf {
  readonly #folder: string;
  readonly #tarballs = new Map<string, string>();
  #packed: Promise<void> = Promise.resolve();

  /** @param folder - an empty one */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** Tarballs rather than folders: npm links to folders, and then wants their development dependencies. */
  async tarballs(homes: Homes): Promise<Readonly<Record<string, string>>> {
    // One after the other: two projects may want the same package at once.
    this.#packed = this.#packed.then(() => this.#pack([...homes].filter(([name]) => !this.#tarballs.has(name))));
    await this.#packed;
    return Object.fromEntries([...homes.keys()].map((name) => [name, `file:${this.#tarballs.get(name)}`]));
  }

  async #pack(missing: readonly (readonly [string, string])[]): Promise<void> {
    if (missing.length === 0) return;
    // Copies, because npm packs no folder in which two names are one file, and pnpm installs by hard links.
    const copies = missing.map(([name, home]) => {
      const copy = join(this.#folder, 'copies', name);
      copyWithoutDependencies(home, copy);
      return copy;
    });
    const flags = ['--json', '--offline', '--ignore-scripts', '--loglevel=error'];
    const { code, stdout, output } = await run(['npm', 'pack', ...flags, ...copies], { cwd: this.#folder });
    if (code !== 0) throw new Error(`the dependencies could not be packed by npm:\n${output.trim()}`);
    for (const { name, filename } of JSON.parse(stdout) as { name: string; filename: string }[]) {
      this.#tarballs.set(name, join(this.#folder, filename));
    }
  }
}

/** Side by side, as npm would lay them out. */
export function copyInto(project: string, homes: Homes): void {
  for (const [name, home] of homes) copyWithoutDependencies(home, join(project, 'node_modules', name));
}

/** By links, for those who only read: what a package depends on is found where the link leads. */
export function linkInto(project: string, homes: Homes): void {
  for (const [name, home] of homes) {
    const link = join(project, 'node_modules', name);
    if (existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(home, link, 'junction');
  }
}

function copyWithoutDependencies(home: string, copy: string): void {
  const own = join(home, 'node_modules');
  cpSync(home, copy, { recursive: true, dereference: true, filter: (source) => source !== own });
}
