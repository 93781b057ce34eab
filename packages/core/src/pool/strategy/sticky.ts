/** What belongs together stays with one project, so that its implicit cache and its thought signatures live. */

import { leastBusy } from './least-busy.ts';
import type { Strategy } from './strategy.ts';

/** This many places further on nobody is looked for any more: then the least busy one serves. */
const farthest = 32;

/**
 * Goes by the hash of the key: every process with the same options comes to the same project without asking anybody.
 * While that one cannot serve, the next in order does; without a key the least busy one.
 */
export const sticky: Strategy = (field, ask) => {
  if (ask.key === null) return leastBusy(field, ask);
  const { all, isReady } = field;
  const start = hashed(ask.key) % all.length;
  for (let step = 0; step < Math.min(farthest, all.length); step++) {
    const seat = all[(start + step) % all.length] as (typeof all)[number];
    if (isReady(seat)) return seat;
  }
  return leastBusy(field, ask);
};

/** FNV-1a, 32 bits: even enough, and the same everywhere. */
function hashed(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash ^= text.charCodeAt(at);
    hash = Math.imul(hash, 0x01000193) >>> 0;
  }
  return hash;
}
