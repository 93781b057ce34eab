import { describe, expect, test } from 'vitest';
import { ConcurrencyLimit } from '../../src/door/concurrency.ts';

describe('how many may be inside', () => {
  test('is nobody\u2019s business while the loop is on time now and then', () => {
    const it = limited();
    it.late(4).look({ delayMs: 50 }).late(4);
    expect([it.limit.isOn, it.limit.admits(1e6)]).toEqual([false, true]);
  });

  test('nor while it waits for the processor instead of being busy', () => {
    const it = limited();
    for (let look = 0; look < 10; look++) it.look({ delayMs: 500, busyShare: 0.5 });
    expect(it.limit.isOn).toBe(false);
  });

  test('is what keeps the loop busy, by what requests took and cost before', () => {
    const it = limited();
    // Ten requests in each 100 ms, 200 ms each, for 4 ms of the loop's time.
    for (let look = 0; look < 20; look++) it.through(10, 200).look({ busyShare: 0.4 });
    it.late(5);
    expect(it.limit.most).toBeCloseTo((200 + 4) / 4, 5);
    expect(it.limit.admits(50)).toBe(true);
    expect(it.limit.admits(51)).toBe(false);
  });

  test('is not learnt from requests that waited for each other', () => {
    const it = limited();
    it.through(10, 200).look({ busyShare: 0.4 });
    it.through(10, 9_000).look({ busyShare: 0.95 });
    it.through(10, 9_000).look({ busyShare: 0.4, delayMs: 20 });
    it.late(5);
    expect(it.limit.most).toBeCloseTo(51, 5);
  });

  test('is half of those who are inside where nothing is known', () => {
    expect(limited().late(5, 80).limit.most).toBe(40);
  });
});

describe('once there is a limit', () => {
  test('nobody lowers it while those who came before are inside', () => {
    const it = known().look({ delayMs: 60, inside: 500 }).look({ delayMs: 40, inside: 100 });
    expect(it.limit.most).toBe(51);
  });

  test('it goes down while the loop is late and gets better by it, no faster than requests go through', () => {
    const it = known();
    it.look({ delayMs: 40, inside: 51 });
    expect(it.limit.most).toBeCloseTo(45.9, 5);
    it.look({ delayMs: 30, inside: 46 });
    expect(it.limit.most).toBeCloseTo(45.9, 5);
    it.look({ delayMs: 30, inside: 46 });
    expect(it.limit.most).toBeCloseTo(40.8, 5);
  });

  test('and stays where refusing more does not help', () => {
    const it = known();
    it.look({ delayMs: 40, inside: 51 });
    for (let look = 0; look < 20; look++) it.refuse().look({ delayMs: 39, inside: 46 });
    expect(it.limit.most).toBeCloseTo(45.9, 5);
  });

  test('nor goes down while the loop is late because it waits for the processor', () => {
    const it = known().look({ delayMs: 40, busyShare: 0.5, inside: 51 });
    expect(it.limit.most).toBe(51);
  });

  test('it goes up while somebody is refused and the loop has time to spare', () => {
    const it = known();
    for (let look = 0; look < 2; look++) it.refuse().look({ busyShare: 0.8, inside: 51 });
    const before = it.limit.most;
    it.refuse().refuse().look({ busyShare: 0.97, inside: 51 });
    expect(before).toBeCloseTo(51 + 5.1, 5);
    expect(it.limit.most).toBe(before);
  });

  test('and above those who are inside and cost nothing', () => {
    const it = known();
    for (let look = 0; look < 2; look++) it.refuse().look({ busyShare: 0.3, inside: 5_000 });
    expect(it.limit.admits(5_000)).toBe(true);
  });

  test('it is gone when nobody was refused for a second', () => {
    const it = known();
    it.refuse().look({ busyShare: 0.8 });
    for (let look = 0; look < 9; look++) it.look({ busyShare: 0.5 });
    expect(it.limit.isOn).toBe(true);
    it.look({ busyShare: 0.5 });
    expect(it.limit.isOn).toBe(false);
  });

  test('and at once when it is turned off', () => {
    const it = known();
    it.limit.keepTo({ refuseDelayMs: 0 });
    it.look({ delayMs: 500 });
    expect(it.limit.isOn).toBe(false);
  });
});

interface Limited {
  readonly limit: ConcurrencyLimit;
  /** Another tenth of a second has gone by. */
  look(found: { delayMs?: number; busyShare?: number; inside?: number }): Limited;
  through(requests: number, tookMs: number): Limited;
  refuse(): Limited;
  late(looks: number, inside?: number): Limited;
}

function limited(): Limited {
  const limit = new ConcurrencyLimit({ refuseDelayMs: 50 });
  let nowMs = 1;
  limit.look({ nowMs, delayMs: 0, busyShare: 0, inside: 0 });
  const it: Limited = {
    limit,
    look(found) {
      nowMs += 100;
      limit.look({ nowMs, delayMs: 0, busyShare: 1, inside: 0, ...found });
      return it;
    },
    through(requests, tookMs) {
      for (let request = 0; request < requests; request++) limit.left(tookMs);
      return it;
    },
    refuse() {
      limit.admits(1e6);
      return it;
    },
    late(looks, inside = 500) {
      for (let look = 0; look < looks; look++) it.look({ delayMs: 80, inside });
      return it;
    },
  };
  return it;
}

/** A limit of 51, of requests that take 200 ms and cost 4. */
function known(): Limited {
  return limited().through(10, 200).look({ busyShare: 0.4 }).late(5);
}
