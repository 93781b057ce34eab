import type { BreakerSettings } from '../../src/health/breaker.ts';

/** Shape B, as the defaults have it. */
export const shapeB: BreakerSettings = {
  consecutiveFailures: 5,
  consecutiveSpanMs: 1_000,
  windowOutcomes: 50,
  windowFailures: 30,
  windowMs: 30_000,
  openMs: 2_000,
  maxOpenMs: 60_000,
  panicMs: 0,
};
