/** Leave to make one call: what it may tell of the breakers that it has passed, and when. */

import type { Failure } from '../failure.ts';
import type { Breaker } from './breaker.ts';
import type { RetryBudget } from './budget.ts';

/** Leave to make one call. Told once that the target is alive, and once how the call ended. */
export interface Pass {
  /** The answer has begun with something that means something: a run of failures is over, and a probe has succeeded. */
  proven(): void;
  settle(failure: Failure | null): void;
}

/** A target under the names of its two breakers. */
export interface Known {
  readonly model: string;
  readonly host: string;
  readonly budget: RetryBudget;
}

/** A breaker that was not closed when the call passed, and what it became by that. */
export interface Trial {
  readonly name: string;
  readonly ticket: Breaker;
}

export const noTrials: readonly Trial[] = [];

/** Where it is told. `trial` is null for what was let through like any other call. */
export interface Say {
  proven(target: Known, trials: readonly Trial[]): void;
  succeeded(name: string, trial: Trial | null): void;
  failed(name: string, trial: Trial | null, reason: string): void;
  abandoned(trial: Trial): void;
}

/** @see Pass */
export class Leave implements Pass {
  readonly #say: Say;
  readonly #known: Known;
  /** What this call is the trial of, until it has proven something. */
  #trials: readonly Trial[];

  constructor(say: Say, known: Known, trials: readonly Trial[]) {
    this.#say = say;
    this.#known = known;
    this.#trials = trials;
  }

  proven(): void {
    const trials = this.#trials;
    this.#trials = noTrials;
    this.#say.proven(this.#known, trials);
  }

  settle(failure: Failure | null): void {
    const say = this.#say;
    const { model, host } = this.#known;
    switch (failure?.scope) {
      case 'model':
        // The host has answered, if badly: only the model is to blame.
        say.failed(model, this.#trialOf(model), failure.kind);
        return say.succeeded(host, this.#trialOf(host));
      case 'host': {
        // The call never reached the model: nothing is known of it.
        const trial = this.#trialOf(model);
        if (trial !== null) say.abandoned(trial);
        return say.failed(host, this.#trialOf(host), failure.kind);
      }
      case 'client':
      case 'gateway':
        for (const trial of this.#trials) say.abandoned(trial);
        return;
      default:
        // A refusal of the request or the key is a sign of life.
        say.succeeded(model, this.#trialOf(model));
        say.succeeded(host, this.#trialOf(host));
    }
  }

  #trialOf(name: string): Trial | null {
    for (const trial of this.#trials) if (trial.name === name) return trial;
    return null;
  }
}
