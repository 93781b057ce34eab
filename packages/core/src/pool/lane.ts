/**
 * What is free for one model: every project of the pool, ranked by how busy it is with this model.
 *
 * Quota is counted per project and model, so a project that is exhausted for one model still serves the others:
 * each model has a lane of its own. Choosing, cooling and coming back cost O(log n) in the number of projects.
 */

import { Heap, type HeapMember } from './heap.ts';
import type { Project, Resting } from './project.ts';

/** One project in one lane. */
export interface Seat extends HeapMember {
  readonly project: Project;
  inFlight: number;
  /** Grows by 1 / weight with each use: among equally busy projects the one that had the least of its share is next. */
  share: number;
  cooling: Resting | null;
  /** Rests in a row without a word how long; each doubles the next. */
  growth: number;
}

/** Hears of a project whose rest for a model is over. */
export type OnReturn = (seat: Seat, model: string | null) => void;

/** How projects stand for one model. */
export class Lane {
  readonly #ready = new Heap<Seat>(isLessBusy);
  readonly #cooling = new Heap<Seat>((left, right) => endOf(left) < endOf(right));
  readonly #seats = new Map<Project, Seat>();
  /** Projects that were found unusable; they are put back when the pool says so. */
  readonly #parked = new Set<Seat>();
  #share = 0;
  inFlight = 0;

  readonly #model: string | null;

  /** @param model - null for calls that name none */
  constructor(model: string | null, projects: Iterable<Project>) {
    this.#model = model;
    for (const project of projects) {
      const seat: Seat = { project, inFlight: 0, share: 0, cooling: null, growth: 0, heapIndex: -1 };
      this.#seats.set(project, seat);
      this.#ready.push(seat);
    }
  }

  /** Nothing is under way and nothing rests: the lane can be forgotten. */
  get isIdle(): boolean {
    return this.inFlight === 0 && this.#cooling.size === 0;
  }

  /** The least busy project that may be used now and is not `exhausted`, or undefined. `onReturn` hears of those whose rest is over. */
  best(nowMs: number, exhausted: readonly string[], onReturn: OnReturn): Seat | undefined {
    for (let seat = this.#cooling.peek(); seat !== undefined && endOf(seat) <= nowMs; seat = this.#cooling.peek()) {
      this.#cooling.remove(seat);
      seat.cooling = null;
      this.#ready.push(seat);
      onReturn(seat, this.#model);
    }
    let best = this.#ready.peek();
    if (best?.project.isUsable && exhausted.length === 0) return best;
    const passedOver: Seat[] = [];
    for (; best !== undefined; best = this.#ready.peek()) {
      const isExhausted = exhausted.includes(best.project.id);
      if (best.project.isUsable && !isExhausted) break;
      this.#ready.remove(best);
      if (best.project.isUsable) passedOver.push(best);
      else this.#parked.add(best);
    }
    for (const seat of passedOver) this.#ready.push(seat);
    return best;
  }

  /** The seat of one project, if it may be used now. */
  seatOf(project: Project, nowMs: number): Seat | undefined {
    const seat = this.#seats.get(project);
    return seat?.project.isUsable && (seat.cooling === null || endOf(seat) <= nowMs) ? seat : undefined;
  }

  /** When the next cooling project is back, on the monotonic clock; undefined when none is cooling. */
  nextReturnMs(): number | undefined {
    const seat = this.#cooling.peek();
    return seat === undefined || endOf(seat) === Number.POSITIVE_INFINITY ? undefined : endOf(seat);
  }

  take(seat: Seat): void {
    this.#share = Math.max(this.#share, seat.share);
    seat.share = this.#share + 1 / seat.project.weight;
    seat.inFlight++;
    this.inFlight++;
    this.#ready.moved(seat);
  }

  giveBack(seat: Seat): void {
    seat.inFlight--;
    this.inFlight--;
    this.#ready.moved(seat);
  }

  /** Lets a project rest for this lane's model. A longer rest that is under way stays. */
  cool(project: Project, resting: Resting): boolean {
    const seat = this.#seats.get(project);
    if (seat === undefined || (seat.cooling !== null && endOf(seat) >= (resting.untilMs ?? Number.POSITIVE_INFINITY)))
      return false;
    this.#ready.remove(seat);
    this.#cooling.remove(seat);
    this.#parked.delete(seat);
    seat.cooling = resting;
    this.#cooling.push(seat);
    return true;
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
    if (seat !== undefined && this.#parked.delete(seat)) this.#ready.push(seat);
  }

  *cooling(nowMs: number): Iterable<Seat> {
    for (const seat of this.#seats.values()) if (seat.cooling !== null && endOf(seat) > nowMs) yield seat;
  }
}

function isLessBusy(left: Seat, right: Seat): boolean {
  const difference = left.inFlight / left.project.weight - right.inFlight / right.project.weight;
  return difference === 0 ? left.share < right.share : difference < 0;
}

function endOf(seat: Seat): number {
  return seat.cooling?.untilMs ?? Number.POSITIVE_INFINITY;
}
