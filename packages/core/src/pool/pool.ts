/** WITH WHICH KEY: lends keys of one pool, project by project, and never more than its limits admit. */

import type { Cancellation } from '../cancellation.ts';
import type { Clock } from '../clock.ts';
import type { Emitter, TokenUsage } from '../events.ts';
import { type Failure, failure } from '../failure.ts';
import type { Course, Plan } from '../plan/plan.ts';
import type { PoolSnapshot } from '../snapshot.ts';
import type { Admission, Eventually, Store } from '../store/store.ts';
import { Admissions } from './admissions.ts';
import type { Lane, Seat } from './lane.ts';
import { Lanes } from './lanes.ts';
import { Lease, type Lender } from './lease.ts';
import { Outlook } from './outlook.ts';
import { isOwnLimit, type Key, type Project, type ProjectSettings, restSnapshot } from './project.ts';
import { Rests } from './rests.ts';
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
  /** Whether anybody may begin to wait just now. @default always */
  readonly mayWait?: () => boolean;
  readonly store: Store;
  readonly clock: Clock;
  readonly emitter: Emitter;
  /** A reservation that nobody settles is in flight no longer than this, in ms. */
  readonly leaseMs: number;
  /** From 0 up to 1. @default Math.random */
  readonly random?: () => number;
  /** Hears of each key that comes in while the pool runs, before it is lent: whoever keeps secrets has to know it. */
  readonly onKey?: (secret: string) => void;
}

/** The keys of one provider. */
export class KeyPool implements Lender {
  readonly roll: Roll;
  readonly rests: Rests;
  readonly lanes: Lanes;
  readonly #settings: PoolSettings;
  readonly #admissions: Admissions;
  readonly #outlook: Outlook;
  readonly #clock: Clock;
  readonly #room: WaitingRoom;
  readonly #onKey: (secret: string) => void;
  readonly #ask: { turn: number; key: string | null; heaviest: number; readonly random: () => number };

  constructor(
    settings: PoolSettings,
    { waiting, mayWait = always, store, clock, emitter, leaseMs, random = Math.random, onKey = () => {} }: PoolTools,
  ) {
    this.#onKey = onKey;
    this.#settings = settings;
    this.#clock = clock;
    this.roll = new Roll(settings.name, settings.projects, emitter);
    const { projects } = this.roll;
    this.lanes = new Lanes(projects, strategies[settings.strategy ?? 'least-busy']);
    this.rests = new Rests(settings.name, projects, this.lanes, { clock, emitter, random });
    this.#room = new WaitingRoom(waiting, clock, mayWait);
    const { name } = settings;
    const { roll, lanes, rests } = this;
    this.#outlook = new Outlook({ name, roll, lanes, rests, clock });
    this.#admissions = new Admissions({ pool: name, store, lanes, rests, leaseMs, onRoom: () => this.poke() });
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
    const { lane, seat, key, model } = lease;
    const { project } = seat;
    project.inFlight--;
    lane.giveBack(seat);
    if (failure === null) lane.succeeded(seat);
    else {
      if (failure.consumer !== null) this.roll.learn(project, failure.consumer);
      this.rests.charge(failure, this.roll.now(project), key, model);
    }
    this.#admissions.settle(lease, failure, usage);
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
      const admission = this.#admissions.ask(lease, plan);
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

  #isAdmitted(lease: Lease, admission: Admission | null): boolean {
    if (admission === null) return true;
    if (admission.shortage === null) {
      lease.reservation = admission.reservation;
      return true;
    }
    this.#putBack(lease);
    this.#admissions.stayAway(lease, admission.shortage);
    return false;
  }

  #wait(plan: Plan, course: Course, gone: Cancellation): Promise<Lease> {
    if (this.#outlook.waitMs(plan) === null) throw this.#outlook.refusal(plan);
    return this.#room.enter({
      lane: `${plan.pinned ?? ''}/${plan.model ?? ''}`,
      callerId: plan.callerId,
      gone,
      grab: () => this.#grab(plan, course, null),
      giveBack: (lease) => lease.settle(neverMade),
      waitMs: () => this.#outlook.waitMs(plan),
      refusal: () => this.#outlook.refusal(plan),
    });
  }

  /** @returns a key that was not there before, ready to be lent */
  add(projectId: string, secret: string): Enrolled {
    this.#onKey(secret);
    const added = this.roll.add(projectId, secret);
    this.#ask.heaviest = Math.max(this.#ask.heaviest, added.project.weight);
    this.lanes.join(added.project);
    this.lanes.unpark(added.project);
    return added;
  }
}

const always = (): boolean => true;

/** What is settled for a lease that nobody was there to take. */
const neverMade = failure('client_gone', 'request_timeout', 'The client hung up before the call was made.', {
  scope: 'client',
  again: 'never',
  isProofOfNothing: true,
});

function heaviestOf(projects: readonly Project[]): number {
  return projects.reduce((heaviest, { weight }) => Math.max(heaviest, weight), 0);
}
