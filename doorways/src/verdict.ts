/** What of a doorway's answers is known beforehand. */

import type { Doorway } from './doorway.ts';

/** The statuses that a framework answers on its own. */
export function ownOf({ own }: Doorway): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(own).map(([name, { status }]) => [name, status]));
}
