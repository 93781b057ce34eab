/** How keys are named. All keys of one scope carry one hash tag, so that a cluster keeps them in one place. */

import { SluiceError } from '@sluice/core';

export class Keys {
  readonly #prefix: string;

  constructor(prefix: string) {
    if (!/^[^{}\s]{1,100}$/.test(prefix)) {
      throw new SluiceError(
        'invalid_options',
        `prefix: expected 1 to 100 characters without braces and white space, got ${JSON.stringify(prefix)}`,
      );
    }
    this.#prefix = prefix;
  }

  /** What the keys of a scope begin with. */
  scope(scope: string): string {
    // Braces of its own would end the tag early, and scatter the scope over the cluster.
    const name = /[{}%]/.test(scope) ? scope.replace(/[{}%]/g, encodeURIComponent) : scope;
    return `${this.#prefix}:{${name}}`;
  }

  thing(name: string): string {
    return `${this.#prefix}:own:${name}`;
  }

  claim(name: string): string {
    return `${this.#prefix}:claim:${name}`;
  }

  get scopesAtRest(): string {
    return `${this.#prefix}:rests`;
  }

  get record(): string {
    return `${this.#prefix}:audit`;
  }

  get instances(): string {
    return `${this.#prefix}:instances`;
  }
}

/** @param scope - what {@link Keys.scope} made of it */
export function restsOf(scope: string): string {
  return `${scope}:rests`;
}

export function openOf(scope: string): string {
  return `${scope}:open`;
}

/** The minute, the day and what is in flight of one meter. */
export function meterKeys(scope: string, meter: string, dayEndsAtMs: number): [string, string, string] {
  return [`${scope}:minute:${meter}`, `${scope}:day:${dayEndsAtMs}:${meter}`, `${scope}:flight:${meter}`];
}
