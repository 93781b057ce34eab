import { Cancellation } from '../../src/cancellation.ts';
import type { Clock } from '../../src/clock.ts';
import { Emitter } from '../../src/events.ts';
import { type Course, newCourse, type Plan } from '../../src/plan/plan.ts';
import type { Lease } from '../../src/pool/lease.ts';
import { KeyPool, type PoolSettings } from '../../src/pool/pool.ts';
import type { ProjectSettings } from '../../src/pool/project.ts';
import type { WaitingSettings } from '../../src/pool/waiting-room.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Limits, Store } from '../../src/store/store.ts';

export const unlimited: Limits = { requestsPerMinute: 0, tokensPerMinute: 0, requestsPerDay: 0, maxInFlight: 0 };

/** What a test wants of a pool; the rest is as usual. */
export interface PoolWishes {
  /** Pools of one store count apart by their names. */
  readonly name?: string;
  readonly clock: Clock;
  readonly projects: readonly (Partial<ProjectSettings> & { readonly id: string })[];
  readonly strategy?: PoolSettings['strategy'];
  readonly store?: Store;
  readonly emitter?: Emitter;
  readonly waiting?: WaitingSettings;
  readonly leaseMs?: number;
  readonly random?: () => number;
}

export function aPool({ name = 'gemini', clock, projects, strategy, ...more }: PoolWishes): KeyPool {
  const settings: PoolSettings = {
    name,
    provider: 'gemini',
    baseUrl: 'https://g.test',
    ...(strategy === undefined ? {} : { strategy }),
    projects: projects.map((project) => ({ weight: 1, keys: [`canary-${project.id}`], ...project })),
  };
  return new KeyPool(settings, {
    waiting: { maxEntries: 100, maxWaitMs: 1_000 },
    store: memoryStore(clock),
    clock,
    emitter: new Emitter(),
    leaseMs: 60_000,
    random: () => 0,
    ...more,
  });
}

export function aPlan(more: Partial<Plan> = {}): Plan {
  return {
    model: 'flash',
    callerId: 'alice',
    pinned: null,
    home: null,
    stickyKey: null,
    tokens: () => 0,
    deadlineAtMs: Number.POSITIVE_INFINITY,
    ...more,
  };
}

/** A lease or the reason why there is none, without waiting for anything but the store. */
export async function tryTake(
  pool: KeyPool,
  more: Partial<Plan> = {},
  course: Course = newCourse(),
): Promise<Lease | Error> {
  const gone = new Cancellation();
  const taken = (async () => pool.take(aPlan(more), course, gone))().catch((error: unknown) => error as Error);
  // Whoever waits in the room is called off: a store has answered long before.
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  gone.cancel(new Error('waits'));
  return taken;
}

export async function mustTake(pool: KeyPool, more: Partial<Plan> = {}, course: Course = newCourse()): Promise<Lease> {
  const lease = await tryTake(pool, more, course);
  if (lease instanceof Error) throw lease;
  return lease;
}

/** A store like another one that answers later, as one behind a network does. */
export function answeringLater(store: Store, isShared: boolean = store.isShared): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'isShared') return isShared;
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const verb = value.bind(target) as (...args: unknown[]) => unknown;
      if (name === 'instances') return verb;
      return async (...args: unknown[]) => {
        await null;
        const answer = verb(...args);
        await null;
        return answer;
      };
    },
  });
}

/** From 0 up to 1, always the same row (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
