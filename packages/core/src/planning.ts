/** What a request wants of the pool, worked out before it is asked. */

import { conversationOf } from './affinity/conversation.ts';
import type { Places } from './affinity/places.ts';
import type { Caller } from './auth/auth.ts';
import { newCourse, type Plan } from './plan/plan.ts';
import type { KeyPool, StickyBy } from './pool/pool.ts';
import { estimateTokens } from './quota/estimate.ts';
import type { Eventually } from './store/store.ts';
import type { Call } from './surface/surface.ts';
import type { HeaderBag } from './wire.ts';

/** The stations that have a say in it. */
export interface PlanningStations {
  readonly places: Places;
  readonly pool: KeyPool;
  /** Null unless the pool's strategy goes by it. */
  readonly stickyBy: StickyBy | null;
}

/** What is known of a request once its body is there. */
export interface Wanted {
  readonly call: Call;
  readonly caller: Caller;
  readonly headers: HeaderBag;
  /** Empty where the body passes. */
  readonly body: Uint8Array;
  /** The project that its resources live in; null when any will do. */
  readonly pinned: string | null;
  readonly deadlineAtMs: number;
}

/** A reservation of a body that passes while it comes, which nobody has settled by then, is nobody's. */
const longestUploadMs = 86_400_000;

/** Home is looked up for calls that may make something, and only where nothing pins them. */
export async function makePlan(wanted: Wanted, { places, pool, stickyBy }: PlanningStations): Promise<Plan> {
  const { call, caller, body, pinned, deadlineAtMs } = wanted;
  let tokens: number | null = null;
  const plan: Plan = {
    model: call.model,
    callerId: caller.id,
    pinned,
    home: null,
    stickyKey: stickyBy === null ? null : await stickyKeyOf(stickyBy, wanted),
    tokens: () => (tokens ??= estimateTokens(body)),
    deadlineAtMs,
    ...(call.body === 'stream' && { leaseMs: longestUploadMs }),
  };
  if (!call.isSticky || pinned !== null) return plan;
  return { ...plan, home: await places.home(caller.id, pool.usable(plan, newCourse())) };
}

/** What stays together under the strategy `sticky`. */
function stickyKeyOf(by: StickyBy, { headers, caller, body }: Wanted): Eventually<string | null> {
  if (by === 'caller') return caller.id;
  if (by === 'conversation') return conversationOf(body);
  const value = headers[by.slice('header:'.length).toLowerCase()];
  return typeof value === 'string' ? value : null;
}
