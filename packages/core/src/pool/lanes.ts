/** The lanes of a pool by model. Model names come from callers, so only so many are kept. */

import { Lane } from './lane.ts';
import type { Project, Resting } from './project.ts';
import type { Strategy } from './strategy/strategy.ts';

/** A lane costs memory for each project, so there are few; models in use at a time are fewer. */
const mostLanes = 64;

/** Finds the lane of a model, and makes it when it is asked for the first time. */
export class Lanes {
  readonly #projects: readonly Project[];
  readonly #strategy: Strategy;
  /** In order of last use. */
  readonly #byModel = new Map<string, Lane>();

  constructor(projects: readonly Project[], strategy: Strategy) {
    this.#projects = projects;
    this.#strategy = strategy;
  }

  of(model: string | null): Lane {
    const name = model ?? '';
    const known = this.#byModel.get(name);
    if (known !== undefined) {
      if (this.#byModel.size === mostLanes) this.#touch(name, known);
      return known;
    }
    if (this.#byModel.size >= mostLanes) this.#forgetOne();
    const lane = new Lane(model, this.#projects, this.#strategy);
    this.#byModel.set(name, lane);
    return lane;
  }

  /** A project that was not there before. */
  join(project: Project): void {
    for (const lane of this.#byModel.values()) lane.join(project);
  }

  /** Ends a project's rests that have this reason, for all models; all of them when none is told. @returns whether there was one */
  wake(project: Project, reason?: string): boolean {
    let hasWoken = false;
    for (const lane of this.#byModel.values()) hasWoken = lane.wake(project, reason) || hasWoken;
    return hasWoken;
  }

  unpark(project: Project): void {
    for (const lane of this.#byModel.values()) lane.unpark(project);
  }

  coolingOf(project: Project, nowMs: number): { model: string | null; resting: Resting }[] {
    return [...this.#byModel].flatMap(([model, lane]) =>
      [...lane.cooling(nowMs)]
        .filter((seat) => seat.project === project)
        .map((seat) => ({ model: model === '' ? null : model, resting: seat.cooling as Resting })),
    );
  }

  #touch(name: string, lane: Lane): void {
    this.#byModel.delete(name);
    this.#byModel.set(name, lane);
  }

  /** The idle lane that was used longest ago, or, when none is idle, simply the oldest: its rests are learnt again. */
  #forgetOne(): void {
    for (const [name, lane] of this.#byModel) if (lane.isIdle) return void this.#byModel.delete(name);
    this.#byModel.delete(this.#byModel.keys().next().value as string);
  }
}
