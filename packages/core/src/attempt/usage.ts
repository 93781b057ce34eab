/** What an answer says that it used. */

import type { TokenUsage } from '../events.ts';
import type { Scan } from '../stream/scan.ts';
import type { Call } from '../surface/surface.ts';

/** @returns null when it said nothing, or nothing that can be read */
export function readUsage(scan: Scan | null, { dialect }: Call): TokenUsage | null {
  const text = scan?.usageText() ?? '';
  try {
    return text === '' ? null : dialect.readUsage(JSON.parse(text));
  } catch {
    // Half a usage object counts nothing; the answer itself is judged elsewhere.
    return null;
  }
}
