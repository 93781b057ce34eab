/** IS IT WELL: a breaker per host and per host and model, and the retry budget of each model. In memory, per instance. */

import type { Clock } from '../clock.ts';
import type { Emitter } from '../events.ts';
import type { Failure } from '../failure.ts';
import type { BreakerSnapshot } from '../snapshot.ts';
import {
  afterAbandonedProbe,
  afterFailure,
  afterSuccess,
  ask,
  type Breaker,
  type BreakerSettings,
  closedBreaker,
} from './breaker.ts';
import { RetryBudget } from './budget.ts';

/** Whom a call goes to. */
export interface Target {
  readonly host: string;
  /** Null when the call names none. */
  readonly model: string | null;
}

/** Leave to make one call. Told once that the target is alive, and once how the call ended. */
export interface Pass {
  /** The answer has begun with something that means something: a probe has succeeded. */
  proven(): void;
  settle(failure: Failure | null): void;
}

/** A call that may not be made now. */
export interface Refusal {
  readonly target: string;
  readonly retryAfterMs: number;
}

/** Model names come from callers, so the number of targets that are remembered is bounded; the oldest are forgotten. */
const mostTargets = 1_000;

/** Knows which targets are ill. */
export class Health {
  readonly #settings: BreakerSettings;
  readonly #clock: Clock;
  readonly #emitter: Emitter;
  readonly #random: () => number;
  /** Only breakers that are not untouched. */
  readonly #breakers = new Map<string, Breaker>();
  readonly #budgets = new Map<string, RetryBudget>();

  constructor(settings: BreakerSettings, clock: Clock, emitter: Emitter, random: () => number = Math.random) {
    this.#settings = settings;
    this.#clock = clock;
    this.#emitter = emitter;
    this.#random = random;
  }

  /** Asks for leave to call. A refusal costs nothing and takes no probe from anybody. */
  enter(target: Target): Pass | Refusal {
    const names = namesOf(target);
    const nowMs = this.#clock.now();
    for (const name of names) {
      const breaker = this.#breakers.get(name);
      if (breaker === undefined || ask(breaker, nowMs).may !== 'wait') continue;
      const waitMs = breaker.state === 'open' ? breaker.untilMs - nowMs : this.#settings.openMs;
      return { target: name, retryAfterMs: Math.max(1, waitMs) };
    }
    const probes = names.filter((name) => this.#askFor(name, nowMs) === 'probe');
    return this.#pass(names, probes);
  }

  /** The retries that are left for a target. */
  budget(target: Target): RetryBudget {
    const name = namesOf(target)[0] as string;
    const known = this.#budgets.get(name);
    if (known !== undefined) return known;
    const budget = new RetryBudget();
    remember(this.#budgets, name, budget);
    return budget;
  }

  snapshot(): BreakerSnapshot[] {
    const offsetMs = this.#clock.wallNow() - this.#clock.now();
    return [...this.#breakers].flatMap(([target, breaker]) => {
      if (breaker.state === 'closed' && breaker.run === 0) return [];
      const failures = breaker.state === 'closed' ? breaker.run : breaker.opened + 1;
      const untilMs = breaker.state === 'open' ? Math.round(breaker.untilMs + offsetMs) : null;
      return [{ target, state: breaker.state, failures, untilMs }];
    });
  }

  #askFor(name: string, nowMs: number): 'pass' | 'probe' | 'wait' {
    const breaker = this.#breakers.get(name);
    if (breaker === undefined) return 'pass';
    const answer = ask(breaker, nowMs);
    this.#become(name, answer.breaker, 'probe');
    return answer.may;
  }

  #pass([model, host]: readonly [model: string, host: string], probes: readonly string[]): Pass {
    const probed = new Set(probes);
    const prove = (): void => {
      for (const name of probed) this.#succeed(name);
      probed.clear();
    };
    // While somebody else probes, what was under way before the breaker opened has no say.
    const hasSay = (name: string): boolean => probed.has(name) || this.#breakers.get(name)?.state !== 'probing';
    const succeed = (name: string): void => void (hasSay(name) && this.#succeed(name));
    const fail = (name: string, reason: string): void => void (hasSay(name) && this.#fail(name, reason));
    return {
      proven: prove,
      settle: (failure) => {
        switch (failure?.scope) {
          case 'model':
            // The host has answered, if badly: only the model is to blame.
            fail(model, failure.kind);
            return succeed(host);
          case 'host':
            // The call never reached the model: nothing is known of it.
            if (probed.has(model)) this.#abandon(model);
            return fail(host, failure.kind);
          case 'client':
          case 'gateway':
            for (const name of probed) this.#abandon(name);
            return;
          default:
            // A refusal of the request or the key is a sign of life.
            succeed(model);
            succeed(host);
        }
      },
    };
  }

  #succeed(name: string): void {
    const breaker = this.#breakers.get(name);
    if (breaker !== undefined) this.#become(name, afterSuccess(breaker, this.#clock.now(), this.#settings), 'success');
  }

  #fail(name: string, reason: string): void {
    const breaker = this.#breakers.get(name) ?? closedBreaker;
    this.#become(name, afterFailure(breaker, this.#clock.now(), this.#settings, this.#random()), reason);
  }

  #abandon(name: string): void {
    const breaker = this.#breakers.get(name);
    if (breaker !== undefined) this.#become(name, afterAbandonedProbe(breaker, this.#clock.now()), 'abandoned');
  }

  #become(name: string, next: Breaker, reason: string): void {
    const before = this.#breakers.get(name)?.state ?? 'closed';
    if (next === closedBreaker) this.#breakers.delete(name);
    else remember(this.#breakers, name, next);
    if (next.state === before) return;
    const untilMs = next.state === 'open' ? Math.round(this.#clock.wallNow() + next.untilMs - this.#clock.now()) : null;
    this.#emitter.emit('breaker', { target: name, state: next.state, untilMs, reason });
  }
}

function namesOf({ host, model }: Target): readonly [model: string, host: string] {
  return [`${host}/${model ?? '-'}`, host];
}

function remember<Value>(map: Map<string, Value>, name: string, value: Value): void {
  if (!map.has(name) && map.size >= mostTargets) map.delete(map.keys().next().value as string);
  map.set(name, value);
}
