/** What an operator can do with breakers while a gateway runs. */

import { SluiceError } from '../errors.ts';
import type { BreakerSnapshot } from '../snapshot.ts';
import type { Health } from './health.ts';

/** The name of a model as it stands in a target; `-` stands for calls that name none. */
const model = /^(?:-|[A-Za-z0-9][A-Za-z0-9_.-]{0,127})$/;
const mostNamed = 5;

/**
 * The operator's side of the breakers of this process. A target is a host, or a host and a model:
 * `generativelanguage.googleapis.com/gemini-2.5-flash`.
 *
 * @example
 * const gateway = createGateway({ keys: 'main=AIza…', callers: 'anyone' });
 * gateway.breakers.isolate('generativelanguage.googleapis.com/gemini-2.5-pro', 'too expensive today');
 */
export class BreakerControl {
  readonly #health: () => Health;
  readonly #host: () => string;

  /** @internal */
  constructor(health: () => Health, host: () => string) {
    this.#health = health;
    this.#host = host;
  }

  /** Breakers that are not simply closed. */
  snapshot(): readonly BreakerSnapshot[] {
    return this.#health().snapshot();
  }

  /**
   * Lets nothing through to a target, whatever its calls say, until {@link BreakerControl.reset}: they are answered 503
   * `circuit_open`. What is under way ends as it would have. It outlives a reload of options, not a restart.
   *
   * @param target - the gateway's own host, or that host and a model, which nobody need have called yet
   * @param why - for snapshot and events
   * @throws SluiceError `not_found` for a target that no call can go to
   */
  isolate(target: string, why = ''): void {
    if (!this.#isOurs(target)) throw this.#unknown(target);
    this.#health().isolate(target, why === '' ? 'operator' : why);
  }

  /**
   * Closes a breaker and forgets its window, whatever opened it.
   *
   * @param target - all of them when there is none
   * @throws SluiceError `not_found` for a target that no call has gone to
   */
  reset(target?: string): void {
    if (target === undefined) return this.#health().resetAll();
    if (target !== this.#host() && !this.#health().targets().has(target)) throw this.#unknown(target);
    this.#health().reset(target);
  }

  #isOurs(target: string): boolean {
    const host = this.#host();
    return target === host || (target.startsWith(`${host}/`) && model.test(target.slice(host.length + 1)));
  }

  #unknown(target: string): SluiceError {
    const known = [...new Set([this.#host(), ...this.#health().targets()])];
    const some = known.slice(0, mostNamed).join(', ');
    const more = known.length > mostNamed ? `, and ${known.length - mostNamed} more` : '';
    return new SluiceError(
      'not_found',
      `There is no breaker ${JSON.stringify(target.slice(0, 200))}. A target is a host, or a host, a slash and a model; known are ${some}${more}.`,
    );
  }
}
