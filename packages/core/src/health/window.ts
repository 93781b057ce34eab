/** The latest outcomes of calls to one target: so many at most, and none older than the settings say. */

/** The slice of the settings that this file keeps to. */
export interface WindowSettings {
  readonly windowOutcomes: number;
  readonly windowMs: number;
}

/** How one call ended, and when. */
export interface Outcome {
  readonly atMs: number;
  readonly isFailure: boolean;
}

/** @returns the outcomes with one more, without those that no longer count */
export function remember(
  recent: readonly Outcome[],
  outcome: Outcome,
  { windowOutcomes, windowMs }: WindowSettings,
): Outcome[] {
  const oldestMs = outcome.atMs - windowMs;
  const kept = recent.filter((one) => one.atMs >= oldestMs);
  kept.push(outcome);
  return kept.length > windowOutcomes ? kept.slice(-windowOutcomes) : kept;
}

/** How many of them still count, and how many of these are failures. */
export function countIn(
  recent: readonly Outcome[],
  nowMs: number,
  { windowMs }: WindowSettings,
): { readonly failures: number; readonly outcomes: number } {
  let failures = 0;
  let outcomes = 0;
  for (const { atMs, isFailure } of recent) {
    if (atMs < nowMs - windowMs) continue;
    outcomes++;
    if (isFailure) failures++;
  }
  return { failures, outcomes };
}
