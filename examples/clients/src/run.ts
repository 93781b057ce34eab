/** Every client in every scenario. */

import { type Comparison, compare } from './comparison.ts';
import type { Client } from './contract.ts';
import { scenarios } from './scenarios.ts';

/** All scenarios of one client, one after the other, so that the figures of one do not depend on another. */
export async function runAll(client: Client): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const scenario of scenarios) comparisons.push(await compare(client, scenario));
  return comparisons;
}
