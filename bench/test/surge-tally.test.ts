import { describe, expect, test } from 'vitest';
import { duesOf, ends, type SurgeResult, type SurgeStep } from '../src/load/surge.ts';
import { recoveryOf, tallySurge } from '../src/surge-tally.ts';

const steps: [SurgeStep, SurgeStep, SurgeStep] = [
  { perSecond: 10, ms: 1_000 },
  { perSecond: 20, ms: 1_000 },
  { perSecond: 10, ms: 2_000 },
];
const rules = { patienceMs: 500, calmMs: 500, calmTookMs: 100 };

describe('requests are due evenly', () => {
  test('step by step', () => {
    const dues = duesOf(steps);
    expect(dues).toHaveLength(50);
    expect([...dues.slice(0, 3)]).toEqual([0, 100, 200]);
    expect([...dues.slice(9, 12)]).toEqual([900, 1_000, 1_050]);
    expect(dues.at(-1)).toBe(3_900);
  });
});

describe('a surge comes down to', () => {
  test('what was offered and what was good, of the surge alone', () => {
    const tally = tallySurge([run(() => ({ end: ends.right, ms: 5 }))], steps, rules);
    expect(tally).toMatchObject({ offeredPerSecond: 20, goodPerSecond: 20, shares: { good: 1 }, recoveryMs: 0 });
    expect(tally).toMatchObject({ rightP99Ms: 5, shedP99Ms: null, lateP99Ms: 2 });
  });

  test('each request once: a late answer is not good, and who is not sent is not forgotten', () => {
    const kinds = [ends.right, ends.right, ends.shed, ends.broken, ends.unsent, ends.open, ends.right, ends.right];
    const tally = tallySurge(
      [
        run((at, dueMs) => {
          const isSurge = dueMs >= 1_000 && dueMs < 2_000;
          const end = isSurge ? (kinds[at % kinds.length] as number) : ends.right;
          return { end, ms: isSurge && at % kinds.length === 0 ? 501 : 3 };
        }),
      ],
      steps,
      rules,
    );
    const { shares } = tally;
    expect(Object.values(shares).reduce((sum, share) => sum + share)).toBeCloseTo(1);
    expect(shares).toEqual({ good: 0.3, late: 0.1, shed: 0.15, broken: 0.15, unsent: 0.15, unanswered: 0.15 });
    expect(tally.goodPerSecond).toBe(6);
    // They were sent 2 ms late.
    expect(tally).toMatchObject({ shedP50Ms: 1, shedP99Ms: 1 });
  });

  test('the sum of all generators', () => {
    const [one, other] = [run(() => ({ end: ends.right, ms: 1 })), run(() => ({ end: ends.shed, ms: 9 }))];
    expect(tallySurge([one, other], steps, rules)).toMatchObject({
      offeredPerSecond: 40,
      goodPerSecond: 20,
      shares: { good: 0.5, shed: 0.5 },
      shedP50Ms: 7,
      recoveryMs: null,
    });
  });
});

describe('recovered is', () => {
  const span = { fromMs: 1_000, toMs: 3_000, calmMs: 500 };

  test('the beginning of the first calm that is long enough, and not of a shorter one', () => {
    expect(recoveryOf([1_100, 1_300, 1_700], span)).toBe(700);
    expect(recoveryOf([1_100, 1_300, 1_900, 2_900], span)).toBe(300);
  });

  test('at once without trouble, and never without calm', () => {
    expect(recoveryOf([], span)).toBe(0);
    expect(recoveryOf([1_400, 1_800, 2_200, 2_600], span)).toBeNull();
  });

  test('the same for trouble in any order', () => {
    expect(recoveryOf([1_700, 1_100, 1_300], span)).toBe(700);
  });
});

function run(of: (at: number, dueMs: number) => { end: number; ms: number }): SurgeResult {
  const dueMs = duesOf(steps);
  const all = [...dueMs].map((due, at) => of(at, due));
  return {
    dueMs,
    tookMs: Float64Array.from(all.map(({ ms }) => ms)),
    lateMs: new Float64Array(dueMs.length).fill(2),
    ends: Uint8Array.from(all.map(({ end }) => end)),
    cpuUs: [0, 0, 0],
    problems: [],
  };
}
