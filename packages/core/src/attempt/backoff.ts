/** How long to wait before the next try. */

/** Longer than this a client is not kept waiting for one pause; it is told instead. */
const longestHintMs = 30_000;

/**
 * Full jitter: a random time up to a ceiling that doubles with each try, so that those who failed together
 * do not come back together.
 *
 * @param retried - retries made so far
 * @param hintMs - what the provider asked for; it is waited for, plus up to 10 %
 * @returns null when the provider asks for more than a client can be kept waiting
 */
export function backoffMs(
  retried: number,
  baseMs: number,
  maxMs: number,
  hintMs: number,
  random: number,
): number | null {
  if (hintMs > longestHintMs) return null;
  if (hintMs > 0) return hintMs * (1 + 0.1 * random);
  return random * Math.min(maxMs, baseMs * 2 ** retried);
}
