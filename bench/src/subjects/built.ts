/** Modules of the build that the bench has made of core. */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Loads `dist/FILE` of the core that is measured. */
export function loadBuilt<Module>(file: string): Promise<Module> {
  return import(pathToFileURL(join(process.env.BENCH_PACKAGES as string, 'core', 'dist', file)).href);
}
