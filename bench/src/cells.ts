/** What stands in the cells of more than one table. */

import { direct } from './figures/latency.ts';

/** What was found of each variant, round by round. */
export type Rounds<Found> = ReadonlyMap<string, readonly Found[]>;

/** What others are compared with has no budget. */
export function isBase(name: string): boolean {
  return name === direct || name.startsWith('raw');
}

/** A limit in ms, in words. */
export function milliseconds(most: number): string {
  return `${most.toLocaleString('en')} ms`;
}

/** A share; small ones with a digit more. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}
