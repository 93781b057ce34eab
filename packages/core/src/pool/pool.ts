/** WITH WHICH KEY: lends keys of one pool, least busy project first, and lets rest what the provider has refused. */

import type { Cancellation } from '../cancellation.ts';
import type { Clock } from '../clock.ts';
import { SluiceError } from '../errors.ts';
import type { Emitter } from '../events.ts';
import type { Failure } from '../failure.ts';
import type { Course, Plan } from '../plan/plan.ts';
import type { PoolSnapshot } from '../snapshot.ts';
import type { Lane, Seat } from './lane.ts';
import { Lanes } from './lanes.ts';
import { type Key, Project, type Resting, restSnapshot, stateOf } from './project.ts';
import { Sticky } from './sticky.ts';
import { WaitingRoom, type WaitingSettings } from './waiting-room.ts';

/** A pool as the settings describe it. */
export interface PoolSettings {
  readonly name: string;
  readonly provider: string;
  readonly baseUrl: string;
  readonly projects: readonly { readonly id: string; readonly weight: number; readonly keys: readonly string[] }[];
}

/** A borrowed key. It is given back exactly once, with what came of it. */
export interface Lease {
  readonly pool: string;
  readonly project: string;
  readonly key: Key;
  /** Later calls do nothing, so every exit may settle. @param failure - null for a call that went well */
  settle(failure: Failure | null): void;
}

/** Growing rests stop growing here. */
const longestGrownMs = 60_000;

/** The keys of one provider. */
export class KeyPool {
  readonly #settings: PoolSettings;
  readonly #clock: Clock;
  readonly #emitter: Emitter;
  readonly #projects: readonly Project[];
  readonly #keys: ReadonlyMap<string, { readonly project: Project; readonly key: Key }>;
  readonly #lanes: Lanes;
  readonly #sticky = new Sticky<Project>();
  readonly #room: WaitingRoom;
  /** Projects and keys that rest for a time: looked at only once the earliest is due. */
  #nextWakeMs = Number.POSITIVE_INFINITY;

  constructor(settings: PoolSettings, waiting: WaitingSettings, clock: Clock, emitter: Emitter) {
    this.#settings = settings;
    this.#clock = clock;
    this.#emitter = emitter;
    this.#projects = settings.projects.map(({ id, weight, keys }) => new Project(id, weight, keys));
    this.#keys = new Map(this.#projects.flatMap((project) => project.keys.map((key) => [key.id, { project, key }])));
    this.#lanes = new Lanes(this.#projects);
    this.#room = new WaitingRoom(waiting, clock);
  }

  /** Requests that wait for a key. */
  get waiting(): number {
    return this.#room.waiting;
  }

