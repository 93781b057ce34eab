/** IS IT WELL: a breaker per host and per host and model, and the retry budget of each model. In memory, per instance. */

import type { Clock } from '../clock.ts';
import type { Emitter } from '../events.ts';
import type { BreakerSnapshot } from '../snapshot.ts';
import {
  afterAbandonedProbe,
  afterFailedProbe,
  afterFailure,
  afterProof,
  afterSign,
  afterSuccess,
  afterTime,
  ask,
  type Breaker,
  type BreakerSettings,
  closedBreaker,
  countsOf,
  isolated,
} from './breaker.ts';
import { RetryBudget } from './budget.ts';
import { type Known, Leave, noTrials, type Pass, type Say, type Trial } from './leave.ts';

/** Whom a call goes to. */
export interface Target {
  readonly host: string;
  /** Null when the call names none. */
  readonly model: string | null;
}

/** A call that may not be made now. */
export interface Refusal {
  readonly target: string;
  readonly retryAfterMs: number;
  /** It was not failures that opened the breaker, but an operator. */
  readonly isIsolated: boolean;
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
    if (this.#breakers.size === 0) return new Leave(this.#say, known, noTrials);
    const names = [known.model, known.host];
    const nowMs = this.#clock.now();
    for (const name of names) {
      const breaker = this.#now(name, nowMs);
      if (ask(breaker, nowMs, this.#settings).may === 'wait') return this.#refusal(name, breaker, nowMs);
    }
    return new Leave(
      this.#say,
      known,
      names.flatMap((name) => this.#let(name, nowMs)),
    );
  }

  /** The retries that are left for a target. */
  budget(target: Target): RetryBudget {
    return this.#know(target).budget;
  }

  snapshot(): BreakerSnapshot[] {
    const nowMs = this.#clock.now();
    return [...this.#breakers.keys()].flatMap((target) => {
      const breaker = this.#now(target, nowMs);
      const counts = countsOf(breaker, nowMs, this.#settings);
      if (breaker.state === 'closed' && counts.failures === 0) return [];
      const untilMs = breaker.state === 'open' ? this.#wallMs(breaker.untilMs, nowMs) : null;
      return [{ target, state: breaker.state, ...counts, untilMs, reason: reasonOf(breaker) }];
    });
  }

  /** Every target that a call has gone to, or that has a breaker of its own. */
  targets(): Set<string> {
    const names = new Set(this.#breakers.keys());
    for (const [host, models] of this.#known) {
      names.add(host);
      for (const { model } of models.values()) names.add(model);
    }
    return names;
  }

  /** Lets nothing through to a target until {@link reset}. */
  isolate(target: string, reason: string): void {
    this.#become(target, isolated(reason), reason);
  }

  /** Forgets all that speaks against a target. */
  reset(target: string): void {
    this.#become(target, closedBreaker, 'reset');
  }

  resetAll(): void {
    for (const target of [...this.#breakers.keys()]) this.reset(target);
  }

  /** Goes on where another stood: what an operator has isolated stays so. */
  takeOver(before: Health): void {
    for (const [target, breaker] of before.#breakers) {
      if (breaker.state === 'isolated') this.#breakers.set(target, breaker);
    }
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
    if (models.size >= mostTargets) models.delete(models.keys().next().value as string | null);
    models.set(model, made);
    return made;
  }

  /** The breaker as time has left it. */
  #now(name: string, nowMs: number): Breaker {
    const breaker = this.#breakers.get(name) ?? closedBreaker;
    if (breaker.state !== 'probing') return breaker;
    const next = afterTime(breaker, nowMs, this.#settings, this.#random());
    this.#become(name, next, 'probe_overdue');
    return next;
  }

  #let(name: string, nowMs: number): Trial[] {
    const { may, breaker } = ask(this.#now(name, nowMs), nowMs, this.#settings);
    if (may === 'pass') return [];
    this.#become(name, breaker, 'probe');
    return [{ name, ticket: breaker }];
  }

  #refusal(target: string, breaker: Breaker, nowMs: number): Refusal {
    const { openMs, maxOpenMs } = this.#settings;
    const isIsolated = breaker.state === 'isolated';
    // Nobody knows when a probe or an operator will be done.
    const waitMs = breaker.state === 'open' ? breaker.untilMs - nowMs : isIsolated ? maxOpenMs : openMs;
    return { target, retryAfterMs: Math.max(1, waitMs), isIsolated };
  }

  readonly #say: Say = {
    proven: ({ model, host }, trials) => {
      if (this.#breakers.size === 0) return;
      for (const { name } of trials) this.#change(name, afterProof, 'success');
      this.#change(model, afterSign, 'success');
      this.#change(host, afterSign, 'success');
    },
    succeeded: (name, trial) => {
      if (this.#breakers.size === 0) return;
      if (trial !== null) this.#change(name, afterProof, 'success');
      else this.#change(name, (one) => afterSuccess(one, this.#clock.now(), this.#settings), 'success');
    },
    failed: (name, trial, reason) => {
      const nowMs = this.#clock.now();
      const breaker = this.#now(name, nowMs);
      // A probe whose place somebody else has by now has no more to say than what was under way when it opened.
      const judge = trial?.ticket === breaker ? afterFailedProbe : afterFailure;
      this.#become(name, judge(breaker, nowMs, this.#settings, this.#random(), reason), reason);
    },
    abandoned: ({ name, ticket }) => {
      if (this.#breakers.get(name) !== ticket) return;
      this.#change(name, (one) => afterAbandonedProbe(one, this.#clock.now()), 'abandoned');
    },
  };

  #change(name: string, by: (breaker: Breaker) => Breaker, reason: string): void {
    const breaker = this.#breakers.get(name);
    if (breaker !== undefined) this.#become(name, by(breaker), reason);
  }

  #become(name: string, next: Breaker, reason: string): void {
    const before = this.#breakers.get(name) ?? closedBreaker;
    if (next === before) return;
    if (next === closedBreaker) this.#breakers.delete(name);
    else this.#remember(name, next);
    if (next.state === before.state) return;
    const nowMs = this.#clock.now();
    this.#emitter.emit('breaker', {
      target: name,
      state: next.state,
      ...countsOf(next, nowMs, this.#settings),
      untilMs: next.state === 'open' ? this.#wallMs(next.untilMs, nowMs) : null,
      reason,
    });
  }

  /** What an operator has isolated is not forgotten for the sake of names that callers have made up. */
  #remember(name: string, breaker: Breaker): void {
    if (!this.#breakers.has(name) && this.#breakers.size >= mostTargets) {
      for (const [oldest, { state }] of this.#breakers) {
        if (state === 'isolated') continue;
        this.#breakers.delete(oldest);
        break;
      }
    }
    this.#breakers.set(name, breaker);
  }

  #wallMs(atMs: number, nowMs: number): number {
    return Math.round(this.#clock.wallNow() + atMs - nowMs);
  }
}

/** Why a breaker is not closed. */
function reasonOf(breaker: Breaker): string | null {
  switch (breaker.state) {
    case 'closed':
      return null;
    case 'isolated':
      return breaker.reason;
    default:
      return breaker.cause.reason;
  }
}
