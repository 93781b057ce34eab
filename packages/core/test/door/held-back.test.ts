import { type FakeClock, fakeClock } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { HeldBack, type Holdable } from '../../src/door/held-back.ts';

describe('connections are held back', () => {
  test('only where refusals take a fifth of the time at five looks in a row', () => {
    const { held, look } = holding();
    for (let times = 0; times < 20; times++) look(400);
    for (let times = 0; times < 4; times++) look(4_000);
    look(400);
    for (let times = 0; times < 4; times++) look(401);
    expect(held.isOnAt(3_000)).toBe(false);
    look(401);
    expect(held.isOnAt(3_000)).toBe(true);
  });

  test('until they have taken next to none of it for a second', () => {
    const { held, look } = flooded();
    for (let times = 0; times < 100; times++) look(61);
    expect(held.isOnAt(10_500)).toBe(true);
    for (let times = 0; times < 9; times++) look(60);
    expect(held.isOnAt(11_499)).toBe(true);
    expect(held.isOnAt(11_500)).toBe(false);
  });

  test('for a second where they are few, for two where they are thousands, the first one first', async () => {
    const { held, clock } = holding();
    const all = Array.from({ length: 6_000 }, () => connection());
    for (const one of all) held.hold(one);
    const read = (): number => all.filter(({ isRead }) => isRead).length;
    const found: number[] = [];
    for (const ms of [999, 1, 500, 499, 1]) {
      await clock.advance(ms);
      found.push(read());
    }
    expect(found).toEqual([0, 2_001, 3_001, 3_999, 6_000]);
    expect([all[2_000]?.isRead, held.size, clock.pending]).toEqual([true, 0, 0]);
  });

  test('and read sooner when the loop has nothing else to do', () => {
    const { held, look } = holding();
    const all = Array.from({ length: 1_000 }, () => connection());
    for (const one of all) held.hold(one);
    look(0, 0.5);
    expect([all[499]?.isRead, all[500]?.isRead, held.size]).toEqual([true, false, 500]);
  });

  test('not while the loop has a fifth of its time to spare', () => {
    const { held, look } = flooded();
    look(500, 0.2);
    expect(held.isOnAt(700)).toBe(false);
    look(500, 0.19);
    expect(held.isOnAt(700)).toBe(true);
  });

  test('until all are let go, and no timer is left behind', () => {
    const { held, clock } = flooded();
    const all = [connection(), connection()];
    for (const one of all) held.hold(one);
    expect([all[0]?.isRead, held.size, clock.pending]).toEqual([false, 2, 1]);
    held.letGo();
    expect(all.map(({ isRead }) => isRead)).toEqual([true, true]);
    expect(held.isOnAt(500)).toBe(false);
    expect([held.size, clock.pending]).toEqual([0, 0]);
  });
});

interface Holding {
  readonly held: HeldBack;
  readonly clock: FakeClock;
  /** A tenth of a second has gone by. */
  look(refused: number, idleShare?: number): void;
}

function holding(): Holding {
  const clock = fakeClock();
  const held = new HeldBack(clock);
  let nowMs = 0;
  held.look({ nowMs, refused: 0, idleShare: 0 });
  return {
    held,
    clock,
    look(refused, idleShare = 0) {
      nowMs += 100;
      held.look({ nowMs, refused, idleShare });
    },
  };
}

function flooded(): Holding {
  const it = holding();
  for (let times = 0; times < 5; times++) it.look(5_000);
  return it;
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
