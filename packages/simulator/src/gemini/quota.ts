import type { SimulatedProject } from '../contract.ts';

/** Why a request does not fit: which of the two windows is full, its size, and when it really opens again, in ms. */
export interface Exhausted {
  readonly per: 'minute' | 'day';
  readonly limit: number;
  readonly opensInMs: number;
}

const minuteMs = 60_000;
const pacificDay = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Los_Angeles', dateStyle: 'short' });

/**
 * Counts the requests of projects per model, in whole minutes and in days that end at midnight in Los Angeles.
 *
 * A window is known by its name (the number of the minute, the date of the day), so nothing has to be reset and a
 * clock may jump.
 */
export class Quota {
  readonly #used = new Map<string, number>();

  /** Takes one request from both windows, or neither and says why. */
  take(project: SimulatedProject, model: string, nowMs: number): Exhausted | null {
    if (project.quota === undefined) return null;
    const { requestsPerMinute = Infinity, requestsPerDay = Infinity } = project.quota;
    const minute = `${project.id} ${model} ${Math.floor(nowMs / minuteMs)}`;
    const day = `${project.id} ${model} ${pacificDay.format(nowMs)}`;
    const opensInMs = minuteMs - (nowMs % minuteMs);
    if ((this.#used.get(day) ?? 0) >= requestsPerDay) return { per: 'day', limit: requestsPerDay, opensInMs };
    if ((this.#used.get(minute) ?? 0) >= requestsPerMinute)
      return { per: 'minute', limit: requestsPerMinute, opensInMs };
    this.#used.set(day, (this.#used.get(day) ?? 0) + 1);
    this.#used.set(minute, (this.#used.get(minute) ?? 0) + 1);
    return null;
  }

  /** Gives every project its whole quota back. */
  clear(): void {
    this.#used.clear();
  }
}
