import { describe, expect, test } from 'vitest';
import { Overload, type OverloadSettings } from '../../src/door/overload.ts';

const settings: OverloadSettings = {
  queueDelayMs: 100,
  refuseDelayMs: 250,
  queueHeapShare: 0.8,
  refuseHeapShare: 0.88,
  endHeapShare: 0.94,
  maxStreams: 0,
};

describe('step by step', () => {
  test.each([
    [{ delayMs: 100, heapShare: 0.8 }, 'none'],
    [{ delayMs: 101, heapShare: 0 }, 'queue'],
    [{ delayMs: 0, heapShare: 0.81 }, 'queue'],
    [{ delayMs: 251, heapShare: 0 }, 'refuse'],
    [{ delayMs: 0, heapShare: 0.89 }, 'refuse'],
    [{ delayMs: 0, heapShare: 0.95 }, 'end'],
  ] as const)('%j for two looks is %s', (vitals, level) => {
    const overload = new Overload(settings);
    overload.look(vitals);
    expect(overload.level).toBe('none');
    overload.look(vitals);
    expect(overload.level).toBe(level);
  });

  test('a limit of 0 is off, each by itself', () => {
    const worst = { delayMs: 1e6, heapShare: 1 };
    const levelOf = (some: Partial<OverloadSettings>): string => {
      const overload = new Overload({ ...settings, ...some });
      overload.look(worst);
      overload.look(worst);
      return overload.level;
    };
    expect(levelOf({})).toBe('end');
    expect(levelOf({ endHeapShare: 0 })).toBe('refuse');
    expect(levelOf({ endHeapShare: 0, refuseHeapShare: 0 })).toBe('refuse');
    expect(levelOf({ endHeapShare: 0, refuseHeapShare: 0, refuseDelayMs: 0 })).toBe('queue');
    expect(levelOf({ ...none, queueDelayMs: 1 })).toBe('queue');
    expect(levelOf(none)).toBe('none');
    expect(new Overload({ ...settings, ...none }).isOff).toBe(true);
  });

  test('options that turn it off calm it at once', () => {
    const overload = late(4);
    overload.keepTo({ ...settings, ...none });
    expect([overload.level, overload.refusesNext()]).toEqual(['none', false]);
  });
});

describe('a share of what comes in is refused', () => {
  test('nobody as long as it keeps up', () => {
    expect(refusedBy(new Overload(settings))).toBe(0);
    expect(refusedBy(late(1))).toBe(0);
  });

  test('half at first, beginning with the next one, and evenly', () => {
    const overload = late(2);
    expect(Array.from({ length: 6 }, () => overload.refusesNext())).toEqual([true, false, true, false, true, false]);
  });

  test('more with each look that is no better, and never all', () => {
    const shares = [2, 3, 4, 6, 20].map((looks) => refusedBy(late(looks)));
    expect(shares).toEqual([...shares].sort((one, other) => one - other));
    expect(shares.at(-1)).toBe(950);
  });

  test('as many while it is late but keeps up: between the limits nothing changes', () => {
    const overload = late(4);
    const before = refusedBy(overload);
    for (let time = 0; time < 10; time++) overload.look({ delayMs: 150, heapShare: 0 });
    expect(refusedBy(overload)).toBeCloseTo(before, -1);
    expect(overload.level).toBe('refuse');
  });

  test('nobody any more two seconds after it has become well', () => {
    const overload = late(40);
    let looks = 0;
    while (overload.level !== 'none') {
      overload.look({ delayMs: 10, heapShare: 0.3 });
      looks++;
    }
    expect(looks * 250).toBeLessThanOrEqual(2_000);
    expect(refusedBy(overload)).toBe(0);
  });

  test('nearly all at once where memory runs out', () => {
    const overload = new Overload(settings);
    overload.look({ delayMs: 0, heapShare: 0.9 });
    overload.look({ delayMs: 0, heapShare: 0.9 });
    expect(refusedBy(overload)).toBe(900);
  });

  test('so that a loop that can serve a third of what comes settles near that, and stays busy', () => {
    const overload = new Overload(settings);
    // Queued work in units of a look's capacity; what is refused costs a tenth of what is served.
    let backlog = 0;
    const served: number[] = [];
    for (let look = 0; look < 240; look++) {
      for (let request = 0; request < 300; request++) backlog += overload.refusesNext() ? 0.1 : 1;
      const done = Math.min(100, backlog);
      backlog -= done;
      served.push(done);
      overload.look({ delayMs: backlog * 2.5, heapShare: 0 });
    }
    const steady = served.slice(40);
    expect(steady.reduce((sum, done) => sum + done, 0) / steady.length).toBeGreaterThan(90);
  });
});

const none = { queueDelayMs: 0, refuseDelayMs: 0, queueHeapShare: 0, refuseHeapShare: 0, endHeapShare: 0 };

function late(looks: number): Overload {
  const overload = new Overload(settings);
  for (let time = 0; time < looks; time++) overload.look({ delayMs: 300, heapShare: 0 });
  return overload;
}

/** Of a thousand. */
function refusedBy(overload: Overload): number {
  return Array.from({ length: 1_000 }, () => overload.refusesNext()).filter(Boolean).length;
}
