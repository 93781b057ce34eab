/** Builds the Next app of the bench: one route that takes everything, with the bare proxy in it or the gateway. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { benchFolder, packagesFolder, relink, root } from './build.ts';

/** Where it lies. */
export const nextAppFolder: string = join(benchFolder, 'next-app');

/** What the app imports, so that a change of its name is seen here. */
const mount: keyof typeof import('@sluice/next') = 'sluice';
const require = createRequire(import.meta.url);
const subjects = join(import.meta.dirname, 'subjects');

/**
 * Builds once what both variants run; the environment of the process says which half of it answers.
 *
 * @param hasGateway - whether there is a build of `@sluice/next`
 * @throws Error with what Next said
 */
export function buildNextApp(hasGateway: boolean): void {
  rmSync(nextAppFolder, { recursive: true, force: true });
  const routeFolder = join(nextAppFolder, 'app', '[...path]');
  mkdirSync(routeFolder, { recursive: true });
  // JavaScript: for TypeScript Next would look for a compiler, types and a configuration of the app's own.
  writeFileSync(join(routeFolder, 'route.js'), routeIn(routeFolder, hasGateway));
  writeFileSync(join(nextAppFolder, 'next.config.mjs'), config());
  writeFileSync(join(nextAppFolder, 'package.json'), '{ "name": "bench-next-app", "private": true }\n');
  const modules = join(nextAppFolder, 'node_modules');
  for (const name of ['next', 'react', 'react-dom'])
    relink(realpathSync(dirname(require.resolve(`${name}/package.json`))), join(modules, name));
  for (const name of hasGateway ? ['core', 'next'] : [])
    relink(join(packagesFolder(), name), join(modules, '@sluice', name));
  const next = join(dirname(require.resolve('next/package.json')), 'dist', 'bin', 'next');
  const made = spawnSync(process.execPath, [next, 'build'], {
    cwd: nextAppFolder,
    encoding: 'utf8',
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
  });
  if (made.status !== 0) throw new Error(`the build of the Next app failed:\n${made.stdout}${made.stderr}`);
}

/** Everything that is imported lies under the root, which Next has to be told: it would take the folder of the app. */
function config(): string {
  const text = JSON.stringify({ turbopack: { root }, outputFileTracingRoot: root });
  return `export default ${text};\n`;
}

function routeIn(folder: string, hasGateway: boolean): string {
  const bare = relative(folder, join(subjects, 'raw-web.ts'));
  const options = relative(folder, join(subjects, 'options.ts'));
  const lines = [
    `import { passOnRequest } from '${bare}';`,
    ...(hasGateway ? [`import { ${mount} } from '@sluice/next';`, `import { gatewayOptions } from '${options}';`] : []),
    "export const dynamic = 'force-dynamic';",
    hasGateway
      ? `export const POST = process.env.BENCH_WAY === 'sluice' ? ${mount}(gatewayOptions()).POST : passOnRequest;`
      : 'export const POST = passOnRequest;',
    '',
  ];
  return lines.join('\n');
}
