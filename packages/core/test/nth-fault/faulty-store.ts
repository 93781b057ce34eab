/** A store that others share, kept in memory: it fails where it is told to, and keeps a record of what it has counted. */

import type { FakeClock } from '@sluice/testkit';
import { memoryStore } from '../../src/store/memory.ts';
import type { Admission, Need, Reservation, Spent, Store } from '../../src/store/store.ts';
import type { Faults } from './faults.ts';

/** Longer than a verb may take. */
const lateMs = 300;
/** What real stores say; each failure says the next one. */
const troubles = ['SQLITE_BUSY', 'SQLITE_FULL', 'SQLITE_IOERR', 'SQLITE_CORRUPT', 'SQLITE_NOMEM', 'ECONNRESET'];

/** What was admitted, and what has come of it. */
export interface Booked {
  readonly scope: string;
  /** It stands on a meter with a limit. */
  readonly isMetered: boolean;
  spent: Spent | null;
}

export interface FaultyStore {
  readonly store: Store;
  /** What it keeps, whatever it answers. */
  readonly inside: Store;
  /** Everything that it has ever admitted. */
  readonly booked: readonly Booked[];
}

export function faultyStore(clock: FakeClock, faults: Faults): FaultyStore {
  const inside = memoryStore(clock);
  const booked = new Map<string, Booked>();
  const verbs = {
    reserve(need: Need): Admission {
      const admission = inside.reserve(need) as Admission;
      const { reservation } = admission;
      if (reservation !== null)
        booked.set(reservation.id, { scope: need.scope, isMetered: need.meters.length > 0, spent: null });
      return admission;
    },
    settle(reservation: Reservation, spent: Spent): void {
      const known = booked.get(reservation.id);
      // Only the first time counts.
      if (known !== undefined) known.spent ??= spent;
      inside.settle(reservation, spent);
    },
  };
  const all = new Set<string>([
    'reserve',
    'settle',
    'cool',
    'wake',
    'rests',
    'own',
    'find',
    'disown',
    'claim',
    'append',
    'entries',
  ]);
  const store = new Proxy(inside, {
    get(target, name: keyof Store) {
      if (name === 'isShared') return true;
      const own: unknown = name in verbs ? verbs[name as keyof typeof verbs] : Reflect.get(target, name, target);
      if (!all.has(name)) return typeof own === 'function' ? own.bind(target) : own;
      return (...args: unknown[]) => {
        const run = (): unknown => (own as (...given: unknown[]) => unknown).apply(target, args);
        return answered(run, faults);
      };
    },
  });
  return {
    store,
    inside,
    get booked() {
      return [...booked.values()];
    },
  };
}

function answered(run: () => unknown, faults: Faults): unknown {
  const how = faults.strike('store');
  const trouble = (): Error => new Error(`${troubles[faults.injected % troubles.length]}: a canary of a store`);
  switch (how) {
    case 'throws':
      throw trouble();
    case 'rejects':
      return Promise.reject(trouble());
    case 'hangs':
      return new Promise(() => {});
    case 'late': {
      const value = run();
      return new Promise((resolve) => setTimeout(() => resolve(value), lateMs));
    }
    case 'loses':
      run();
      return Promise.reject(trouble());
    default:
      // One in the same process answers at once; the others later.
      return faults.isOf('store') && !faults.is('throws') ? Promise.resolve().then(run) : run();
  }
}
