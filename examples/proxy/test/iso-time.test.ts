import { expect, test } from 'vitest';
import { isoTime } from '../src/iso-time.ts';

test('it is the time to the ms, whichever way the clock goes', () => {
  const newYear = Date.UTC(2027, 0, 1);
  const stepsMs = [0, 1, 9, 90, 899, 1, 1000, 999, -2000, -1, -1, 86_400_000, -86_400_000, 123];
  let nowMs = newYear - 1000;
  for (const stepMs of stepsMs) {
    nowMs += stepMs;
    expect(isoTime(nowMs)).toBe(`,"time":"${new Date(nowMs).toISOString()}"`);
  }
});
