/** Bundles an entry as an edge runtime would get it: nothing of Node may be left in it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import type { Outcome } from '../outcome.ts';

/** Offenders named in the message; a library of Node's has hundreds. */
const shown = 5;

export async function bundleForTheEdge(project: string, specifier: string): Promise<Outcome> {
  const entry = join(project, 'edge-entry.js');
  const outfile = join(project, 'edge-bundle.js');
  writeFileSync(entry, `export * from '${specifier}';\n`);
  try {
    const { metafile } = await build({
      absWorkingDir: project,
      entryPoints: [entry],
      outfile,
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'neutral',
      conditions: ['workerd'],
      external: ['node:*'], // kept as imports, so that they can be reported with the file that wants them
      metafile: true,
      logLevel: 'silent',
    });
    // What counts is what is left after unused code has been dropped; the inputs tell where it comes from.
    const left = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
    const blamed = Object.entries(metafile.inputs).flatMap(([file, { imports }]) =>
      imports.flatMap(({ path }) =>
        left.includes(path) && path.startsWith('node:') ? [`${file} imports ${path}`] : [],
      ),
    );
    const more = blamed.length > shown ? ` … and ${blamed.length - shown} more` : '';
    const problems = blamed.length > 0 ? [`${specifier}: ${blamed.slice(0, shown).join(', ')}${more}`] : [];
    const bytes = readFileSync(outfile);
    const size = `${(bytes.length / 1024).toFixed(1)} KiB, ${(gzipSync(bytes).length / 1024).toFixed(1)} KiB gzip`;
    return { problems, notes: [`${specifier} bundled for the edge: ${size}`] };
  } catch (error) {
    return { problems: [`${specifier} cannot be bundled for the edge: ${(error as Error).message}`], notes: [] };
  }
}
