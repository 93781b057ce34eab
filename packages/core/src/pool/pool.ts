/** WITH WHICH KEY: lends keys of one pool, project by project, and never more than its limits admit. */

import type { Cancellation } from '../cancellation.ts';
import type { Clock } from '../clock.ts';
import { SluiceError } from '../errors.ts';
import type { Emitter, TokenUsage } from '../events.ts';
import { type Failure, failure } from '../failure.ts';
import type { Course, Plan } from '../plan/plan.ts';
import type { PoolSnapshot } from '../snapshot.ts';
import type { Admission, Eventually, Shortage, Spent, Store } from '../store/store.ts';
import type { Lane, Seat } from './lane.ts';
import { Lanes } from './lanes.ts';
import { Lease, type Lender, spentBy } from './lease.ts';
import { isOwnLimit, type Key, type Project, type ProjectSettings, restSnapshot } from './project.ts';
import { longestGrownMs, Rests } from './rests.ts';
import { type Enrolled, Roll } from './roll.ts';
import { type StrategyName, strategies } from './strategies.ts';
import type { Ask } from './strategy/strategy.ts';
import { WaitingRoom, type WaitingSettings } from './waiting-room.ts';

/** A pool as the settings describe it. */
export interface PoolSettings {
  readonly name: string;
  readonly provider: string;
  readonly baseUrl: string;
  readonly strategy?: StrategyName;
  readonly stickyBy?: StickyBy;
  readonly projects: readonly ProjectSettings[];
}

/** What stays together under the strategy `sticky`. */
export type StickyBy = 'conversation' | 'caller' | `header:${string}`;

/** What a pool works with. */
export interface PoolTools {
  readonly waiting: WaitingSettings;
  readonly store: Store;
  readonly clock: Clock;
  readonly emitter: Emitter;
  /** A reservation that nobody settles is in flight no longer than this, in ms. */
  readonly leaseMs: number;
  /** From 0 up to 1. @default Math.random */
  readonly random?: () => number;
}

/** Who is refused for want of room looks again after this long, for room may have been made by another process. */
const roomLookMs = 100;
const inFlight = 'limit_in_flight';
const limitReasons = {
  requestsPerMinute: 'limit_requests_minute',
  tokensPerMinute: 'limit_tokens_minute',
  requestsPerDay: 'limit_requests_day',
  maxInFlight: inFlight,
  rest: 'elsewhere',
} as const;

/** The keys of one provider. */
export class KeyPool implements Lender {
  readonly roll: Roll;
  readonly rests: Rests;
  readonly lanes: Lanes;
  readonly #settings: PoolSettings;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #room: WaitingRoom;
  readonly #ask: { turn: number; key: string | null; heaviest: number; readonly random: () => number };

  constructor(settings: PoolSettings, { waiting, store, clock, emitter, leaseMs, random = Math.random }: PoolTools) {
    this.#settings = settings;
    this.#store = store;
    this.#clock = clock;
    this.#leaseMs = leaseMs;
    this.roll = new Roll(settings.name, settings.projects, emitter);
    const { projects } = this.roll;
    this.lanes = new Lanes(projects, strategies[settings.strategy ?? 'least-busy']);
    this.rests = new Rests(settings.name, projects, this.lanes, { clock, emitter, random });
    this.#room = new WaitingRoom(waiting, clock);
    this.#ask = { turn: 0, key: null, heaviest: heaviestOf(projects), random };
  }

  get nowMs(): number {
    return this.#clock.now();
  }

  get name(): string {
    return this.#settings.name;
  }

  /** Requests that wait for a key. */
  get waiting(): number {
    return this.#room.waiting;
  }

