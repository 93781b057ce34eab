/** A counter that is counted with on every request. */

import { Counter, type Registry } from 'prom-client';

/** What a {@link Tally} is called, and its one or two labels. */
export interface TallySettings {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly [first: string, second?: string];
}

/**
 * Counts here, and tells prom-client how many there are when somebody asks: its own counters make a string of their labels
 * each time, which takes half a µs.
 */
export class Tally {
  readonly #counts = new Map<string, Map<string | number, number>>();

  constructor(registry: Registry, { name, help, labelNames: [first, second] }: TallySettings) {
    const counts = this.#counts;
    new Counter({
      name,
      help,
      labelNames: second === undefined ? [first] : [first, second],
      registers: [registry],
      collect() {
        this.reset();
        for (const [one, others] of counts)
          for (const [other, count] of others)
            this.inc(second === undefined ? { [first]: one } : { [first]: one, [second]: other }, count);
      },
    });
  }

  /** @param second - of the second label, where there is one */
  add(count: number, first: string, second: string | number = ''): void {
    let counts = this.#counts.get(first);
    if (counts === undefined) {
      counts = new Map();
      this.#counts.set(first, counts);
    }
    counts.set(second, (counts.get(second) ?? 0) + count);
  }
}
