/** Google's quota days: they end at midnight in Los Angeles, whatever the host's own zone, 23 or 25 hours long twice a year. */

const zone = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/Los_Angeles',
  hourCycle: 'h23',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
});

/**
 * Ms from `wallMs` until the next midnight in Los Angeles; above 0, at most 25 h.
 *
 * @see https://ai.google.dev/gemini-api/docs/rate-limits (read 2026-11-20): "RPD quotas reset at midnight Pacific time"
 */
export function msUntilPacificMidnight(wallMs: number): number {
  const { year, month, day } = partsAt(wallMs);
  // Midnight is 7 or 8 hours after UTC's. Where the guess is off by the zone's change, the second look mends it.
  const midnightAsUtc = Date.UTC(year, month - 1, day + 1);
  const guess = midnightAsUtc - offsetAt(midnightAsUtc);
  const midnight = midnightAsUtc - offsetAt(guess);
  return midnight - wallMs;
}

/** How far the clocks of Los Angeles are ahead of UTC, in ms; negative. */
function offsetAt(wallMs: number): number {
  const { year, month, day, hour, minute, second } = partsAt(wallMs);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(wallMs / 1000) * 1000;
}

type Part = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second';

function partsAt(wallMs: number): Record<Part, number> {
  const parts = zone.formatToParts(wallMs).map(({ type, value }) => [type, Number(value)] as const);
  return Object.fromEntries(parts) as Record<Part, number>;
}

/**
 * Tells days apart by the moment at which they end; that moment is worked out once a day.
 *
 * @example
 * const days = pacificDays();
 * days(Date.UTC(2026, 10, 21, 12)); // 2026-11-22T08:00Z, in ms
 */
export function pacificDays(): (wallMs: number) => number {
  let knownFromMs = Number.POSITIVE_INFINITY;
  let endsAtMs = Number.NEGATIVE_INFINITY;
  return (wallMs) => {
    if (wallMs < knownFromMs || wallMs >= endsAtMs) {
      knownFromMs = wallMs;
      endsAtMs = wallMs + msUntilPacificMidnight(wallMs);
    }
    return endsAtMs;
  };
}
