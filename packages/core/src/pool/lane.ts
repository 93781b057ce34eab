/**
 * What is free for one model: every project of the pool, and which of them rest for this model.
 *
 * Quota is counted per project and model, so a project that is exhausted for one model still serves the others:
 * each model has a lane of its own. Choosing costs the same whatever the number of projects.
 */

import { type Member, Roster } from '../roster.ts';
import { Heap, type HeapMember } from './heap.ts';
import { isOwnLimit, type Project, type Resting } from './project.ts';
import type { Ask, Field, Strategy } from './strategy/strategy.ts';

/** One project in one lane. */
export interface Seat extends Member, HeapMember {
  readonly project: Project;
  readonly weight: number;
  inFlight: number;
  share: number;
  cooling: Resting | null;
  /** Rests in a row without a word how long; each doubles the next. */
  growth: number;
}

/** So many projects that are short of tokens are looked at for a call that needs few. */
const mostLooks = 32;

/** Hears of a project whose rest for a model is over. */
export type OnReturn = (seat: Seat, resting: Resting, model: string | null) => void;

/** How projects stand for one model. */
export class Lane implements Field<Seat> {
  readonly #model: string | null;
  readonly #strategy: Strategy;
  readonly #all: Seat[] = [];
  readonly #ready = new Roster<Seat>();
  readonly #cooling = new Heap<Seat>((left, right) => endOf(left) < endOf(right));
  readonly #seats = new Map<Project, Seat>();
  /** Projects that were found unusable; they are put back when the pool says so. */
  readonly #parked = new Set<Seat>();
  /** Those of the cooling ones that are short of tokens by a limit of ours. */
  readonly #short = new Set<Seat>();
  #share = 0;
  /** Calls that were lent out. */
  turn = 0;
  inFlight = 0;

  /** @param model - null for calls that name none */
  constructor(model: string | null, projects: Iterable<Project>, strategy: Strategy) {
    this.#model = model;
    this.#strategy = strategy;
    for (const project of projects) this.join(project);
  }

  /** Nothing is under way and nothing rests: the lane can be forgotten. */
  get isIdle(): boolean {
    return this.inFlight === 0 && this.#cooling.size === 0;
  }

  get all(): readonly Seat[] {
    return this.#all;
  }

  get ready(): readonly Seat[] {
    return this.#ready.members;
  }

  readonly isReady = (seat: Seat): boolean => seat.place >= 0;

