import { fakeClock } from '@sluice/testkit';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Cancellation } from '../src/cancellation.ts';
import { clampDelayMs, sleep, systemClock } from '../src/clock.ts';

describe('a sleep', () => {
  test('ends in time, and leaves nothing behind', async () => {
    const clock = fakeClock();
    const leaving = new Cancellation();
    const removed = vi.spyOn(leaving, 'forget');
    const awake = vi.fn();
    void sleep(clock, 1_000, leaving).then(awake);
    await clock.advance(999);
    expect(awake).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(awake).toHaveBeenCalledOnce();
    expect(clock.pending).toBe(0);
    expect(removed).toHaveBeenCalled();
    leaving.cancel(new Error('hung up'));
  });

  test('ends at once when nobody waits any more, with the reason, and leaves no timer', async () => {
    const clock = fakeClock();
    const leaving = new Cancellation();
    const sleeping = sleep(clock, 1_000, leaving);
    expect(clock.pending).toBe(1);
    leaving.cancel(new Error('hung up'));
    await expect(sleeping).rejects.toThrow('hung up');
    expect(clock.pending).toBe(0);
  });

  test('is not begun when nobody waits', async () => {
    const clock = fakeClock();
    const cancelled = new Cancellation();
    cancelled.cancel(new Error('hung up'));
    await expect(sleep(clock, 1_000, cancelled)).rejects.toThrow('hung up');
    expect(clock.pending).toBe(0);
  });
});

describe("somebody else's delay", () => {
  const dayMs = 86_400_000;
  test.each([
    [0, 0],
    [1_500, 1_500],
    [-1, 0],
    [Number.NEGATIVE_INFINITY, 0],
    [dayMs, dayMs],
    [dayMs + 1, dayMs],
    [2 ** 63, dayMs],
    [Number.POSITIVE_INFINITY, dayMs],
    [Number.NaN, dayMs],
  ])('of %d ms is %d ms', (ms, clamped) => {
    expect(clampDelayMs(ms)).toBe(clamped);
  });

  test('lies within a day, whatever it is', () => {
    fc.assert(
      fc.property(fc.double(), (ms) => {
        expect(clampDelayMs(ms)).toBeGreaterThanOrEqual(0);
        expect(clampDelayMs(ms)).toBeLessThanOrEqual(dayMs);
      }),
    );
  });
});

describe("the system's clock", () => {
  afterEach(() => void vi.useRealTimers());

  test('calls once, and not when it is taken back', () => {
    vi.useFakeTimers();
    const then = vi.fn();
    systemClock.after(50, then);
    systemClock.after(50, then)();
    vi.advanceTimersByTime(1_000);
    expect(then).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([2 ** 31, 1e15, Number.POSITIVE_INFINITY])(
    'does not call at once after %d ms, as a bare timer would',
    (ms) => {
      vi.useFakeTimers();
      const then = vi.fn();
      const cancel = systemClock.after(ms, then);
      vi.advanceTimersByTime(2_000_000_000);
      expect(then).not.toHaveBeenCalled();
      cancel();
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test('never goes back', () => {
    const times = Array.from({ length: 1_000 }, () => systemClock.now());
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(Math.abs(systemClock.wallNow() - Date.now())).toBeLessThan(1_000);
  });
});
