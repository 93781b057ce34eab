/** The app in one file, as a runtime without packages gets it. */

import { join } from 'node:path';
import { build } from 'esbuild';

const source = join(import.meta.dirname, '../../src');

/** A file that runs by itself. */
export interface Bundle {
  readonly text: string;
  /** What it still imports when it runs. */
  readonly imports: readonly string[];
}

/**
 * Bundles an entry for a platform that esbuild knows nothing of: what would want Node shows as an import.
 *
 * @param condition - under which packages know the runtime
 */
export async function bundle(entry: 'worker' | 'bun' | 'deno', condition: string): Promise<Bundle> {
  const { metafile, outputFiles } = await build({
    entryPoints: [join(source, `${entry}.ts`)],
    outfile: `${entry}.js`,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    // As bundlers for Workers have it: what is for browsers runs at the edge, and not all packages have `exports`.
    mainFields: ['browser', 'module', 'main'],
    conditions: ['@sluice/source', condition, 'browser'],
    external: ['node:*'],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  return { text: outputFiles[0]?.text ?? '', imports };
}
