/** A store that does whatever a test wants: answers now or later, hangs, refuses. What it keeps lies in memory. */

import type { Clock } from '../../src/clock.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';

/** Held: what is asked is done, and answered, only once `letGo` is called. */
type Mood = 'at once' | 'later' | 'hangs' | 'refuses' | 'throws' | 'held';

export interface WaywardStore {
  readonly store: Store;
  /** What really stands in it. */
  readonly inside: Store;
  mood: Mood;
  instances: number;
  /** Verbs that reached it. */
  readonly calls: readonly string[];
  letGo(): void;
}

export function waywardStore(clock: Clock, mood: Mood = 'later'): WaywardStore {
  const inside = memoryStore(clock);
  const calls: string[] = [];
  const waiting: (() => void)[] = [];
  const wayward: WaywardStore = {
    inside,
    mood,
    instances: 1,
    calls,
    letGo: () => {
      for (const go of waiting.splice(0)) go();
    },
    store: new Proxy(inside, {
      get(target, verb: keyof Store) {
        const own = target[verb];
        if (typeof own !== 'function') return verb === 'isShared' ? true : own;
        if (verb === 'instances') return () => wayward.instances;
        return (...args: unknown[]) => {
          calls.push(verb);
          const run = (): unknown => (own as (...args: unknown[]) => unknown).apply(target, args);
          switch (wayward.mood) {
            case 'at once':
              return run();
            case 'later':
              return Promise.resolve().then(run);
            case 'hangs':
              return new Promise(() => {});
            case 'refuses':
              return Promise.reject(new Error('connect ECONNREFUSED 127.0.0.1:6379'));
            case 'throws':
              throw new Error('disk I/O error');
            case 'held':
              return new Promise((resolve) => waiting.push(() => resolve(run())));
          }
        };
      },
    }),
  };
  return wayward;
}
