/** Where a session may go: by its model, by what its setup names, and by who talks. */

import type { PlacedCall, Places } from '../affinity/places.ts';
import type { Opening } from '../channel.ts';
import { SluiceError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { KeyPool, StickyBy } from '../pool/pool.ts';
import { estimateTokens } from '../quota/estimate.ts';
import type { Guest } from './guest.ts';
import type { Setup } from './setup.ts';
import { tenureMs } from './tenure.ts';

/** Who knows the projects. */
export interface Planners {
  readonly places: Places;
  readonly pool: KeyPool;
  readonly stickyBy: StickyBy | null;
}

/**
 * @throws SluiceError `not_found` for what is nowhere or another caller's, `resource_key_unavailable` for things of two
 *   projects, the token's own counted
 */
export async function makePlan(
  { frame, model }: Setup,
  { caller, ticket }: Guest,
  placed: PlacedCall,
  { headers, cancellation }: Opening,
  { places, pool, stickyBy }: Planners,
): Promise<Plan> {
  const pin = await places.pin(placed, frame.data, null, caller.id, cancellation);
  if (ticket !== null && pin !== null && pool.roll.byId(pin.project) !== pool.roll.byId(ticket.project)) {
    throw new SluiceError(
      'resource_key_unavailable',
      'The setup names something of another project than the one that the token was minted in.',
    );
  }
  let tokens: number | null = null;
  return {
    model,
    callerId: caller.id,
    pinned: pin?.project ?? ticket?.project ?? null,
    home: null,
    stickyKey: stickyKeyOf(stickyBy, headers, caller.id),
    tokens: () => (tokens ??= estimateTokens(frame.data)),
    deadlineAtMs: Number.POSITIVE_INFINITY,
    leaseMs: tenureMs,
  };
}

/** What a session of this kind begins with is the same for all of them, so nothing could be told by it. */
function stickyKeyOf(by: StickyBy | null, headers: Opening['headers'], callerId: string): string | null {
  if (by === null || by === 'conversation') return null;
  if (by === 'caller') return callerId;
  const value = headers[by.slice('header:'.length).toLowerCase()];
  return typeof value === 'string' ? value : null;
}
