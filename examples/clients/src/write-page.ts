/** Writes `docs/clients.md`. */

import { writeFileSync } from 'node:fs';
import { everybody } from './capabilities/everybody.ts';
import { type Trial, tryAll } from './capabilities/trial.ts';
import type { Comparison } from './comparison.ts';
import { pageFile, pageOf } from './page.ts';
import { roster } from './roster.ts';
import { runAll } from './run.ts';
import { withStrayRejections } from './stray-rejections.ts';

const { result } = await withStrayRejections(async () => {
  const comparisons: Comparison[] = [];
  for (const client of roster) comparisons.push(...(await runAll(client)));
  const trials: Trial[] = [];
  for (const client of everybody) trials.push(...(await tryAll(client)));
  return pageOf(comparisons, trials);
});
writeFileSync(pageFile, result);
