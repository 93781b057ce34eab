/** Bundles an app as an edge runtime would get it: nothing of Node may be left in it, and it may not grow unseen. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import type { Outcome } from '../outcome.ts';

/** Offenders named in the message; a library of Node's has hundreds. */
const shown = 5;
/**
 * The whole app of a user, minified and compressed, in KiB. The aim is 80; what it is made of is in
 * docs/decisions/2026-11-21-edge-bundle.md. Lower it with each step, and raise it for a reason.
 */
const mostGzipKib = 104;

/** @param specifier - the entry that makes handlers for the edge, named in messages */
export async function bundleForTheEdge(project: string, specifier: string): Promise<Outcome> {
  const entry = join(project, 'edge-entry.js');
  const outfile = join(project, 'edge-bundle.js');
  const app = ["import { createGateway } from '@sluice/core';", `import { fetchHandler } from '${specifier}';`];
  app.push("export default { fetch: fetchHandler(createGateway({ keys: 'k', callers: 'anyone' })) };", '');
  writeFileSync(entry, app.join('\n'));
  try {
    const { metafile } = await build({
      absWorkingDir: project,
      entryPoints: [entry],
      outfile,
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'neutral',
      // As bundlers for Workers have it: what is for browsers runs at the edge, and not all packages have `exports`.
      conditions: ['workerd', 'worker', 'browser'],
      mainFields: ['browser', 'module', 'main'],
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
    const gzipKib = gzipSync(bytes).length / 1024;
    const size = `${(bytes.length / 1024).toFixed(1)} KiB, ${gzipKib.toFixed(1)} KiB gzip`;
    if (gzipKib > mostGzipKib) {
      problems.push(
        `an app with ${specifier} is ${size}, and may be ${mostGzipKib}: find what came in and is not needed`,
      );
    }
    return { problems, notes: [`an app with ${specifier}, bundled for the edge: ${size}`] };
  } catch (error) {
    return { problems: [`${specifier} cannot be bundled for the edge: ${(error as Error).message}`], notes: [] };
  }
}
