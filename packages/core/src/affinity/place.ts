/** From what a request names to the project that it has to go to. */

import type { Cancellation } from '../cancellation.ts';
import type { Eventually } from '../store/store.ts';
import type { Placement, Reference } from './affinity.ts';
import type { Ledger } from './ledger.ts';
import { unclearResource, unknownResource } from './refusals.ts';
import type { Search } from './search.ts';

/** The project, and whether all that is named there is the caller's own. */
export type Pin = Extract<Placement, { readonly is: 'pinned' }>;

/**
 * Looks the references up, and searches for those that nobody knows. At once for a request that names nothing.
 *
 * @returns null when any project will do
 * @throws SluiceError `not_found` for what is nowhere or another caller's, `resource_key_unavailable` for things of two
 *   projects and for a search without a clear end; the reason of `gone`
 */
export function pinOf(
  references: readonly Reference[],
  callerId: string,
  { ledger, search, projects, gone }: PinOptions,
): Eventually<Pin | null> {
  if (references.length === 0) return null;
  return pinned(references, callerId, { ledger, search, projects, gone });
}

/** Where {@link pinOf} looks. */
export interface PinOptions {
  readonly ledger: Ledger;
  readonly search: Search;
  /** All projects of the pool. */
  readonly projects: readonly string[];
  readonly gone: Cancellation;
}

async function pinned(
  references: readonly Reference[],
  callerId: string,
  { ledger, search, projects, gone }: PinOptions,
): Promise<Pin | null> {
  const place = await ledger.placeOf(references, callerId);
  if (place.is !== 'unknown') return settled(place);
  const names = place.references.map(({ name }) => name);
  if ((await search.find(place.references, projects, gone)) === 'missing') throw unknownResource(names);
  const again = await ledger.placeOf(references, callerId);
  // Not every project has answered; or it was found, and forgotten in the same moment.
  if (again.is === 'unknown') throw unclearResource(names);
  return settled(again);
}

function settled(place: Exclude<Placement, { readonly is: 'unknown' }>): Pin | null {
  switch (place.is) {
    case 'free':
      return null;
    case 'pinned':
      return place;
    case 'foreign':
    case 'torn':
      throw place.error;
  }
}
