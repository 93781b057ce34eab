/** By lot, in proportion to the weights and regardless of what is under way. */

import type { Strategy } from './strategy.ts';

/** After so many blanks the last one drawn is taken: weights a hundred times apart are met within a few per cent. */
const mostDraws = 256;

/** Draws until a project passes with the chance that its weight gives it against the heaviest. */
export const weighted: Strategy = ({ ready }, { heaviest, random }) => {
  let drawn = ready[Math.floor(random() * ready.length)] as (typeof ready)[number];
  for (let draw = 1; draw < mostDraws && random() * heaviest >= drawn.weight; draw++) {
    drawn = ready[Math.floor(random() * ready.length)] as (typeof ready)[number];
  }
  return drawn;
};
