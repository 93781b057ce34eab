/** Where Electron's program is. The npm package `electron` is a few lines that fetch it, and is never asked to here. */

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** @returns null where it is not on this machine */
export function electronProgram(environment: NodeJS.ProcessEnv): string | null {
  const { ELECTRON_PATH: given } = environment;
  if (given) return existsSync(given) ? given : null;
  try {
    const home = dirname(createRequire(import.meta.url).resolve('electron/package.json'));
    const program = join(home, 'dist', readFileSync(join(home, 'path.txt'), 'utf8'));
    return existsSync(program) ? program : null;
  } catch {
    return null; // it was never fetched, or the package itself is not installed
  }
}
