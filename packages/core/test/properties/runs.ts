/**
 * How many cases each property gets. A failure prints its seed and the smallest case that was found.
 *
 * `SLUICE_PROPERTY_SEED` chooses the seed, which is random otherwise; `SLUICE_PROPERTY_RUNS` is the least number of cases
 * for every property, for a long night.
 */

import fc from 'fast-check';

/** By what is promised; together more than 10^5. */
export const cases = {
  'cut streams': 20_000,
  'cut byte by byte': 5_000,
  'cut noise': 15_000,
  'watched in pieces': 15_000,
  'compressed, in pieces': 1_000,
  'judged like the oracle': 15_000,
  'cut short': 20_000,
  'mutated recordings': 2_000,
  'noise that ends': 10_000,
  'loose JSON, valid': 8_000,
  'loose JSON, broken': 6_000,
  'models in bodies': 3_000,
  estimates: 2_000,
  targets: 10_000,
  credentials: 5_000,
  'error bodies': 8_000,
  delays: 8_000,
  'scrubbed texts': 10_000,
  'identical requests': 4_000,
} as const;

const least = Number(process.env.SLUICE_PROPERTY_RUNS ?? 0);
const seed = process.env.SLUICE_PROPERTY_SEED;

/** Holds a property to the number of cases that its name stands for. */
export function check<Ts>(name: keyof typeof cases, property: fc.IProperty<Ts>): void {
  fc.assert(property, parameters(name));
}

export function checkLater<Ts>(name: keyof typeof cases, property: fc.IAsyncProperty<Ts>): Promise<void> {
  return fc.assert(property, parameters(name));
}

function parameters(name: keyof typeof cases): { numRuns: number; seed?: number } {
  const numRuns = Math.max(cases[name], least);
  return seed === undefined ? { numRuns } : { numRuns, seed: Number(seed) };
}

/** How long a test may take that checks a property: these are many cases, and the machine may be slow. */
export const patienceMs = Math.max(60_000, least * 20);
