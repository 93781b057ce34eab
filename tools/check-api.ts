/**
 * The public API as one reads it in a diff: `etc/<name>.api.md`, one snapshot per entry point that is made for people.
 * Needs a build, because it reads the declarations that are published.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.ts';
import { lineDiff } from './line-diff.ts';
import { isMain, type Outcome, report, rootOf } from './outcome.ts';

interface Snapshot {
  readonly folder: string;
  /** API Extractor looks for `package.json` from here upwards, so it lies in the package's folder. */
  readonly config: string;
  readonly entry: string;
  readonly name: string;
}

const snapshots: readonly Snapshot[] = [
  { folder: 'packages/core', config: 'api-extractor.json', entry: 'index', name: 'core' },
  { folder: 'packages/core', config: 'api-extractor-node.json', entry: 'node', name: 'core-node' },
  { folder: 'packages/core', config: 'api-extractor-web.json', entry: 'web', name: 'core-web' },
  { folder: 'packages/core', config: 'api-extractor-live.json', entry: 'live', name: 'core-live' },
  { folder: 'packages/express', config: 'api-extractor.json', entry: 'index', name: 'express' },
  { folder: 'packages/fastify', config: 'api-extractor.json', entry: 'index', name: 'fastify' },
  { folder: 'packages/electron', config: 'api-extractor.json', entry: 'index', name: 'electron' },
  { folder: 'packages/electron', config: 'api-extractor-preload.json', entry: 'preload', name: 'electron-preload' },
  { folder: 'packages/electron', config: 'api-extractor-renderer.json', entry: 'renderer', name: 'electron-renderer' },
  { folder: 'packages/next', config: 'api-extractor.json', entry: 'index', name: 'next' },
  { folder: 'packages/next', config: 'api-extractor-pages.json', entry: 'pages', name: 'next-pages' },
  { folder: 'packages/store-redis', config: 'api-extractor.json', entry: 'index', name: 'store-redis' },
  { folder: 'packages/store-sqlite', config: 'api-extractor.json', entry: 'index', name: 'store-sqlite' },
  { folder: 'packages/simulator', config: 'api-extractor.json', entry: 'index', name: 'simulator' },
  { folder: 'packages/simulator', config: 'api-extractor-msw.json', entry: 'msw', name: 'simulator-msw' },
  { folder: 'packages/simulator', config: 'api-extractor-network.json', entry: 'network', name: 'simulator-network' },
  { folder: 'packages/testkit', config: 'api-extractor.json', entry: 'adapters', name: 'testkit-adapters' },
];

/** @param write - rewrite the snapshots instead of comparing them */
export async function checkApi(root: string, write: boolean): Promise<Outcome> {
  mkdirSync(join(root, 'reports', 'api'), { recursive: true });
  mkdirSync(join(root, 'etc'), { recursive: true });
  const problems: string[] = [];
  for (const snapshot of snapshots) {
    const problem = await check(root, snapshot, write);
    if (problem) problems.push(problem);
  }
  return { problems, notes: [] };
}

async function check(
  root: string,
  { folder, config, entry, name }: Snapshot,
  write: boolean,
): Promise<string | undefined> {
  const declarations = `${folder}/dist/${entry}.d.ts`;
  if (!existsSync(join(root, declarations))) return `${declarations} is missing: run \`npm run build\` first`;
  // With `--local` it never fails for a difference, and says nothing; comparing is done here, where the diff is shown.
  const command = ['api-extractor', 'run', '--local', '--config', join(folder, config)];
  const { code, output } = await run(command, { cwd: root });
  const fresh = join(root, 'reports', 'api', `${name}.api.md`);
  if (code !== 0 || !existsSync(fresh)) return `${folder}/${config}: ${output.trim()}`;
  const text = readFileSync(fresh, 'utf8').replaceAll('\r\n', '\n');
  const file = `etc/${name}.api.md`;
  const path = join(root, file);
  if (write) writeFileSync(path, text);
  const current = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const diff = lineDiff(current, text);
  return diff
    ? `the public API differs from ${file}; where that is meant, \`npm run docs\` rewrites it:\n${diff}`
    : undefined;
}

if (isMain(import.meta.url)) report('public API', await checkApi(rootOf(process.argv), false));
