/** The strategies by the names that options know. */

import { leastBusy } from './strategy/least-busy.ts';
import { roundRobin } from './strategy/round-robin.ts';
import { sticky } from './strategy/sticky.ts';
import type { Strategy } from './strategy/strategy.ts';
import { weighted } from './strategy/weighted.ts';

/** A name of one. */
export type StrategyName = 'least-busy' | 'round-robin' | 'weighted' | 'sticky';

export const strategies: Readonly<Record<StrategyName, Strategy>> = {
  'least-busy': leastBusy,
  'round-robin': roundRobin,
  weighted,
  sticky,
};
