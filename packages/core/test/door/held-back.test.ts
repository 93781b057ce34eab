import { type FakeClock, fakeClock } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { HeldBack, type Holdable } from '../../src/door/held-back.ts';

describe('connections are held back', () => {
  test('only where refusals take a fifth of the time', () => {
    const { held, lookAfter } = holding();
    lookAfter(100, 400);
    expect(held.isOnAt(100)).toBe(false);
    lookAfter(100, 401);
    expect(held.isOnAt(200)).toBe(true);
  });

  test('for five seconds after the last such look', () => {
    const { held, lookAfter } = holding();
    lookAfter(100, 5_000);
    lookAfter(4_999, 0);
    expect(held.isOnAt(5_099)).toBe(true);
    expect(held.isOnAt(5_100)).toBe(false);
  });

  test('for a second where they are few, for two and a half where they are thousands', () => {
    const waits: number[] = [];
    const after = (ms: number): (() => void) => {
      waits.push(ms);
      return () => {};
    };
    const held = new HeldBack({ ...fakeClock(), after });
    for (let one = 0; one < 6_000; one++) held.hold(connection());
    expect([waits[0], waits[2_000], waits[4_000], waits[5_999]]).toEqual([1_000, 1_000, 2_000, 2_500]);
  });

  test('once, however often they are asked for, and read by themselves', async () => {
    const { held, clock } = holding();
    const one = connection();
    held.hold(one);
    await clock.advance(999);
    held.hold(one);
    expect([held.size, one.isRead]).toEqual([1, false]);
    await clock.advance(1);
    expect([held.size, one.isRead]).toEqual([0, true]);
  });

  test('until all are let go, and no timer is left behind', () => {
    const { held, clock, lookAfter } = holding();
    lookAfter(100, 5_000);
    const all = [connection(), connection()];
    for (const one of all) held.hold(one);
    held.letGo();
    expect(all.map(({ isRead }) => isRead)).toEqual([true, true]);
    expect(held.isOnAt(100)).toBe(false);
    expect(held.size).toBe(0);
    expect(clock.pending).toBe(0);
  });
});

function holding(): { held: HeldBack; clock: FakeClock; lookAfter(ms: number, refused: number): void } {
  const clock = fakeClock();
  const held = new HeldBack(clock);
  let nowMs = 0;
  held.look(nowMs, 0);
  return {
    held,
    clock,
    lookAfter(ms, refused) {
      nowMs += ms;
      held.look(nowMs, refused);
    },
  };
}

function connection(): Holdable & { isRead: boolean } {
  return {
    isRead: true,
    pause() {
      this.isRead = false;
    },
    resume() {
      this.isRead = true;
    },
  };
}
