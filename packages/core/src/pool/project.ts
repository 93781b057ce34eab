/** One Google project and its keys: who is fit for work, who rests, and why. */

import type { KeyState } from '../events.ts';
import type { Standing } from '../snapshot.ts';
import type { Limits, Meter } from '../store/store.ts';

/** Who or what ends a rest. A probe is a call of the gateway's own; an operator is a person. */
export type EndedBy = 'time' | 'probe' | 'operator';

/** Why something rests, and from when to when: on the monotonic clock, and null where time alone ends nothing. */
export interface Resting {
  readonly reason: string;
  readonly sinceMs: number;
  readonly untilMs: number | null;
  readonly endedBy: EndedBy;
  /** A limit of tokens was in the way of a call that needs so many; one that needs fewer may still find room. */
  readonly tokens?: number;
}

/** The gateway's own limits let rest as well; these rests come and go too often to be told or kept. */
const ownLimit = /^limit_/;

/** Whether a limit of the options is behind it. The store knows more of it: it can be forgotten at any time. */
export function isOwnLimit({ reason }: Resting): boolean {
  return ownLimit.test(reason);
}

/** One key of a project. */
export interface Key {
  /** `project#1`: the place in the options, never a part of the key. */
  readonly id: string;
  readonly secret: string;
  resting: Resting | null;
}

/** A project as the options describe it. */
export interface ProjectSettings {
  readonly id: string;
  readonly weight: number;
  readonly keys: readonly string[];
  /** Yours to name; it is shown beside the project. */
  readonly tier?: string | null;
  /** Over all models. */
  readonly limits?: Limits;
  readonly modelLimits?: ReadonlyMap<string, Limits>;
  /** Nobody has said that its keys are of one project: an error of the provider may tell. */
  readonly isGuessed?: boolean;
}

/** A project as the pool works with it. */
export class Project {
  readonly id: string;
  readonly weight: number;
  readonly tier: string | null;
  readonly isGuessed: boolean;
  inFlight = 0;
  resting: Resting | null = null;
  readonly #keys: Key[] = [];
  /** Keys that may be used, in no order. */
  readonly #usable: Key[] = [];
  readonly #limits: Limits | undefined;
  readonly #modelLimits: ReadonlyMap<string, Limits> | undefined;
  #next = 0;
  #made = 0;

  constructor({ id, weight, keys, tier = null, limits, modelLimits, isGuessed = false }: ProjectSettings) {
    this.id = id;
    this.weight = weight;
    this.tier = tier;
    this.isGuessed = isGuessed;
    this.#limits = limits;
    this.#modelLimits = modelLimits;
    for (const secret of keys) this.add(secret);
  }

  get keys(): readonly Key[] {
    return this.#keys;
  }

  get isUsable(): boolean {
    return this.resting === null && this.#usable.length > 0;
  }

  /** No key opens it, and time alone will not help: what it holds is out of reach until a probe or an operator says otherwise. */
  get isClosed(): boolean {
    return isDisabled(this.resting) || this.#keys.every(({ resting }) => isDisabled(resting));
  }

  /** Keys of a project share its quota, so they simply take turns. */
  nextKey(): Key {
    this.#next = (this.#next + 1) % this.#usable.length;
    return this.#usable[this.#next] as Key;
  }

  add(secret: string): Key {
    const key: Key = { id: `${this.id}#${++this.#made}`, secret, resting: null };
    this.#keys.push(key);
    this.#usable.push(key);
    return key;
  }

  /** Takes over a key of another project, as it is. */
  adopt(key: Key): void {
    this.#keys.push(key);
    if (key.resting === null) this.#usable.push(key);
  }

  /** What is under way with it ends as it would have; nothing new begins. */
  remove(key: Key): void {
    take(this.#keys, key);
    take(this.#usable, key);
  }

  rest(key: Key, resting: Resting): void {
    take(this.#usable, key);
    key.resting = resting;
  }

  wake(key: Key): void {
    if (key.resting === null) return;
    key.resting = null;
    if (this.#keys.includes(key)) this.#usable.push(key);
  }

  /** What has to be counted for a call; nothing when there are no limits. */
  metersOf(model: string | null): readonly Meter[] {
    const forModel = model === null ? undefined : this.#modelLimits?.get(model);
    if (this.#limits === undefined && forModel === undefined) return none;
    return [
      ...(this.#limits === undefined ? none : [{ name: 'project', limits: this.#limits }]),
      ...(forModel === undefined ? none : [{ name: `model:${model}`, limits: forModel }]),
    ];
  }
}

const none: readonly Meter[] = [];

function take<One>(from: One[], one: One): void {
  const index = from.indexOf(one);
  if (index >= 0) from.splice(index, 1);
}

/** What ends by itself cools; what waits for somebody is disabled. */
export function stateOf(resting: Resting | null): KeyState {
  if (resting === null) return 'ready';
  return resting.untilMs === null || resting.endedBy !== 'time' ? 'disabled' : 'cooling';
}

function isDisabled(resting: Resting | null): boolean {
  return stateOf(resting) === 'disabled';
}

/** How a rest looks from outside; `offsetMs` turns the monotonic clock into the wall's. */
export function restSnapshot(resting: Resting | null, offsetMs: number): Standing {
  if (resting === null) return { state: 'ready', reason: null, sinceMs: null, untilMs: null, endedBy: null };
  return {
    state: stateOf(resting),
    reason: resting.reason,
    sinceMs: Math.round(resting.sinceMs + offsetMs),
    untilMs: resting.untilMs === null ? null : Math.round(resting.untilMs + offsetMs),
    endedBy: resting.endedBy,
  };
}
