/**
 * The app that the tests run: packed packages as npm would install them, built by `next build` once for all test files.
 * Whoever comes second waits; while no source changes nobody builds again.
 */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'tsup';

const packages: string = fileURLToPath(new URL('../../', import.meta.url));
/** Where `next build` has put what it made. */
export const fixture: string = fileURLToPath(new URL('./fixture', import.meta.url));
const modules = join(fixture, 'node_modules');
const stamp = join(fixture, '.next', 'stamp');
const lock = join(packages, 'next/node_modules/.fixture-lock');
const next = join(packages, 'next/node_modules/next');
/** All test files of one run have the same parent. While they run, nobody takes the app from under their feet. */
const run = `run ${process.ppid}`;
const runLastsMs = 900_000;

/** Resolves when the app is built from the sources as they are, or as they were when the first test of this run asked. */
export async function builtFixture(): Promise<void> {
  const mark = digestOfSources();
  while (!taken()) {
    if (isBuilt(mark)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  try {
    if (isBuilt(mark)) return;
    rmSync(join(fixture, '.next'), { recursive: true, force: true });
    rmSync(modules, { recursive: true, force: true });
    await install('core', [
      'index',
      'node',
      'web',
      'upstream/fetch',
      'upstream/undici',
      'platform/node',
      'platform/web',
    ]);
    await install('next', ['index', 'pages']);
    for (const name of ['next', 'react', 'react-dom'])
      symlinkSync(join(packages, 'next/node_modules', name), join(modules, name));
    await nextBuild();
    writeFileSync(stamp, `${mark}\n${run}`);
  } finally {
    rmSync(lock, { force: true });
  }
}

function isBuilt(mark: string): boolean {
  const { mtimeMs } = statSync(stamp, { throwIfNoEntry: false }) ?? { mtimeMs: 0 };
  const [of, by] = mtimeMs === 0 ? [] : readFileSync(stamp, 'utf8').split('\n');
  return of === mark || (by === run && Date.now() - mtimeMs < runLastsMs);
}

/** A lock whose owner has died is nobody's. */
function taken(): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    const owner = Number(readIfThere(lock));
    if (owner > 0 && !isAlive(owner)) rmSync(lock, { force: true });
    return false;
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** As `npm install` would leave it: its manifest as it is published, and `dist` alone. */
async function install(name: string, entries: readonly string[]): Promise<void> {
  const from = join(packages, name);
  const to = join(modules, '@sluice', name);
  mkdirSync(to, { recursive: true });
  const { publishConfig, ...manifest } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
  writeFileSync(join(to, 'package.json'), JSON.stringify({ ...manifest, ...publishConfig }));
  if (manifest.dependencies !== undefined) symlinkSync(join(from, 'node_modules'), join(to, 'node_modules'));
  await build({
    config: false,
    silent: true,
    entry: Object.fromEntries(entries.map((entry) => [entry, join(from, 'src', `${entry}.ts`)])),
    outDir: join(to, 'dist'),
    outExtension: () => ({ js: '.js' }),
    format: 'esm',
    target: 'node22',
    platform: 'node',
    dts: false,
    external: [/^[^./]/],
  });
}

async function nextBuild(): Promise<void> {
  // No key and no caller is set: a build must do without.
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, NEXT_TELEMETRY_DISABLED: '1' } as unknown as NodeJS.ProcessEnv;
  const command = [join(next, 'dist/bin/next'), 'build'];
  await promisify(execFile)(process.execPath, command, { cwd: fixture, env, maxBuffer: 10_000_000 }).catch((error) => {
    throw new Error(`next build failed:\n${error.stdout}\n${error.stderr}`);
  });
}

function digestOfSources(): string {
  const hash = createHash('sha256').update(readFileSync(join(next, 'package.json')));
  for (const folder of ['core/src', 'next/src', 'next/test/fixture']) {
    const names = readdirSync(join(packages, folder), { recursive: true, encoding: 'utf8' }).sort();
    for (const name of names) {
      if (/^(\.next|node_modules)(\/|$)/.test(name)) continue;
      const path = join(packages, folder, name);
      if (statSync(path).isFile()) hash.update(name).update(readFileSync(path));
    }
  }
  return hash.update(readFileSync(fileURLToPath(import.meta.url))).digest('hex');
}
