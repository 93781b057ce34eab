/** The project with the fewest calls under way for its weight. */

import type { Candidate, Strategy } from './strategy.ts';

/** Up to here all are compared. */
const few = 8;
/** Of more, the better of so many in turn: as even as the best of all but for a few calls, at a cost that stays the same. */
const looked = 2;

/**
 * Compares calls under way over weight, then how much of its share each had. Among many projects it goes round and takes
 * the better of the next two: neighbours lie side by side in memory, where two at random do not.
 */
export const leastBusy: Strategy = ({ ready }, { turn }) => {
  const isSmall = ready.length <= few;
  const looks = isSmall ? ready.length : looked;
  const start = isSmall ? 0 : (turn * looked) % ready.length;
  let best = ready[start] as (typeof ready)[number];
  for (let look = 1; look < looks; look++) {
    const one = ready[(start + look) % ready.length] as (typeof ready)[number];
    if (isLessBusy(one, best)) best = one;
  }
  return best;
};

function isLessBusy(left: Candidate, right: Candidate): boolean {
  const difference = left.inFlight / left.weight - right.inFlight / right.weight;
  return difference === 0 ? left.share < right.share : difference < 0;
}
