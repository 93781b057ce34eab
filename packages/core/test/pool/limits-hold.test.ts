import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Cancellation } from '../../src/cancellation.ts';
import type { Clock } from '../../src/clock.ts';
import type { TokenUsage } from '../../src/events.ts';
import { type Failure, failure } from '../../src/failure.ts';
import { newCourse } from '../../src/plan/plan.ts';
import type { Lease } from '../../src/pool/lease.ts';
import type { KeyPool } from '../../src/pool/pool.ts';
import { pacificDays } from '../../src/quota/pacific-day.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Limits } from '../../src/store/store.ts';
import { answeringLater, aPlan, aPool } from './a-pool.ts';

const minuteMs = 60_000;
const limitsOf: Readonly<Record<string, Limits>> = {
  a: { requestsPerMinute: 3, tokensPerMinute: 100, requestsPerDay: 12, maxInFlight: 2 },
  b: { requestsPerMinute: 0, tokensPerMinute: 60, requestsPerDay: 0, maxInFlight: 3 },
  c: { requestsPerMinute: 2, tokensPerMinute: 0, requestsPerDay: 7, maxInFlight: 0 },
};
const flashOfA: Limits = { requestsPerMinute: 2, tokensPerMinute: 0, requestsPerDay: 0, maxInFlight: 1 };

/** How calls end. The last one says that the call was never made. */
const endings: readonly (Failure | null)[] = [
  null,
  failure('refused', 'upstream_protocol', 'x', { scope: 'request' }),
  failure('timeout', 'upstream_timeout', 'x', { mayHaveRun: true }),
  failure('quota_minute', 'quota_exhausted', 'x', { scope: 'quota', restMs: 5_000, isProofOfNothing: true }),
  failure('unreachable', 'upstream_unreachable', 'x', { scope: 'host', isProofOfNothing: true }),
];

type Step =
  | { readonly do: 'take'; readonly calls: number; readonly tokens: number; readonly model: 'flash' | 'pro' }
  | { readonly do: 'settle'; readonly which: number; readonly ending: number; readonly used: number | null }
  | { readonly do: 'wait'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('take' as const),
    calls: fc.integer({ min: 1, max: 6 }),
    tokens: fc.integer({ min: 0, max: 150 }),
    model: fc.constantFrom('flash' as const, 'pro' as const),
  }),
  fc.record({
    do: fc.constant('settle' as const),
    which: fc.nat(),
    ending: fc.nat({ max: endings.length - 1 }),
    used: fc.option(fc.integer({ min: 0, max: 200 })),
  }),
  fc.record({
    do: fc.constant('wait' as const),
    ms: fc.oneof(
      fc.nat({ max: 2_000 }),
      fc.nat({ max: 70_000 }),
      fc.constantFrom(58_100, 59_000, 59_900),
      fc.constantFrom(60_000, 61_000, 9 * 3_600_000),
    ),
  }),
);

/** What the provider's counters would have counted of a call that was lent. */
interface Counted {
  readonly lease: Lease;
  readonly atMs: number;
  /** The end of the day in which it was lent. */
  readonly day: number;
  requests: number;
  tokens: number;
  isOut: boolean;
}

test.each([
  ['at once', false],
  ['later', true],
])(
  'whatever is taken, settled, failed and waited for: no limit is ever passed, and nothing leaks, by a store that answers %s',
  async (_, isLater) => {
    const time = movable();
    // One store for all runs: making one takes longer than a run does.
    const memory = memoryStore(time.clock);
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
        const dayOf = pacificDays();
        const pool = aPool({
          name: `run-${++runs}`,
          clock: time.clock,
          store: isLater ? answeringLater(memory) : memory,
          projects: Object.entries(limitsOf).map(([id, limits]) => ({
            id,
            limits,
            ...(id === 'a' ? { modelLimits: new Map([['flash', flashOfA]]) } : {}),
          })),
          waiting: { maxEntries: 0, maxWaitMs: 0 },
          leaseMs: 100 * 24 * 3_600_000,
        });
        const lent: Counted[] = [];
        for (const one of steps) {
          if (one.do === 'wait') time.advance(one.ms);
          if (one.do === 'take')
            for (const lease of await takeMany(pool, one))
              count(lent, lease, one.tokens, time.clock.now(), dayOf(time.clock.wallNow()));
          if (one.do === 'settle') await settle(lent, one);
        }
        for (const one of lent) one.lease.settle(null);
        await settledDown();
        for (const { inFlight } of pool.snapshot().projects) expect(inFlight).toBe(0);
        // Nothing is held for ever: after a day, all is there again.
        time.advance(48 * 3_600_000);
        const leases = await takeMany(pool, { calls: 20, tokens: 0, model: 'flash' });
        expect(countBy(leases)).toMatchObject({ a: 1, b: 3, c: 2 });
      }),
      { numRuns: 200 },
    );
  },
);

