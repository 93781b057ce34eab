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
  readonly #known = new Map<string, Map<string | null, Known>>();

  constructor(settings: BreakerSettings, clock: Clock, emitter: Emitter, random: () => number = Math.random) {
    this.#settings = settings;
    this.#clock = clock;
    this.#emitter = emitter;
    this.#random = random;
  }

  /** Asks for leave to call. A refusal costs nothing and takes no probe from anybody. */
  enter(target: Target): Pass | Refusal {
    const known = this.#know(target);
    // Nobody is ill: the usual case looks nothing up.
    if (this.#breakers.size === 0) return new Leave(this.#say, known, nobody);
    const names = [known.model, known.host];
    const nowMs = this.#clock.now();
    for (const name of names) {
      const breaker = this.#breakers.get(name);
      if (breaker === undefined || ask(breaker, nowMs).may !== 'wait') continue;
      const waitMs = breaker.state === 'open' ? breaker.untilMs - nowMs : this.#settings.openMs;
      return { target: name, retryAfterMs: Math.max(1, waitMs) };
    }
    const probes = names.filter((name) => this.#askFor(name, nowMs) === 'probe');
    return new Leave(this.#say, known, probes);
  }

  /** The retries that are left for a target. */
  budget(target: Target): RetryBudget {
    return this.#know(target).budget;
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

  #know({ host, model }: Target): Known {
    let models = this.#known.get(host);
    if (models === undefined) {
      models = new Map();
      this.#known.set(host, models);
    }
    const known = models.get(model);
    if (known !== undefined) return known;
    const made: Known = { model: `${host}/${model ?? '-'}`, host, budget: new RetryBudget() };
    remember(models, model, made);
    return made;
  }

  // While somebody else probes, what was under way before the breaker opened has no say.
  #hasSay(name: string, probed: readonly string[]): boolean {
    return probed.includes(name) || this.#breakers.get(name)?.state !== 'probing';
  }

  readonly #say: Say = {
    succeeded: (name, probed) => {
      if (this.#breakers.size > 0 && this.#hasSay(name, probed)) this.#succeed(name);
    },
    failed: (name, probed, reason) => {
      if (this.#hasSay(name, probed)) this.#fail(name, reason);
    },
    abandoned: (name) => this.#abandon(name),
  };

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

/** A target under the names of its two breakers. */
interface Known {
  readonly model: string;
  readonly host: string;
  readonly budget: RetryBudget;
}

const nobody: readonly string[] = [];

/** What a call may say of the breakers that it passed. */
interface Say {
  succeeded(name: string, probed: readonly string[]): void;
  failed(name: string, probed: readonly string[], reason: string): void;
  abandoned(name: string): void;
}

/** @see Pass */
class Leave implements Pass {
  readonly #say: Say;
  readonly #known: Known;
  /** Breakers for which this call is the probe, until it has proven something. */
  #probed: readonly string[];

  constructor(say: Say, known: Known, probed: readonly string[]) {
    this.#say = say;
    this.#known = known;
    this.#probed = probed;
  }

  proven(): void {
    for (const name of this.#probed) this.#say.succeeded(name, this.#probed);
    this.#probed = nobody;
  }

  settle(failure: Failure | null): void {
    const { model, host } = this.#known;
    const probed = this.#probed;
    switch (failure?.scope) {
      case 'model':
        // The host has answered, if badly: only the model is to blame.
        this.#say.failed(model, probed, failure.kind);
        return this.#say.succeeded(host, probed);
      case 'host':
        // The call never reached the model: nothing is known of it.
        if (probed.includes(model)) this.#say.abandoned(model);
        return this.#say.failed(host, probed, failure.kind);
      case 'client':
      case 'gateway':
        for (const name of probed) this.#say.abandoned(name);
        return;
      default:
        // A refusal of the request or the key is a sign of life.
        this.#say.succeeded(model, probed);
        this.#say.succeeded(host, probed);
    }
  }
}

function remember<Name, Value>(map: Map<Name, Value>, name: Name, value: Value): void {
  if (!map.has(name) && map.size >= mostTargets) map.delete(map.keys().next().value as Name);
  map.set(name, value);
}
