/** The four driver pairs: two ways in, two ways out. */

import type { Driver } from '@sluice/testkit';

/** In the order in which they are played. */
export const drivers: readonly Driver[] = (['node', 'web'] as const).flatMap((client) =>
  (['undici', 'fetch'] as const).map((upstream) => ({ name: `${client} → ${upstream}`, client, upstream })),
);
