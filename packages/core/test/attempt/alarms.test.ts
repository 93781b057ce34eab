import { type FakeClock, fakeClock } from '@sluice/testkit';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { Alarms, type Waiter } from '../../src/attempt/alarms.ts';
import type { Clock } from '../../src/clock.ts';

const kinds = [
  ['one timer for all', true],
  ['a timer for each', false],
] as const;

interface Sleeper extends Waiter {
  dueAtMs: number;
  readonly calledAtMs: number[];
}

function sleeper(dueAtMs: number, then: (one: Sleeper) => void = () => {}): Sleeper {
  const one: Sleeper = {
    place: -1,
    dueAtMs,
    calledAtMs: [],
    due(nowMs) {
      one.calledAtMs.push(nowMs);
      then(one);
    },
  };
  return one;
}

describe.each(kinds)('alarms with %s', (_name, isShared) => {
  let clock: FakeClock;
  let alarms: Alarms;
  beforeEach(() => {
    clock = fakeClock();
    alarms = new Alarms(clock, isShared);
  });

  test('everybody is called once, never early and at most 1 ms late, and no timer is left', async () => {
    const step = fc.oneof(
      fc.record({
        what: fc.constant('set' as const),
        who: fc.nat({ max: 9 }),
        inMs: fc.double({ min: 0, max: 50, noNaN: true }),
      }),
      fc.record({
        what: fc.constant('moved' as const),
        who: fc.nat({ max: 9 }),
        inMs: fc.double({ min: 0, max: 50, noNaN: true }),
      }),
      fc.record({ what: fc.constant('clear' as const), who: fc.nat({ max: 9 }), inMs: fc.constant(0) }),
      fc.record({
        what: fc.constant('wait' as const),
        who: fc.constant(0),
        inMs: fc.double({ min: 0, max: 40, noNaN: true }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const time = handClock();
        const { set, clear } = bind(new Alarms(time, isShared));
        const people = Array.from({ length: 10 }, () => sleeper(Number.POSITIVE_INFINITY));
        /** When each one that waits is due; a call takes it out. */
        const wanted = new Map<Sleeper, number>();
        const check = (): void => {
          for (const one of people) {
            const [calledAtMs] = one.calledAtMs.splice(0);
            if (calledAtMs === undefined) {
              const dueAtMs = wanted.get(one);
              // With a timer each, others of the same moment may still be to come.
              if (dueAtMs !== undefined) expect(dueAtMs).toBeGreaterThan(time.now() - (isShared ? 1 : 1.001));
              continue;
            }
            const dueAtMs = wanted.get(one) as number;
            expect(calledAtMs).toBeGreaterThanOrEqual(dueAtMs);
            expect(calledAtMs).toBeLessThanOrEqual(dueAtMs + 1);
            wanted.delete(one);
          }
          if (isShared) expect(time.pending).toBeLessThanOrEqual(1);
          else expect(time.pending).toBe(wanted.size);
          if (wanted.size === 0) expect(time.pending).toBe(0);
        };
        for (const { what, who, inMs } of steps) {
          const one = people[who] as Sleeper;
          if (what === 'wait') time.advance(inMs, check);
          if (what === 'clear' && wanted.delete(one)) clear(one);
          if (what === 'set') {
            one.dueAtMs = time.now() + inMs;
            wanted.set(one, one.dueAtMs);
            set(one);
          }
          // A limit that moves away does so without a word.
          if (what === 'moved' && wanted.has(one)) {
            one.dueAtMs += inMs;
            wanted.set(one, one.dueAtMs);
          }
          check();
        }
        time.advance(2_000, check);
        expect([wanted.size, time.pending]).toEqual([0, 0]);
      }),
      { numRuns: 300 },
    );
  });

  describe('whoever is called may', () => {
    test('set itself again', async () => {
      const one = sleeper(clock.now() + 10, (self) => {
        if (self.calledAtMs.length === 3) return;
        self.dueAtMs += 10;
        alarms.set(self);
      });
      alarms.set(one);
      const startMs = clock.now();
      await clock.advance(100);
      expect(one.calledAtMs).toEqual([startMs + 10, startMs + 20, startMs + 30]);
      expect(clock.pending).toBe(0);
    });

    test.each([0, 1])('send everybody else home, and then no timer is left', async (order) => {
      const other = sleeper(clock.now() + 1_000);
      const one = sleeper(clock.now() + 10, () => alarms.clear(other));
      for (const waiter of order === 0 ? [one, other] : [other, one]) alarms.set(waiter);
      await clock.advance(10);
      expect([one.calledAtMs.length, other.calledAtMs.length, clock.pending]).toEqual([1, 0, 0]);
    });

    test('send home who is due at the same moment', async () => {
      const dueAtMs = clock.now() + 10;
      const two: Sleeper[] = [sleeper(dueAtMs, () => two[1] && alarms.clear(two[1])), sleeper(dueAtMs)];
      for (const one of two) alarms.set(one);
      await clock.advance(50);
      expect(two.map(({ calledAtMs }) => calledAtMs.length)).toEqual([1, 0]);
    });
  });

  test('a limit that comes closer is met in time', async () => {
    const one = sleeper(clock.now() + 1_000);
    alarms.set(one);
    one.dueAtMs = clock.now() + 5;
    alarms.set(one);
    await clock.advance(5);
    expect(one.calledAtMs).toHaveLength(1);
  });

  test('who has no limit costs no timer', () => {
    alarms.set(sleeper(Number.POSITIVE_INFINITY));
    expect(clock.pending).toBe(0);
  });

  test('a timer that fires a little early calls nobody early', async () => {
    const early: Clock = {
      ...clock,
      now: () => clock.now(),
      after: (ms, then) => clock.after(Math.max(0.2, ms - 0.7), then),
    };
    const one = sleeper(clock.now() + 10);
    new Alarms(early, isShared).set(one);
    await clock.advance(20);
    expect(one.calledAtMs).toHaveLength(1);
    expect(one.calledAtMs[0]).toBeGreaterThanOrEqual(one.dueAtMs);
    expect(one.calledAtMs[0]).toBeLessThanOrEqual(one.dueAtMs + 1);
  });
});

function bind(bell: Alarms): { set(one: Sleeper): void; clear(one: Sleeper): void } {
  return { set: (one) => bell.set(one), clear: (one) => bell.clear(one) };
}

/** A clock without promises, whose timers keep whole milliseconds as those of Node do. */
function handClock(): Clock & { readonly pending: number; advance(ms: number, after: () => void): void } {
  let nowMs = 1_000;
  const timers = new Set<{ readonly dueMs: number; readonly then: () => void }>();
  return {
    now: () => nowMs,
    wallNow: () => nowMs,
    after(ms, then) {
      const timer = { dueMs: nowMs + Math.max(1, Math.trunc(ms)), then };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    get pending() {
      return timers.size;
    },
    advance(ms, after) {
      const endMs = nowMs + ms;
      for (;;) {
        const [next] = [...timers].filter(({ dueMs }) => dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs);
        if (next === undefined) break;
        timers.delete(next);
        nowMs = next.dueMs;
        next.then();
        after();
      }
      nowMs = endMs;
    },
  };
}
