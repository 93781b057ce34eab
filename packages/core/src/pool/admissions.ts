/** What the limits admit: each call is counted in the store before it is made, and put right when it is over. */

import type { TokenUsage } from '../events.ts';
import type { Failure } from '../failure.ts';
import type { Plan } from '../plan/plan.ts';
import type { Admission, Eventually, Need, Shortage, Spent, Store } from '../store/store.ts';
import type { Seat } from './lane.ts';
import type { Lanes } from './lanes.ts';
import { type Lease, spentBy } from './lease.ts';
import type { Project } from './project.ts';
import { longestGrownMs, type Rests } from './rests.ts';

/** Who is refused for want of room looks again after this long, for room may have been made by another process. */
const roomLookMs = 100;
/** Reasons under which a project shows in a snapshot while one of its own limits is used up. */
const limitReasons = {
  requestsPerMinute: 'limit_requests_minute',
  tokensPerMinute: 'limit_tokens_minute',
  requestsPerDay: 'limit_requests_day',
  maxInFlight: 'limit_in_flight',
  rest: 'elsewhere',
} as const;

/** What it works with. */
export interface AdmissionTools {
  readonly pool: string;
  readonly store: Store;
  readonly lanes: Lanes;
  readonly rests: Rests;
  /** A reservation that nobody settles is in flight no longer than this, in ms. */
  readonly leaseMs: number;
  /** Somebody who waits may have room now. */
  readonly onRoom: () => void;
}

/** What a store calls a project, and what of it must not rest for a model. */
type Asked = Pick<Need, 'scope' | 'subjects'>;

/** The admissions of one pool. */
export class Admissions {
  readonly #tools: AdmissionTools;
  /** The same for every call. */
  readonly #askedOf = new WeakMap<Seat, Asked>();

  constructor(tools: AdmissionTools) {
    this.#tools = tools;
  }

  /** Null where nothing is counted and nobody else uses the keys: then nobody is asked. */
  ask(lease: Lease, plan: Plan): Eventually<Admission> | null {
    const { store, leaseMs } = this.#tools;
    const { model, seat } = lease;
    const meters = seat.project.metersOf(model);
    if (meters.length === 0 && !store.isShared) return null;
    if (meters.some(({ limits }) => limits.tokensPerMinute > 0)) lease.tokens = plan.tokens();
    const { scope, subjects } = this.#askedOf.get(seat) ?? this.#asked(lease);
    return store.reserve({
      scope,
      meters,
      subjects,
      tokens: lease.tokens,
      leaseMs: plan.leaseMs ?? leaseMs,
    });
  }

  /** Leaves a project alone until it makes sense to ask again. */
  stayAway({ lane, seat: { project }, tokens }: Lease, { by, reason, retryAfterMs }: Shortage): void {
    const { rests } = this.#tools;
    if (by === 'rest') {
      rests.holdByHearsay(lane, project, reason ?? limitReasons.rest, retryAfterMs ?? longestGrownMs);
    } else if (by === 'tokensPerMinute') {
      rests.hold(lane, project, limitReasons[by], retryAfterMs ?? roomLookMs, tokens);
    } else rests.hold(lane, project, limitReasons[by], retryAfterMs ?? roomLookMs);
  }

  /** A call is over: what it has really used takes the place of what was reserved. */
  settle(lease: Lease, failure: Failure | null, usage: () => TokenUsage | null): void {
    const { reservation, tokens } = lease;
    if (reservation === null) return;
    const spent = spentBy(failure, tokens === 0 ? null : usage(), tokens);
    const settled = this.#tools.store.settle(reservation, spent);
    // What could not be written down frees itself in time; the store's guard tells of it.
    if (settled instanceof Promise) settled.then(() => this.#makeRoom(lease, spent), ignore);
    else this.#makeRoom(lease, spent);
  }

  #asked({ seat, model }: Lease): Asked {
    const { pool, store } = this.#tools;
    const subjects = store.isShared ? ['project', subjectOfModel(model)] : [];
    const asked = { scope: scopeOf(pool, seat.project), subjects };
    this.#askedOf.set(seat, asked);
    return asked;
  }

  /** What was taken for less than was reserved leaves room for others, who need not wait until the minute is over. */
  #makeRoom({ seat: { project }, tokens }: Lease, spent: Spent): void {
    const { lanes, onRoom } = this.#tools;
    let hasRoom = lanes.wake(project, limitReasons.maxInFlight);
    if (spent.tokens < tokens) hasRoom = lanes.wake(project, limitReasons.tokensPerMinute) || hasRoom;
    if (spent.requests === 0) {
      hasRoom = lanes.wake(project, limitReasons.requestsPerMinute) || hasRoom;
      hasRoom = lanes.wake(project, limitReasons.requestsPerDay) || hasRoom;
    }
    if (hasRoom) onRoom();
  }
}

/** The name under which a store counts a project. */
export function scopeOf(pool: string, project: Project): string {
  return `pool/${pool}/${project.id}`;
}

/** The name under which a store knows a model's rest. */
export function subjectOfModel(model: string | null): string {
  return `model:${model ?? ''}`;
}

function ignore(): void {}
