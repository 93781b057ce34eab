/** A Redis store as a gateway uses it: behind the guard. */

import { memoryStore, type Store, systemClock } from '@sluice/core';
import { type GuardedStore, guardedStore } from '../../../core/src/store/guarded.ts';

export interface Guarded {
  readonly store: GuardedStore;
  /** True for "left alone", false for "used again", in order. */
  readonly changes: boolean[];
  readonly reasons: string[];
}

export function guard(store: Store): Guarded {
  const changes: boolean[] = [];
  const reasons: string[] = [];
  const guarded = guardedStore(store, {
    clock: systemClock,
    local: () => memoryStore(systemClock),
    onChange: (isDegraded, why) => {
      changes.push(isDegraded);
      reasons.push(why);
    },
  });
  return { store: guarded, changes, reasons };
}
