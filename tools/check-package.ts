/**
 * What is published works for those who install it: `publint` and `attw` on the packed files, the packages in a plain npm
 * project, and the first lines of each doorway's page in a project of its own. Needs a build. Packed by pnpm alone, because npm would leave our own conditions and `workspace:` in.
 */
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from './command.ts';
import { isMain, type Outcome, report, rootOf } from './outcome.ts';
import { bundleForTheEdge } from './package/bundle.ts';
import { checkTypes } from './package/declarations.ts';
import { importEverything } from './package/imports.ts';
import { install } from './package/install.ts';
import type { Packed } from './package/packed.ts';
import { pastedFiles, tryPages } from './package/pages.ts';
import type { Running } from './package/running.ts';
import { Shelf } from './package/shelf.ts';
import { startProvider } from './package/simulator.ts';

export async function checkPackages(root: string): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-packages-'));
  let provider: Running | null = null;
  try {
    const { packed, problems } = await packAll(root, folder);
    if (problems.length > 0) return { problems, notes: [] };
    const linted = await Promise.all(packed.map(lint));
    const project = join(folder, 'project');
    const shelf = new Shelf(join(folder, 'shelf'));
    const installed = await install(project, { packed }, shelf);
    if (installed.length > 0) return { problems: [...linted.flat(), ...installed], notes: [] };
    const bundle = await bundleForTheEdge(project, '@sluice/core/web');
    const types = await checkTypes(root, project, pastedFiles(root));
    provider = await startProvider(project);
    const pasted = await tryPages({ root, folder: join(folder, 'doorways'), packed, shelf, pools: provider.origin });
    // Last, because it takes undici away to see who misses it.
    const imports = await importEverything(project, packed);
    return { problems: [...linted.flat(), ...bundle.problems, ...types, ...pasted, ...imports], notes: bundle.notes };
  } finally {
    await provider?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function packAll(root: string, destination: string): Promise<{ packed: Packed[]; problems: string[] }> {
  const packed: Packed[] = [];
  const problems: string[] = [];
  for (const file of globSync('packages/*/package.json', { cwd: root }).sort()) {
    const folder = join(root, dirname(file));
    const { name, private: isPrivate } = JSON.parse(readFileSync(join(root, file), 'utf8')) as {
      name: string;
      private?: boolean;
    };
    if (isPrivate) continue;
    if (!existsSync(join(folder, 'dist'))) {
      problems.push(`${dirname(file)}/dist is missing: run \`npm run build\` first`);
      continue;
    }
    const target = join(destination, `${name.replace('@', '').replace('/', '-')}.tgz`);
    const { code, output } = await run(['pnpm', 'pack', '--config.ignore-scripts=true', '--out', target], {
      cwd: folder,
    });
    if (code === 0) packed.push({ name, folder, tarball: target });
    else problems.push(`${name} could not be packed:\n${output.trim()}`);
  }
  return { packed, problems };
}

async function lint({ name, folder, tarball }: Packed): Promise<string[]> {
  const commands = [
    ['publint', 'run', '--strict', tarball],
    ['attw', '--profile', 'esm-only', '--no-emoji', tarball],
  ];
  const ended = await Promise.all(commands.map((command) => run(command, { cwd: folder })));
  return ended.flatMap(({ code, output }, index) => {
    return code === 0 ? [] : [`${name}: ${commands[index]?.[0]}:\n${output.trim()}`];
  });
}

if (isMain(import.meta.url)) report('packages', await checkPackages(rootOf(process.argv)));
