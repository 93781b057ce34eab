/** One project after the other, whatever their weights. */

import type { Strategy } from './strategy.ts';

/** Takes turns in the order of the options; who may not serve is passed over. */
export const roundRobin: Strategy = ({ ready, all, isReady }, { turn }) => {
  const place = turn % all.length;
  const next = all[place] as (typeof all)[number];
  // Most of the time nobody rests. The turns of those who do go to the others, to another one in each round.
  const round = (turn - place) / all.length;
  return isReady(next) ? next : (ready[(round + place) % ready.length] as (typeof ready)[number]);
};