  /**
   * Borrows a key of the least busy project that may serve the model.
   *
   * Comes at once when one is free, else after at most `queue.maxWaitMs` when one is back by then.
   *
   * @throws SluiceError `quota_exhausted` (all are cooling; says until when), `no_usable_key` (all are refused), `overloaded`
   */
  take(plan: Plan, course: Course, gone: Cancellation): Lease | Promise<Lease> {
    const lease = this.#grab(plan, course, course.keyId);
    if (lease !== null) return lease;
    const waitMs = this.#waitMs(plan.model);
    if (waitMs === null) throw this.#refusal(plan.model);
    return this.#room.enter({
      lane: plan.model ?? '',
      callerId: plan.callerId,
      gone,
      grab: () => this.#grab(plan, course, null),
      waitMs: () => this.#waitMs(plan.model),
      refusal: () => this.#refusal(plan.model),
    });
  }

  /** Whether a key could be borrowed for this right now. */
  hasFree(plan: Plan, course: Course): boolean {
    this.#wakeDue();
    return this.#lanes.of(plan.model).best(this.#clock.now(), course.exhausted, this.#tellReturn) !== undefined;
  }

  /** Any key that is neither refused nor resting with its whole project. */
  get isUsable(): boolean {
    this.#wakeDue();
    return this.#projects.some((project) => project.isUsable);
  }

  snapshot(): PoolSnapshot {
    this.#wakeDue();
    const nowMs = this.#clock.now();
    const offsetMs = this.#clock.wallNow() - nowMs;
    const { name, provider, baseUrl } = this.#settings;
    const projects = this.#projects.map((project) => ({
      id: project.id,
      weight: project.weight,
      inFlight: project.inFlight,
      ...restSnapshot(project.resting, offsetMs),
      keys: project.keys.map((key) => ({ id: key.id, ...restSnapshot(key.resting, offsetMs) })),
      cooling: this.#lanes
        .coolingOf(project, nowMs)
        .map(({ model, resting }) => ({ model, ...restSnapshot(resting, offsetMs) })),
    }));
    return { name, provider, baseUrl, projects };
  }

  #grab(plan: Plan, course: Course, keyId: string | null): Lease | null {
    this.#wakeDue();
    const nowMs = this.#clock.now();
    const lane = this.#lanes.of(plan.model);
    const wanted = keyId === null ? null : (this.#keys.get(keyId) ?? null);
    if (wanted !== null && wanted.key.resting === null) {
      const seat = lane.seatOf(wanted.project, nowMs);
      if (seat !== undefined) return this.#lend(lane, seat, wanted.key, plan, course);
    }
    const kept = plan.isSticky ? this.#sticky.of(plan.callerId) : undefined;
    const keptSeat = kept === undefined || course.exhausted.includes(kept.id) ? undefined : lane.seatOf(kept, nowMs);
    const seat = keptSeat ?? lane.best(nowMs, course.exhausted, this.#tellReturn);
    if (seat === undefined) return null;
    if (plan.isSticky && kept === undefined) this.#sticky.keep(plan.callerId, seat.project);
    return this.#lend(lane, seat, seat.project.nextKey(), plan, course);
  }

  #lend(lane: Lane, seat: Seat, key: Key, { model }: Plan, course: Course): Lease {
    const { project } = seat;
    lane.take(seat);
    project.inFlight++;
    let isSettled = false;
    return {
      pool: this.#settings.name,
      project: project.id,
      key,
      settle: (failure) => {
        if (isSettled) return;
        isSettled = true;
        project.inFlight--;
        lane.giveBack(seat);
        if (failure?.scope === 'quota') course.exhausted = [...course.exhausted, project.id];
        if (failure === null) lane.succeeded(seat);
        else this.#charge(failure, project, key, model);
      },
    };
  }

  /** Lets rest whom the failure concerns. Most failures concern nobody here. */
  #charge(failure: Failure, project: Project, key: Key, model: string | null): void {
    const resting = this.#resting(failure, failure.restMs);
    switch (failure.scope) {
      case 'quota':
        return this.#cool(failure, project, model);
      case 'key':
        if (outlasts(key.resting, resting)) return;
        project.rest(key, resting);
        this.#tell(project, key.id, null, failure.kind, resting);
        return this.#setWake(resting);
      case 'project':
        if (outlasts(project.resting, resting)) return;
        project.resting = resting;
        this.#tell(project, null, null, failure.kind, resting);
        return this.#setWake(resting);
    }
  }

  #cool(failure: Failure, project: Project, asked: string | null): void {
    const lane = this.#lanes.of(asked);
    const growth = failure.isGrowing ? 2 ** (lane.grow(project, this.#clock.now()) - 1) : 1;
    const restMs = failure.isGrowing ? Math.min(longestGrownMs, (failure.restMs ?? 0) * growth) : failure.restMs;
    const resting = this.#resting(failure, restMs);
    const counted = failure.quotaModel ?? asked;
    for (const model of counted === asked ? [asked] : [asked, counted]) {
      if (this.#lanes.of(model).cool(project, resting)) this.#tell(project, null, model, failure.kind, resting);
    }
  }

  #resting(failure: Failure, restMs: number | null): Resting {
    const sinceMs = this.#clock.now();
    return { reason: failure.kind, sinceMs, untilMs: restMs === null ? null : sinceMs + restMs };
  }

  #setWake(resting: Resting | null): void {
    if (resting?.untilMs != null) this.#nextWakeMs = Math.min(this.#nextWakeMs, resting.untilMs);
  }

  /** Wakes projects and keys whose time is over. Costs a comparison unless one is due. */
  #wakeDue(): void {
    const nowMs = this.#clock.now();
    if (nowMs < this.#nextWakeMs) return;
    this.#nextWakeMs = Number.POSITIVE_INFINITY;
    for (const project of this.#projects) {
      for (const key of project.keys) {
        if (key.resting?.untilMs == null) continue;
        if (key.resting.untilMs > nowMs) this.#setWake(key.resting);
        else {
          project.wake(key);
          this.#lanes.unpark(project);
          this.#tell(project, key.id, null, 'returned', null);
        }
      }
      if (project.resting?.untilMs == null) continue;
      if (project.resting.untilMs > nowMs) this.#setWake(project.resting);
      else {
        project.resting = null;
        this.#lanes.unpark(project);
        this.#tell(project, null, null, 'returned', null);
      }
    }
  }

  /** How long until a key is free for the model, or null when that cannot be told. */
  #waitMs(model: string | null): number | null {
    const cooledMs = this.#lanes.of(model).nextReturnMs() ?? Number.POSITIVE_INFINITY;
    const nextMs = Math.min(cooledMs, this.#nextWakeMs);
    return nextMs === Number.POSITIVE_INFINITY ? null : Math.max(0, nextMs - this.#clock.now());
  }

  #refusal(model: string | null): SluiceError {
    const waitMs = this.#waitMs(model);
    const { name } = this.#settings;
    const forModel = model === null ? '' : ` for the model ${JSON.stringify(model)}`;
    if (this.#lanes.of(model).nextReturnMs() === undefined || waitMs === null) {
      return new SluiceError(
        'no_usable_key',
        `The provider refuses every key of the pool "${name}"${forModel}. The gateway's snapshot and log say why, key by key.`,
        { retryAfterMs: waitMs ?? longestGrownMs },
      );
    }
    const seconds = Math.ceil(waitMs / 1000);
    return new SluiceError(
      'quota_exhausted',
      `No project of the pool "${name}" has quota left${forModel}; the next is back in ${seconds} s.`,
      { retryAfterMs: waitMs },
    );
  }

  readonly #tellReturn = ({ project }: Seat, model: string | null): void => {
    this.#tell(project, null, model, 'returned', null);
  };

  #tell(project: Project, key: string | null, model: string | null, reason: string, resting: Resting | null): void {
    const untilMs =
      resting?.untilMs == null ? null : Math.round(resting.untilMs + this.#clock.wallNow() - this.#clock.now());
    const state = stateOf(resting);
    this.#emitter.emit('key', { pool: this.#settings.name, project: project.id, key, model, state, reason, untilMs });
  }
}

/** What was under way together is refused together: the longest rest stays, and is told once. */
function outlasts(rest: Resting | null, other: Resting): boolean {
  return rest !== null && (rest.untilMs ?? Number.POSITIVE_INFINITY) >= (other.untilMs ?? Number.POSITIVE_INFINITY);
}
