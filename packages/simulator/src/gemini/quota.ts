/** What projects have used of their quotas, counted exactly and readable by tests. */

import type { SimulatedProject, SimulatedQuota, UsedQuota } from '../contract.ts';
import { type FullLimit, quotaError } from './quota-error.ts';
import { Refused } from './refused.ts';
import type { World } from './world.ts';

/** Why a request does not fit: the limits that are full, and when the minute ends, in ms. */
export interface Exhausted {
  readonly full: readonly [FullLimit, ...FullLimit[]];
  readonly opensInMs: number;
}

/** Days first, as Google lists them. */
const kinds: readonly (keyof SimulatedQuota)[] = ['requestsPerDay', 'requestsPerMinute', 'tokensPerMinute'];
const minuteMs = 60_000;
const pacificDay = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Los_Angeles', dateStyle: 'short' });

type Counter = { -readonly [Name in keyof UsedQuota]: UsedQuota[Name] } & { minute: number; day: string };

/**
 * Counts the requests and prompt tokens of projects per model, in whole minutes and in days that end at midnight in
 * Los Angeles.
 *
 * A window is known by its name (the number of the minute, the date of the day): when the clock shows another one, it
 * is empty.
 */
export class Quota {
  readonly #counters = new Map<string, Counter>();

  /** Takes one request and its tokens from all windows, or nothing and says why. */
  take(project: SimulatedProject, model: string, tokens: number, nowMs: number): Exhausted | null {
    const counter = this.#counter(project.id, model, nowMs);
    const after: Readonly<Record<keyof SimulatedQuota, number>> = {
      requestsPerDay: counter.requestsToday + 1,
      requestsPerMinute: counter.requestsThisMinute + 1,
      tokensPerMinute: counter.tokensThisMinute + tokens,
    };
    const [first, ...others] = kinds.flatMap((kind): FullLimit[] => {
      const limit = project.quota?.models?.[model]?.[kind] ?? project.quota?.[kind] ?? Infinity;
      return limit === 0 || after[kind] > limit ? [{ kind, limit: String(limit) }] : [];
    });
    if (first !== undefined) {
      counter.refused += 1;
      return { full: [first, ...others], opensInMs: minuteMs - (nowMs % minuteMs) };
    }
    counter.requests += 1;
    counter.tokens += tokens;
    counter.requestsToday = after.requestsPerDay;
    counter.requestsThisMinute = after.requestsPerMinute;
    counter.tokensThisMinute = after.tokensPerMinute;
    return null;
  }

  /** What a project has used of one model's quota. */
  used(projectId: string, model: string, nowMs: number): UsedQuota {
    const { minute: _, day: __, ...used } = this.#counter(projectId, model, nowMs);
    return used;
  }

  /** Gives every project its whole quota back. */
  clear(): void {
    this.#counters.clear();
  }

  #counter(projectId: string, model: string, nowMs: number): Counter {
    const name = `${projectId}\n${model}`;
    const minute = Math.floor(nowMs / minuteMs);
    let counter = this.#counters.get(name);
    if (counter?.minute === minute) return counter;
    // Days end with a minute, so a day need not be looked up more often.
    const day = pacificDay.format(nowMs);
    counter ??= { ...unused, minute, day };
    if (counter.day !== day) counter.requestsToday = 0;
    Object.assign(counter, { minute, day, requestsThisMinute: 0, tokensThisMinute: 0 });
    this.#counters.set(name, counter);
    return counter;
  }
}

/** The delay of an exhausted day is the end of the minute: Google's lies in just that way. */
export function takeQuota(project: SimulatedProject, model: string, tokens: number, world: World): void {
  const exhausted = world.quota.take(project, model, tokens, world.now());
  if (exhausted === null) return;
  const { full, opensInMs } = exhausted;
  throw new Refused(quotaError(full), {
    model,
    retryIn: `${opensInMs / 1000}s`,
    retryDelay: `${Math.ceil(opensInMs / 1000)}s`,
  });
}

const unused: UsedQuota = {
  requestsThisMinute: 0,
  tokensThisMinute: 0,
  requestsToday: 0,
  requests: 0,
  tokens: 0,
  refused: 0,
};
