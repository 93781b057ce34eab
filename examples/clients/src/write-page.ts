/** Writes `docs/clients.md`. */

import { writeFileSync } from 'node:fs';
import type { Comparison } from './comparison.ts';
import { pageFile, pageOf } from './page.ts';
import { roster } from './roster.ts';
import { runAll } from './run.ts';
import { withStrayRejections } from './stray-rejections.ts';

const { result } = await withStrayRejections(async () => {
  const comparisons: Comparison[] = [];
  for (const client of roster) comparisons.push(...(await runAll(client)));
  return comparisons;
});
writeFileSync(pageFile, pageOf(result));
