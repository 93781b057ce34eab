/**
 * Adapters stay thin: files of at most 120 lines, and nothing of core but its public entries. Where one seems to need more,
 * core lacks an option. And they have core as a peer alone, so that an example that is installed by itself has it too.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { isMain, type Outcome, report, rootOf } from './outcome.ts';

/** Adapters, and how many lines a file of theirs may have. */
const adapters: ReadonlyMap<string, number> = new Map([
  ['express', 120],
  ['fastify', 120],
  ['next', 120],
  ['electron', 200], // keys and chats of a whole app, not a mount alone
]);

interface Manifest {
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export function checkAdapters(root: string, limits: ReadonlyMap<string, number> = adapters): Outcome {
  const problems: string[] = [];
  const core = manifestOf(root, 'core');
  const entries = new Set(Object.keys(core.exports ?? {}).map((path) => `@sluice/core${path.slice(1)}`));
  for (const [adapter, maxLines] of limits) {
    const src = `packages/${adapter}/src`;
    const files = globSync(`${src}/**/*.{ts,cts,mts}`, { cwd: root }).map((file) => file.replaceAll(sep, '/'));
    if (files.length === 0) problems.push(`${src}: no files: take the adapter off the list in tools/check-adapters.ts`);
    const { dependencies, peerDependencies, devDependencies = {} } = manifestOf(root, adapter);
    if ('@sluice/core' in devDependencies) {
      // A peer is installed by pnpm for whoever depends on the adapter, unless it is there for development already.
      problems.push(`packages/${adapter}/package.json: @sluice/core is a peer: take it off devDependencies`);
    }
    const packages = new Set(Object.keys({ ...dependencies, ...peerDependencies }));
    for (const file of files.sort()) {
      const text = readFileSync(join(root, file), 'utf8');
      const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
      if (lines > maxLines) problems.push(`${file}: ${lines} lines, at most ${maxLines}: an adapter is thin`);
      for (const specifier of specifiersIn(text)) {
        const trouble = troubleWith(specifier, { file, src, entries, packages });
        if (trouble !== null) problems.push(`${file}: imports ${specifier}: ${trouble}`);
      }
    }
  }
  return { problems, notes: [] };
}

/** Static, dynamic, for effects, for types, and `import('…')` in a type. Examples in comments are no imports. */
function specifiersIn(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  return [...code.matchAll(/(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"])([^'"\n]+)\1/g)].map(
    ([, , found = '']) => found,
  );
}

function troubleWith(
  specifier: string,
  {
    file,
    src,
    entries,
    packages,
  }: { file: string; src: string; entries: ReadonlySet<string>; packages: ReadonlySet<string> },
): string | null {
  if (specifier.startsWith('node:')) return null;
  if (specifier.startsWith('.')) {
    const target = normalize(join(dirname(file), specifier)).replaceAll(sep, '/');
    return target.startsWith(`${src}/`) ? null : 'that is outside of the package';
  }
  if (specifier.startsWith('@sluice/core')) return entries.has(specifier) ? null : 'that is no public entry of core';
  const [scope = '', name = ''] = specifier.split('/');
  const bare = specifier.startsWith('@') ? `${scope}/${name}` : scope;
  return packages.has(bare) ? null : 'that is no dependency of the package';
}

function manifestOf(root: string, name: string): Manifest {
  return JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as Manifest;
}

if (isMain(import.meta.url)) report('adapters', checkAdapters(rootOf(process.argv)));
