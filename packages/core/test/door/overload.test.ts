import { describe, expect, test } from 'vitest';
import { type Look, Overload, type OverloadSettings } from '../../src/door/overload.ts';

const settings: OverloadSettings = {
  queueDelayMs: 25,
  refuseDelayMs: 50,
  queueHeapShare: 0.8,
  refuseHeapShare: 0.88,
  endHeapShare: 0.94,
  maxStreams: 0,
};

describe('step by step', () => {
  test.each([
    [{ delayMs: 25, heapShare: 0.8 }, 'none'],
    [{ delayMs: 26, heapShare: 0 }, 'queue'],
    [{ delayMs: 0, heapShare: 0.81 }, 'queue'],
    [{ delayMs: 0, heapShare: 0.89 }, 'refuse'],
    [{ delayMs: 0, heapShare: 0.95 }, 'end'],
  ] as const)('%j for three looks is %s', (vitals, level) => {
    const overload = new Overload(settings);
    const looks = lookAt(overload);
    looks(2, vitals);
    expect(overload.level).toBe('none');
    looks(1, vitals);
    expect(overload.level).toBe(level);
  });

  test.each([
    [{ delayMs: 50 }, 'queue'],
    [{ delayMs: 51 }, 'refuse'],
    [{ delayMs: 51, busyShare: 0.9 }, 'queue'],
  ] as const)('%j for five looks is %s', (vitals, level) => {
    const overload = new Overload(settings);
    const looks = lookAt(overload);
    looks(4, vitals);
    expect(overload.level).toBe('queue');
    looks(1, vitals);
    expect(overload.level).toBe(level);
  });

  test('a limit of 0 is off, each by itself', () => {
    const worst = { delayMs: 1e6, heapShare: 1 };
    const levelOf = (some: Partial<OverloadSettings>): string => {
      const overload = new Overload({ ...settings, ...some });
      lookAt(overload)(5, worst);
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
    const overload = full(4);
    lookAt(overload)(5, { delayMs: 300 });
    overload.keepTo({ ...settings, ...none });
    expect([overload.level, overload.refusesNext(1e6)]).toEqual(['none', false]);
  });
});

describe('where memory runs out, a share of what comes in is refused', () => {
  test('nobody before', () => {
    expect(refusedBy(new Overload(settings))).toBe(0);
    expect(refusedBy(full(2))).toBe(0);
  });

  test('nine of ten at first, beginning with the next one, and evenly', () => {
    const overload = full(3);
    const refused = Array.from({ length: 20 }, () => overload.refusesNext(0));
    expect(refused.flatMap((isRefused, at) => (isRefused ? [] : [at]))).toEqual([1, 10]);
  });

  test('more with each look that is no better, and never all', () => {
    const shares = [3, 4, 5, 20].map((looks) => refusedBy(full(looks)));
    expect(shares).toEqual([...shares].sort((one, other) => one - other));
    expect(shares.at(-1)).toBe(950);
  });

  test('nobody any more two seconds after it has become well', () => {
    const overload = full(40);
    const looks = lookAt(overload);
    let count = 0;
    while (overload.level !== 'none') {
      looks(1, { heapShare: 0.3 });
      count++;
    }
    expect(count * 100).toBeLessThanOrEqual(2_000);
    expect(refusedBy(overload)).toBe(0);
  });
});

const none = { queueDelayMs: 0, refuseDelayMs: 0, queueHeapShare: 0, refuseHeapShare: 0, endHeapShare: 0 };

/** A tenth of a second goes by before each look. */
function lookAt(overload: Overload): (looks: number, vitals: Partial<Look>) => void {
  let nowMs = 0;
  return (looks, vitals) => {
    for (let look = 0; look < looks; look++) {
      nowMs += 100;
      overload.look({ nowMs, inside: 10, delayMs: 0, busyShare: 1, heapShare: 0, ...vitals });
    }
  };
}

function full(looks: number): Overload {
  const overload = new Overload(settings);
  lookAt(overload)(looks, { heapShare: 0.9 });
  return overload;
}

/** Of a thousand. */
function refusedBy(overload: Overload): number {
  return Array.from({ length: 1_000 }, () => overload.refusesNext(0)).filter(Boolean).length;
}
