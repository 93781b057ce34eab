/** Makes of the sources what Electron can run: two files and a page, without `node_modules`. */

import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));

/** @param folder - it can be given to Electron afterwards */
export async function bundle(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await Promise.all([
    build({
      entryPoints: [join(here, 'main.ts')],
      outfile: join(folder, 'main.mjs'),
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node22',
      conditions: ['@sluice/source'],
      external: ['electron'],
      // What is CommonJS among the dependencies asks for Node's modules by `require`.
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
      logLevel: 'warning',
    }),
    build({
      entryPoints: [join(here, 'preload.ts')],
      outfile: join(folder, 'preload.cjs'),
      bundle: true,
      platform: 'browser',
      format: 'cjs',
      conditions: ['@sluice/source'],
      external: ['electron'],
      logLevel: 'warning',
    }),
  ]);
  cpSync(join(here, 'page'), join(folder, 'page'), { recursive: true });
  const manifest = { name: 'sluice-chat', productName: 'Chat', version: '0.0.0', type: 'module', main: 'main.mjs' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
}