  /** A project that was not there before. */
  join(project: Project): void {
    if (this.#seats.has(project)) return;
    const seat: Seat = {
      project,
      weight: project.weight,
      inFlight: 0,
      share: this.#share,
      cooling: null,
      growth: 0,
      heapIndex: -1,
      place: -1,
    };
    this.#all.push(seat);
    this.#seats.set(project, seat);
    this.#ready.add(seat);
  }

  /** The project that the strategy chooses of those that may be used now and are not `exhausted`, or undefined. */
  best(nowMs: number, exhausted: readonly string[], ask: Ask, onReturn: OnReturn): Seat | undefined {
    this.#wake(nowMs, onReturn);
    while (this.#ready.size > 0) {
      const field = exhausted.length === 0 ? this : without(this, exhausted);
      if (field.ready.length === 0) return undefined;
      const seat = this.#strategy(field, ask);
      if (seat.project.isUsable) return seat;
      this.#ready.delete(seat);
      this.#parked.add(seat);
    }
    return undefined;
  }

  /** A project that is left alone because of a call that needs more tokens than this one, or undefined. */
  roomier(tokens: () => number, exhausted: readonly string[]): Seat | undefined {
    let looks = mostLooks;
    for (const seat of this.#short) {
      if (looks-- === 0) return undefined;
      const { cooling, project } = seat;
      if ((cooling?.tokens ?? 0) > tokens() && project.isUsable && !exhausted.includes(project.id)) return seat;
    }
    return undefined;
  }

  /** The seat of one project, if it may be used now. */
  seatOf(project: Project, nowMs: number): Seat | undefined {
    const seat = this.#seats.get(project);
    return seat?.project.isUsable && (seat.cooling === null || endOf(seat) <= nowMs) ? seat : undefined;
  }

  /** When the next cooling project is back, on the monotonic clock; undefined when none is cooling that anybody could use then. */
  nextReturnMs(): number | undefined {
    const seat = this.#cooling.peek();
    if (seat === undefined) return undefined;
    const nextMs = seat.project.isClosed ? this.#nextOpenMs() : endOf(seat);
    return nextMs === Number.POSITIVE_INFINITY ? undefined : nextMs;
  }

  /** Nothing is back with a project that no key opens. */
  #nextOpenMs(): number {
    return this.#all.reduce(
      (nextMs, seat) => (seat.cooling === null || seat.project.isClosed ? nextMs : Math.min(nextMs, endOf(seat))),
      Number.POSITIVE_INFINITY,
    );
  }

  /** The same for one project; undefined when it does not cool, or nobody knows for how long. */
  returnMsOf(project: Project): number | undefined {
    return this.#seats.get(project)?.cooling?.untilMs ?? undefined;
  }

  take(seat: Seat): void {
    this.turn++;
    this.#share = Math.max(this.#share, seat.share);
    seat.share = this.#share + 1 / seat.weight;
    seat.inFlight++;
    this.inFlight++;
  }

  giveBack(seat: Seat): void {
    seat.inFlight--;
    this.inFlight--;
  }

  /** Lets a project rest for this lane's model. A longer rest that is under way stays. @returns whether it is the new one */
  cool(project: Project, resting: Resting): boolean {
    const seat = this.#seats.get(project);
    if (seat === undefined || (seat.cooling !== null && outlasts(seat.cooling, resting))) return false;
    this.#ready.delete(seat);
    this.#cooling.remove(seat);
    this.#parked.delete(seat);
    seat.cooling = resting;
    this.#cooling.push(seat);
    if (resting.tokens === undefined) this.#short.delete(seat);
    else this.#short.add(seat);
    return true;
  }

  /** Ends a project's rest before its time. @param reason - only a rest for this reason; any when it is not told */
  wake(project: Project, reason?: string): boolean {
    const seat = this.#seats.get(project);
    if (seat == null || seat.cooling === null || (reason !== undefined && seat.cooling.reason !== reason)) return false;
    if (!isOwnLimit(seat.cooling)) seat.growth = 0;
    this.#cooling.remove(seat);
    this.#short.delete(seat);
    seat.cooling = null;
    this.#ready.add(seat);
    return true;
  }

  /** Ends exactly this rest; another one that has taken its place stays. */
  forget(project: Project, resting: Resting): void {
    if (this.#seats.get(project)?.cooling === resting) this.wake(project);
  }

  /** @returns how many rests of unknown length came in a row, this one included; what was under way together counts once */
  grow(project: Project, nowMs: number): number {
    const seat = this.#seats.get(project);
    if (seat === undefined) return 1;
    const isResting = seat.cooling !== null && endOf(seat) > nowMs;
    return isResting ? Math.max(1, seat.growth) : ++seat.growth;
  }

  succeeded(seat: Seat): void {
    seat.growth = 0;
  }

  /** A project is usable again. */
  unpark(project: Project): void {
    const seat = this.#seats.get(project);
    if (seat !== undefined && this.#parked.delete(seat)) this.#ready.add(seat);
  }

  *cooling(nowMs: number): Iterable<Seat> {
    for (const seat of this.#seats.values()) if (seat.cooling !== null && endOf(seat) > nowMs) yield seat;
  }

  #wake(nowMs: number, onReturn: OnReturn): void {
    for (let seat = this.#cooling.peek(); seat !== undefined && endOf(seat) <= nowMs; seat = this.#cooling.peek()) {
      this.#cooling.remove(seat);
      this.#short.delete(seat);
      const resting = seat.cooling as Resting;
      seat.cooling = null;
      this.#ready.add(seat);
      onReturn(seat, resting, this.#model);
    }
  }
}

/** The same lane for a request that has met the end of some projects' quota already. */
function without(lane: Lane, exhausted: readonly string[]): Field<Seat> {
  const isReady = (seat: Seat): boolean => lane.isReady(seat) && !exhausted.includes(seat.project.id);
  return { all: lane.all, ready: lane.ready.filter(isReady), isReady };
}

function endOf(seat: Seat): number {
  return seat.cooling?.untilMs ?? Number.POSITIVE_INFINITY;
}

/** What the provider says stands before a limit of ours, however long either is; of our limits the latest word is true. */
function outlasts(rest: Resting, other: Resting): boolean {
  if (isOwnLimit(other)) return !isOwnLimit(rest);
  if (isOwnLimit(rest)) return false;
  return (rest.untilMs ?? Number.POSITIVE_INFINITY) >= (other.untilMs ?? Number.POSITIVE_INFINITY);
}
