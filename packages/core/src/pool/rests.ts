/** Who rests, why and until when: it lets rest what a failure concerns, wakes what is due, and tells both. */

import type { Clock } from '../clock.ts';
import type { Emitter } from '../events.ts';
import type { Failure } from '../failure.ts';
import type { Lane, Seat } from './lane.ts';
import type { Lanes } from './lanes.ts';
import { isOwnLimit, type Key, type Project, type Resting, stateOf } from './project.ts';

/** What a rest is of: a project, one of its keys, or a project for one model. */
export interface Subject {
  readonly project: Project;
  readonly key: Key | null;
  /** Undefined unless it is about a model; null stands for calls that name none. */
  readonly model?: string | null;
}

/** Hears of every rest that begins or ends before others are told; keeps what has to survive. */
export interface RestKeeper {
  /** @param isNew - it did not rest for this reason before: a probe that was refused again is nothing new */
  began(subject: Subject, resting: Resting, isNew: boolean): void;
  ended(subject: Subject): void;
  /** A rest is over that a probe has to end. */
  probe(subject: Subject, resting: Resting): void;
}

/** Growing rests stop growing here. */
export const longestGrownMs = 60_000;
/** Those who were refused together do not come back together. */
const jitter = 0.1;
/** Rests for a minute are jittered; a day's end is a moment that everybody knows. */
const longestJitteredMs = 300_000;

/** The rests of one pool. */
export class Rests {
  readonly #pool: string;
  readonly #projects: readonly Project[];
  readonly #lanes: Lanes;
  readonly #clock: Clock;
  readonly #emitter: Emitter;
  readonly #random: () => number;
  #keeper: RestKeeper | null = null;
  readonly #hearsay: { readonly lane: Lane; readonly project: Project; readonly resting: Resting }[] = [];
  /** Projects and keys that rest for a time: looked at only once the earliest is due. */
  #nextWakeMs = Number.POSITIVE_INFINITY;

  constructor(
    pool: string,
    projects: readonly Project[],
    lanes: Lanes,
    { clock, emitter, random = Math.random }: { clock: Clock; emitter: Emitter; random?: () => number },
  ) {
    this.#pool = pool;
    this.#projects = projects;
    this.#lanes = lanes;
    this.#clock = clock;
    this.#emitter = emitter;
    this.#random = random;
  }

  /** When the next key or project is back; infinite when none is. Models are the lanes' own matter. */
  get nextWakeMs(): number {
    return this.#nextWakeMs;
  }

  keptBy(keeper: RestKeeper): void {
    this.#keeper = keeper;
  }

