import type { Admittance, BreakerSettings } from '../../src/health/breaker.ts';

/**
 * The breaker as its rules say it, and nothing spared: it remembers every event for ever and works everything out anew.
 * What opens it takes the middle of the random open time.
 */
export class NaiveBreaker {
  state: 'closed' | 'open' | 'probing' = 'closed';
  readonly #limits: BreakerSettings;
  /** Since it was last closed. */
  #events: { readonly atMs: number; readonly is: 'failure' | 'success' | 'sign' }[] = [];
  #openedAtMs = 0;
  #failedProbes = 0;
  #probeSinceMs = 0;
  #panics: number[] = [];

  constructor(limits: BreakerSettings) {
    this.#limits = limits;
  }

  get opened(): number {
    return this.state === 'closed' ? 0 : this.#failedProbes + 1;
  }

  ask(nowMs: number): Admittance {
    this.pass(nowMs);
    if (this.state === 'closed') return 'pass';
    if (this.state === 'probing') return 'wait';
    const openMs = Math.min(this.#limits.maxOpenMs, this.#limits.openMs * 2 ** this.#failedProbes);
    if (nowMs >= this.#openedAtMs + openMs) {
      this.state = 'probing';
      this.#probeSinceMs = nowMs;
      return 'probe';
    }
    const { panicMs } = this.#limits;
    if (panicMs === 0 || nowMs - (this.#panics.at(-1) ?? this.#openedAtMs) < panicMs) return 'wait';
    this.#panics.push(nowMs);
    return 'panic';
  }

  /** A probe has 30 s. */
  pass(nowMs: number): void {
    if (this.state === 'probing' && nowMs - this.#probeSinceMs >= 30_000) this.#open(this.#probeSinceMs + 30_000);
  }

  failed(nowMs: number): void {
    if (this.state !== 'closed') return;
    this.#events.push({ atMs: nowMs, is: 'failure' });
    const alive = this.#events.findLastIndex(({ is }) => is !== 'failure');
    const run = this.#events.slice(alive + 1);
    const isLongRun =
      run.length >= this.#limits.consecutiveFailures &&
      nowMs - (run[0]?.atMs ?? nowMs) >= this.#limits.consecutiveSpanMs;
    const outcomes = this.#events.filter(({ is }) => is !== 'sign').slice(-this.#limits.windowOutcomes);
    const failures = outcomes.filter(({ atMs, is }) => is === 'failure' && atMs >= nowMs - this.#limits.windowMs);
    if (!isLongRun && failures.length < this.#limits.windowFailures) return;
    this.#failedProbes = -1;
    this.#open(nowMs);
  }

  probeFailed(nowMs: number): void {
    if (this.state === 'probing') this.#open(nowMs);
  }

  succeeded(nowMs: number): void {
    if (this.state === 'closed') this.#events.push({ atMs: nowMs, is: 'success' });
  }

  begun(nowMs: number): void {
    if (this.state === 'closed') this.#events.push({ atMs: nowMs, is: 'sign' });
  }

  proven(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.#events = [];
  }

  /** The next to ask is the probe. */
  abandoned(): void {
    if (this.state !== 'probing') return;
    this.state = 'open';
    this.#openedAtMs = Number.NEGATIVE_INFINITY;
  }

  #open(nowMs: number): void {
    this.state = 'open';
    this.#openedAtMs = nowMs;
    this.#failedProbes++;
    this.#panics = [];
  }
}