/** Writes it down, and looks whether it was one too many. */
function count(lent: Counted[], lease: Lease, estimate: number, nowMs: number, day: number): void {
  const limits = limitsOf[lease.project] as Limits;
  const tokens = limits.tokensPerMinute === 0 ? 0 : Math.min(estimate, limits.tokensPerMinute);
  lent.push({ lease, atMs: nowMs, day, requests: 1, tokens, isOut: true });
  const ofProject = lent.filter((one) => one.lease.project === lease.project);
  expectWithin(ofProject, limits, nowMs, day);
  if (lease.project === 'a' && lease.model === 'flash')
    expectWithin(
      ofProject.filter((one) => one.lease.model === 'flash'),
      flashOfA,
      nowMs,
      day,
    );
}

function expectWithin(calls: readonly Counted[], limits: Limits, nowMs: number, day: number): void {
  const lastMinute = calls.filter(({ atMs }) => atMs > nowMs - minuteMs);
  const today = calls.filter((one) => one.day === day);
  const of = (all: readonly Counted[], what: 'requests' | 'tokens'): number =>
    all.reduce((sum, one) => sum + one[what], 0);
  const { requestsPerMinute, tokensPerMinute, requestsPerDay, maxInFlight } = limits;
  hold('requests a minute', of(lastMinute, 'requests'), requestsPerMinute);
  hold('tokens a minute', of(lastMinute, 'tokens'), tokensPerMinute);
  hold('requests a day', of(today, 'requests'), requestsPerDay);
  hold('in flight', calls.filter(({ isOut }) => isOut).length, maxInFlight);
}

/** Asked thousands of times, where `expect` would take its time. */
function hold(what: string, used: number, limit: number): void {
  if (limit > 0 && used > limit) throw new Error(`${what}: ${used} of ${limit}`);
}

async function settle(lent: Counted[], { which, ending, used }: Extract<Step, { do: 'settle' }>): Promise<void> {
  const out = lent.filter(({ isOut }) => isOut);
  const one = out[which % Math.max(1, out.length)];
  if (one === undefined) return;
  const failed = endings[ending] as Failure | null;
  const usage: TokenUsage | null =
    used === null || failed !== null ? null : { prompt: used, candidates: 0, thoughts: 0, cached: 0, tools: 0 };
  one.isOut = false;
  one.lease.settle(failed, () => usage);
  if (failed?.isProofOfNothing) one.requests = 0;
  if (one.lease.tokens > 0) {
    if (usage !== null) one.tokens = usage.prompt;
    else if (failed?.isProofOfNothing || failed?.scope === 'request') one.tokens = 0;
  }
  await settledDown();
}

async function takeMany(
  pool: KeyPool,
  { calls, tokens, model }: Omit<Extract<Step, { do: 'take' }>, 'do'>,
): Promise<Lease[]> {
  const all = Array.from({ length: calls }, async () =>
    pool.take(aPlan({ model, tokens: () => tokens }), newCourse(), new Cancellation()),
  );
  const taken = await Promise.allSettled(all);
  return taken.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

/** Three hours before midnight in Los Angeles. Nobody sleeps here, so there are no timers. */
function movable(): { readonly clock: Clock; advance(ms: number): void } {
  let nowMs = 500_000;
  return {
    clock: {
      now: () => nowMs,
      wallNow: () => Date.UTC(2026, 10, 21, 5) + nowMs,
      after: () => () => {},
    },
    advance(ms) {
      nowMs += ms;
    },
  };
}

function countBy(leases: readonly Lease[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { project } of leases) counts[project] = (counts[project] ?? 0) + 1;
  return counts;
}

async function settledDown(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