  /**
   * Borrows a key of a project that may serve the model, and counts the call against the limits of both.
   *
   * Comes at once when one is free, else after at most `queue.maxWaitMs` when one is back by then.
   *
   * @throws SluiceError `quota_exhausted` (all are cooling; says until when), `no_usable_key` (all are refused), `overloaded`
   */
  take(plan: Plan, course: Course, gone: Cancellation): Eventually<Lease> {
    const lease = this.#grab(plan, course, course.keyId);
    if (lease instanceof Promise) return lease.then((found) => found ?? this.#wait(plan, course, gone));
    return lease ?? this.#wait(plan, course, gone);
  }

  /** Whether a key could be borrowed for this right now. */
  hasFree(plan: Plan, course: Course): boolean {
    return this.#choose(plan, course) !== undefined;
  }

  /** The projects that could serve a model right now, the one that would be chosen first. */
  usable(plan: Plan, course: Course): string[] {
    const first = this.#choose(plan, course);
    if (first === undefined) return [];
    const nowMs = this.#clock.now();
    const lane = this.lanes.of(plan.model);
    const others = this.roll.distinct.filter((one) => one !== first.project && lane.seatOf(one, nowMs) !== undefined);
    return [first.project.id, ...others.map(({ id }) => id)];
  }

  /** Any key that is neither refused nor resting with its whole project. */
  get isUsable(): boolean {
    this.rests.wakeDue();
    return this.roll.projects.some((project) => project.isUsable);
  }

  /** @see Lender */
  returned(lease: Lease, failure: Failure | null, usage: () => TokenUsage | null): void {
    const { lane, seat, key, model, reservation } = lease;
    const { project } = seat;
    project.inFlight--;
    lane.giveBack(seat);
    if (failure === null) lane.succeeded(seat);
    else {
      if (failure.consumer !== null) this.roll.learn(project, failure.consumer);
      this.rests.charge(failure, this.roll.now(project), key, model);
    }
    if (reservation === null) return;
    const spent = spentBy(failure, lease.tokens === 0 ? null : usage(), lease.tokens);
    const settled = this.#store.settle(reservation, spent);
    if (settled instanceof Promise) settled.then(() => this.#makeRoom(lease, spent), ignore);
    else this.#makeRoom(lease, spent);
  }

  /** Goes on where another pool stood: rests of keys and projects that are still there stay. */
  takeOver(before: KeyPool): void {
    before.rests.wakeDue();
    this.roll.leaveOut(before.roll);
    for (const [secret, projectId] of this.roll.missingOf(before.roll)) this.add(projectId, secret);
    for (const project of before.roll.projects) {
      const here = this.roll.byId(project.id);
      if (here === null) continue;
      if (project.resting !== null) this.rests.set({ project: here, key: null }, project.resting);
      for (const key of project.keys) {
        const same = key.resting === null ? null : this.roll.findSecret(key.secret);
        if (same !== null && key.resting !== null) this.rests.set(same, key.resting);
      }
      for (const { model, resting } of before.lanes.coolingOf(project, this.nowMs)) {
        // Limits may be others by now, and the store knows what was used of them.
        if (!isOwnLimit(resting)) this.rests.set({ project: here, key: null, model }, resting);
      }
    }
  }

  /** What has changed may let somebody go on who waits. */
  poke(): void {
    this.#room.poke();
  }

  snapshot(): PoolSnapshot {
    this.rests.wakeDue();
    const nowMs = this.#clock.now();
    const offsetMs = this.#clock.wallNow() - nowMs;
    const { name, provider, baseUrl } = this.#settings;
    const projects = this.roll.distinct.map((project) => ({
      id: project.id,
      weight: project.weight,
      tier: project.tier,
      inFlight: project.inFlight,
      ...restSnapshot(project.resting, offsetMs),
      keys: project.keys.map((key) => ({ id: key.id, ...restSnapshot(key.resting, offsetMs) })),
      cooling: this.lanes
        .coolingOf(project, nowMs)
        .map(({ model, resting }) => ({ model, ...restSnapshot(resting, offsetMs) })),
    }));
    return { name, provider, baseUrl, projects };
  }

  /** Takes what is there and counts it; what the limits do not admit is left alone and the next one is tried. */
  #grab(plan: Plan, course: Course, keyId: string | null): Eventually<Lease | null> {
    for (let wanted = keyId; ; wanted = null) {
      const lease = this.#pick(plan, course, wanted);
      if (lease === null) return null;
      const admission = this.#reserve(lease, plan);
      if (admission instanceof Promise) return this.#grabLater(lease, admission, plan, course);
      if (this.#isAdmitted(lease, admission)) return lease;
    }
  }

  async #grabLater(lease: Lease, pending: Promise<Admission>, plan: Plan, course: Course): Promise<Lease | null> {
    try {
      if (this.#isAdmitted(lease, await pending)) return lease;
    } catch (error) {
      this.#putBack(lease);
      throw error;
    }
    return this.#grab(plan, course, null);
  }

  #pick(plan: Plan, course: Course, keyId: string | null): Lease | null {
    this.rests.wakeDue();
    const lane = this.lanes.of(plan.model);
    const wanted = keyId === null ? null : this.roll.find(keyId);
    const isThere = plan.pinned === null || wanted?.project === this.roll.byId(plan.pinned);
    if (wanted !== null && wanted.key.resting === null && isThere) {
      const seat = lane.seatOf(wanted.project, this.#clock.now());
      if (seat !== undefined) return this.#lend(seat, wanted.key, plan, course);
    }
    const seat = this.#choose(plan, course);
    if (seat === undefined) return null;
    return this.#lend(seat, seat.project.nextKey(), plan, course);
  }

  #choose(plan: Plan, course: Course): Seat | undefined {
    this.rests.wakeDue();
    const nowMs = this.#clock.now();
    const lane = this.lanes.of(plan.model);
    const wanted = plan.pinned ?? plan.home;
    if (wanted !== null && !course.exhausted.includes(wanted)) {
      const project = this.roll.byId(wanted);
      const seat = project === null ? undefined : lane.seatOf(project, nowMs);
      if (seat !== undefined) return seat;
    }
    if (plan.pinned !== null) return undefined;
    const { exhausted } = course;
    return (
      lane.best(nowMs, exhausted, this.#asked(plan, lane), this.rests.onReturn) ?? lane.roomier(plan.tokens, exhausted)
    );
  }

  #asked({ stickyKey }: Plan, { turn }: Lane): Ask {
    this.#ask.turn = turn;
    this.#ask.key = stickyKey;
    return this.#ask;
  }

  #lend(seat: Seat, key: Key, plan: Plan, course: Course): Lease {
    const lane = this.lanes.of(plan.model);
    lane.take(seat);
    seat.project.inFlight++;
    return new Lease(this, lane, seat, key, plan, course);
  }