  /** Lets rest whom the failure concerns. Most failures concern nobody here. */
  charge(failure: Failure, project: Project, key: Key, model: string | null): void {
    switch (failure.scope) {
      case 'quota':
        return this.#cool(failure, project, model);
      case 'key':
        return this.begin({ project, key }, this.#resting(failure, failure.restMs));
      case 'project':
        return this.begin({ project, key: null }, this.#resting(failure, failure.restMs));
    }
  }

  /** Of two rests the longer one stays, and is told once: what was under way together is refused together. */
  begin(subject: Subject, resting: Resting): void {
    const before = subject.model === undefined ? (subject.key ?? subject.project).resting : null;
    if (!this.set(subject, resting)) return;
    this.#keeper?.began(subject, resting, before?.reason !== resting.reason);
    this.#tell(subject, resting.reason, resting);
  }

  /** An operator's word stands in the place of whatever rest there was. Whoever gives it has written it down. */
  replace(project: Project, key: Key, resting: Resting): void {
    project.rest(key, resting);
    this.#tell({ project, key }, resting.reason, resting);
  }

  /** The same without a word to anybody: somebody else has found out, or it was so before. */
  set({ project, key, model }: Subject, resting: Resting): boolean {
    if (model !== undefined) return this.#lanes.of(model).cool(project, resting);
    if (outlasts((key ?? project).resting, resting)) return false;
    if (key === null) project.resting = resting;
    else project.rest(key, resting);
    if (resting.untilMs !== null) this.#nextWakeMs = Math.min(this.#nextWakeMs, resting.untilMs);
    return true;
  }

  /** Ends a rest, whatever it was. @returns false when there was none */
  end(subject: Subject, reason: string): boolean {
    const { project, key, model } = subject;
    if (model !== undefined) {
      if (!this.#lanes.of(model).wake(project)) return false;
    } else {
      if ((key ?? project).resting === null) return false;
      if (key === null) project.resting = null;
      else project.wake(key);
      this.#lanes.unpark(project);
    }
    this.#keeper?.ended(subject);
    this.#tell(subject, reason, null);
    return true;
  }

  /** Wakes projects and keys whose time is over. Costs a comparison unless one is due. */
  wakeDue(): void {
    const nowMs = this.#clock.now();
    if (nowMs < this.#nextWakeMs) return;
    this.#nextWakeMs = Number.POSITIVE_INFINITY;
    for (const project of this.#projects) {
      for (const key of [...project.keys]) this.#wakeIfDue({ project, key }, key.resting, nowMs);
      this.#wakeIfDue({ project, key: null }, project.resting, nowMs);
    }
  }

  /**
   * The gateway's own limit is used up: the project is left alone for this model until it makes sense to ask again.
   *
   * @param tokens - where tokens are short: what the call needs
   */
  hold(lane: Lane, project: Project, limit: string, ms: number, tokens?: number): Resting {
    const sinceMs = this.#clock.now();
    const short = tokens === undefined ? {} : { tokens };
    const resting: Resting = { reason: limit, sinceMs, untilMs: sinceMs + ms, endedBy: 'time', ...short };
    lane.cool(project, resting);
    return resting;
  }

  /** The same for a rest that the store has and this process has not read yet. */
  holdByHearsay(lane: Lane, project: Project, reason: string, ms: number): void {
    this.#hearsay.push({ lane, project, resting: this.hold(lane, project, reason, ms) });
  }

  /** The store is being read: what was only heard of it is true no longer, or is told again. */
  forgetHearsay(): void {
    for (const { lane, project, resting } of this.#hearsay.splice(0)) lane.forget(project, resting);
  }

  readonly onReturn = ({ project }: Seat, resting: Resting, model: string | null): void => {
    if (!isOwnLimit(resting)) this.#tell({ project, key: null, model }, 'returned', null);
  };

  #wakeIfDue(subject: Subject, resting: Resting | null, nowMs: number): void {
    if (resting?.untilMs == null) return;
    if (resting.untilMs > nowMs) this.#nextWakeMs = Math.min(this.#nextWakeMs, resting.untilMs);
    else if (resting.endedBy === 'probe' && this.#keeper !== null) this.#keeper.probe(subject, resting);
    else this.end(subject, 'returned');
  }

  #cool(failure: Failure, project: Project, asked: string | null): void {
    const lane = this.#lanes.of(asked);
    const growth = failure.isGrowing ? 2 ** (lane.grow(project, this.#clock.now()) - 1) : 1;
    const restMs = failure.isGrowing ? Math.min(longestGrownMs, (failure.restMs ?? 0) * growth) : failure.restMs;
    const resting = this.#resting(failure, restMs);
    const counted = failure.quotaModel ?? asked;
    for (const model of counted === asked ? [asked] : [asked, counted])
      this.begin({ project, key: null, model }, resting);
  }

  #resting({ kind, endedBy, isGrowing }: Failure, restMs: number | null): Resting {
    const sinceMs = this.#clock.now();
    const isJittered = restMs !== null && restMs <= longestJitteredMs && isGrowing !== true;
    const ms = isJittered ? restMs * (1 + jitter * this.#random()) : restMs;
    return {
      reason: kind,
      sinceMs,
      untilMs: ms === null ? null : sinceMs + ms,
      endedBy: ms === null ? 'operator' : endedBy,
    };
  }

  #tell({ project, key, model }: Subject, reason: string, resting: Resting | null): void {
    const untilMs =
      resting?.untilMs == null ? null : Math.round(resting.untilMs + this.#clock.wallNow() - this.#clock.now());
    this.#emitter.emit('key', {
      pool: this.#pool,
      project: project.id,
      key: key?.id ?? null,
      model: model ?? null,
      state: stateOf(resting),
      reason,
      untilMs,
      endedBy: resting?.endedBy ?? null,
    });
  }
}

function outlasts(rest: Resting | null, other: Resting): boolean {
  return rest !== null && endOf(rest) >= endOf(other);
}

/** Where time alone ends nothing, it does not end at all. */
function endOf({ untilMs, endedBy }: Resting): number {
  return untilMs === null || endedBy === 'operator' ? Number.POSITIVE_INFINITY : untilMs;
}
