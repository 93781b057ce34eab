/**
 * Builds the packages that are measured into `reports/bench/packages`, as they are built for npm. A folder of the
 * bench's own: a build in `packages/` by somebody else could take the files away under a gateway that is starting.
 */

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** The root of the repository. */
export const root: string = join(import.meta.dirname, '../..');
/** Where the bench puts what it makes. */
export const benchFolder: string = join(root, 'reports', 'bench');

const tsup = join(root, 'node_modules', 'tsup', 'dist', 'cli-default.js');

/** Whether this checkout has the package that mounts a gateway in a framework. */
export function hasAdapter(name: string): boolean {
  return existsSync(join(root, 'packages', name, 'src', 'index.ts'));
}

/** The folder of a build; it holds `core` and the adapters that there are. */
export function packagesFolder(name = 'packages'): string {
  return join(benchFolder, name);
}

/**
 * Builds core and the adapters that are measured, and keeps a copy of core under another name when asked to, so that a
 * later build can be compared with it.
 *
 * @throws Error with what the build said
 */
export function buildPackages(adapters: readonly string[], keepAs: string | null): void {
  const folder = packagesFolder();
  build('core', folder);
  relink(join(root, 'packages', 'core', 'node_modules'), join(folder, 'core', 'node_modules'));
  for (const name of adapters) {
    build(name, folder);
    relink(join(folder, 'core'), join(folder, name, 'node_modules', '@sluice', 'core'));
    const framework = join(root, 'packages', name, 'node_modules', name);
    relink(realpathSync(framework), join(folder, name, 'node_modules', name));
  }
  if (keepAs === null) return;
  rmSync(packagesFolder(keepAs), { recursive: true, force: true });
  cpSync(join(folder, 'core'), join(packagesFolder(keepAs), 'core'), { recursive: true, verbatimSymlinks: true });
}

function build(name: string, folder: string): void {
  const source = join(root, 'packages', name);
  const made = spawnSync(process.execPath, [tsup, '--silent', '--out-dir', join(folder, name, 'dist')], {
    cwd: source,
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(`the build of ${name} failed:\n${made.stdout}${made.stderr}`);
  cpSync(join(source, 'package.json'), join(folder, name, 'package.json'));
}

/** Puts a link where another one may have been. */
export function relink(target: string, link: string): void {
  rmSync(link, { recursive: true, force: true });
  mkdirSync(join(link, '..'), { recursive: true });
  symlinkSync(target, link, 'junction');
}