  #putBack({ lane, seat }: Lease): void {
    seat.project.inFlight--;
    lane.giveBack(seat);
  }

  /** Null where nothing is counted and nobody else uses the keys: then nobody is asked. */
  #reserve(lease: Lease, plan: Plan): Eventually<Admission> | null {
    const { model, seat } = lease;
    const { project } = seat;
    const meters = project.metersOf(model);
    const { isShared } = this.#store;
    if (meters.length === 0 && !isShared) return null;
    if (meters.some(({ limits }) => limits.tokensPerMinute > 0)) lease.tokens = plan.tokens();
    return this.#store.reserve({
      scope: this.scopeOf(project),
      meters,
      subjects: isShared ? ['project', subjectOfModel(model)] : none,
      tokens: lease.tokens,
      leaseMs: this.#leaseMs,
    });
  }

  #isAdmitted(lease: Lease, admission: Admission | null): boolean {
    if (admission === null) return true;
    if (admission.shortage === null) {
      lease.reservation = admission.reservation;
      return true;
    }
    this.#putBack(lease);
    this.#stayAway(lease, admission.shortage);
    return false;
  }

  #stayAway({ lane, seat: { project }, tokens }: Lease, { by, reason, retryAfterMs }: Shortage): void {
    if (by === 'rest')
      this.rests.holdByHearsay(lane, project, reason ?? limitReasons.rest, retryAfterMs ?? longestGrownMs);
    else if (by === 'tokensPerMinute')
      this.rests.hold(lane, project, limitReasons[by], retryAfterMs ?? roomLookMs, tokens);
    else this.rests.hold(lane, project, limitReasons[by], retryAfterMs ?? roomLookMs);
  }

  /** What was taken for less than was reserved leaves room for others, who need not wait until the minute is over. */
  #makeRoom({ seat: { project }, tokens }: Lease, spent: Spent): void {
    let hasRoom = this.lanes.wake(project, inFlight);
    if (spent.tokens < tokens) hasRoom = this.lanes.wake(project, limitReasons.tokensPerMinute) || hasRoom;
    if (spent.requests === 0) {
      hasRoom = this.lanes.wake(project, limitReasons.requestsPerMinute) || hasRoom;
      hasRoom = this.lanes.wake(project, limitReasons.requestsPerDay) || hasRoom;
    }
    if (hasRoom) this.#room.poke();
  }

  #wait(plan: Plan, course: Course, gone: Cancellation): Promise<Lease> {
    if (this.#waitMs(plan) === null) throw this.#refusal(plan);
    return this.#room.enter({
      lane: `${plan.pinned ?? ''}/${plan.model ?? ''}`,
      callerId: plan.callerId,
      gone,
      grab: () => this.#grab(plan, course, null),
      giveBack: (lease) => lease.settle(neverMade),
      waitMs: () => this.#waitMs(plan),
      refusal: () => this.#refusal(plan),
    });
  }

  /** @returns a key that was not there before, ready to be lent */
  add(projectId: string, secret: string): Enrolled {
    const added = this.roll.add(projectId, secret);
    this.#ask.heaviest = Math.max(this.#ask.heaviest, added.project.weight);
    this.lanes.join(added.project);
    this.lanes.unpark(added.project);
    return added;
  }

  scopeOf(project: Project): string {
    return `pool/${this.name}/${project.id}`;
  }

  /** How long until a key is free for the plan, or null when that cannot be told. */
  #waitMs({ model, pinned }: Plan): number | null {
    const lane = this.lanes.of(model);
    const project = pinned === null ? null : this.roll.byId(pinned);
    const cooledMs = (project === null ? lane.nextReturnMs() : lane.returnMsOf(project)) ?? Number.POSITIVE_INFINITY;
    const nextMs = Math.min(
      cooledMs,
      project === null ? this.rests.nextWakeMs : (project.resting?.untilMs ?? cooledMs),
    );
    return nextMs === Number.POSITIVE_INFINITY ? null : Math.max(0, nextMs - this.#clock.now());
  }

  #refusal(plan: Plan): SluiceError {
    const waitMs = this.#waitMs(plan);
    const { model, pinned } = plan;
    const { name } = this.#settings;
    const forModel = model === null ? '' : ` for the model ${JSON.stringify(model)}`;
    if (pinned !== null && waitMs === null) return unreachable(name);
    if (pinned === null && (this.lanes.of(model).nextReturnMs() === undefined || waitMs === null)) {
      return new SluiceError(
        'no_usable_key',
        `The provider refuses every key of the pool "${name}"${forModel}. The gateway's snapshot and log say why, key by key.`,
        { retryAfterMs: waitMs ?? longestGrownMs },
      );
    }
    const seconds = Math.ceil((waitMs ?? 0) / 1000);
    const whose =
      pinned === null ? `No project of the pool "${name}" has` : "The project of this request's resources has no";
    const message = `${whose} quota left${forModel}; ${pinned === null ? 'the next' : 'it'} is back in ${seconds} s.`;
    return new SluiceError('quota_exhausted', message, { retryAfterMs: waitMs ?? 0 });
  }
}

/** Which project it is stays with the operator. */
function unreachable(pool: string): SluiceError {
  return new SluiceError(
    'resource_key_unavailable',
    `The resources of this request live in a project of the pool "${pool}" that has no usable key. The gateway's log says why.`,
  );
}

const none: readonly string[] = [];

/** What is settled for a lease that nobody was there to take. */
const neverMade = failure('client_gone', 'request_timeout', 'The client hung up before the call was made.', {
  scope: 'client',
  again: 'never',
  isProofOfNothing: true,
});

/** The name under which a store knows a model's rest. */
export function subjectOfModel(model: string | null): string {
  return `model:${model ?? ''}`;
}

function heaviestOf(projects: readonly Project[]): number {
  return projects.reduce((heaviest, { weight }) => Math.max(heaviest, weight), 0);
}

function ignore(): void {}
