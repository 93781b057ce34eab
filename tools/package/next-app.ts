/** The route files of `@sluice/next`'s page in an app of their own: really built, and really started. */
import { createHmac } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transform } from 'esbuild';
import { run } from '../command.ts';
import type { PastedFile } from './declarations.ts';
import { askThrice, callers, installAsTold, type Trial, withKey } from './doorways.ts';
import { onSimulator, readPage } from './pasted.ts';
import { type Running, startPatched } from './running.ts';

const page = 'packages/next/README.md';
const adapter = '@sluice/next';
/** Whoever has an app has these. */
const scaffold = ['next', 'react', 'react-dom'];
/** A fence that begins so is a file of an app, and its first line says which. */
const named = /^\/\/ ((?:app|pages)\/\S+)\.tsx?\n/;
const secret = 'canary-of-a-secret-that-signs-cookies';
const cookie = `session=alice.${createHmac('sha256', secret).update('alice').digest('base64url')}`;

/** A route, and who may call it. */
interface Route {
  readonly page: string;
  /** Without an ending. */
  readonly path: string;
  readonly code: string;
  readonly known: Readonly<Record<string, string>>;
}

/** The first route of each router on the adapter's page, and the one with sessions. */
function routesOf(root: string): Route[] {
  return [
    routeIn(root, page, 'app/', withKey),
    routeIn(root, page, 'pages/', withKey),
    routeIn(root, 'docs/callers.md', 'app/', { cookie }),
  ];
}

function routeIn(root: string, file: string, router: string, known: Route['known']): Route {
  const { fences } = readPage(join(root, file), adapter);
  for (const code of fences) {
    const path = named.exec(code)?.[1];
    if (path?.startsWith(router) && code.includes('sluice(')) return { page: file, path, code, known };
  }
  throw new Error(`${file}: no example is a file below ${router}`);
}

/** The same files, for the check of their types. */
export function nextFiles(root: string): PastedFile[] {
  return routesOf(root);
}

/** @returns what went wrong */
export async function tryNextApp(trial: Trial): Promise<string[]> {
  const project = join(trial.folder, 'next');
  const env = {
    POOLS: trial.pools,
    SLUICE_API_KEYS: callers,
    SESSION_SECRET: secret,
    NEXT_TELEMETRY_DISABLED: '1',
  };
  let running: Running | null = null;
  try {
    const routes = routesOf(trial.root);
    const problems = await installNext(project, trial);
    if (problems.length > 0) return problems.map((problem) => `Next: ${page}: ${problem}`);
    for (const { path, code } of routes) {
      // JavaScript, because Next would look for a compiler; types are checked beside (declarations.ts).
      const { code: plain } = await transform(onSimulator(code), { loader: 'ts' });
      const target = join(project, `${path}.js`);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, plain);
    }
    const next = join('node_modules', 'next', 'dist', 'bin', 'next');
    const built = await run(['node', next, 'build'], { cwd: project, env });
    if (built.code !== 0) return [`Next: ${page}, pasted: next build:\n${built.output.trim()}`];
    running = await startPatched([next, 'start'], project, { env });
    const wrong: string[] = [];
    for (const route of routes) {
      const mount = route.path.replace(/^app|^pages/, '').replace(/\/\[+\.\.\..*$/, '');
      const said = await askThrice(running.origin + mount, route.known);
      wrong.push(...said.map((problem) => `${route.page}, ${route.path}, pasted: ${problem}`));
    }
    return wrong.length === 0 ? [] : [...wrong, running.output()];
  } catch (error) {
    return [`Next: ${page}, pasted: ${(error as Error).message}`];
  } finally {
    await running?.stop();
  }
}

async function installNext(project: string, trial: Trial): Promise<string[]> {
  const read = readPage(join(trial.root, page), adapter);
  const installs = read.installs.length === 0 ? [] : [...new Set([...read.installs, ...scaffold])];
  return installAsTold(project, { ...read, installs }, { adapter, from: ['packages/next'], isBundled: true }, trial);
}
