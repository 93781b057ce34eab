/** A `node_modules` for examples: links to every package of the workspace, and to whatever any of them depends on. */
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The packages of the workspace by their names, and their dependencies where they are installed. */
export function linkDependencies(root: string, folder: string): void {
  const targets = new Map<string, string>();
  for (const manifest of globSync('{packages,examples}/*/package.json', { cwd: root }).sort()) {
    const { name } = JSON.parse(readFileSync(join(root, manifest), 'utf8')) as { name: string };
    const home = join(root, dirname(manifest));
    targets.set(name, home);
    for (const dependency of installedIn(join(home, 'node_modules'))) {
      if (!targets.has(dependency)) targets.set(dependency, realpathSync(join(home, 'node_modules', dependency)));
    }
  }
  for (const [name, target] of targets) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(target, link, 'junction');
  }
}

/** Read folder by folder: a glob does not look behind links, and links are what pnpm installs. */
function installedIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'));
  return names.flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(folder, name)).map((inner) => `${name}/${inner}`) : [name],
  );
}
