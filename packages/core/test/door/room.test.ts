import { describe, expect, test } from 'vitest';
import { type Holder, Room } from '../../src/door/room.ts';

const full = expect.objectContaining({ code: 'overloaded', status: 503, retryAfterMs: 1_000 });

describe('a body', () => {
  test('that says how long it is is refused before anything of it is counted', () => {
    const room = new Room(1_000_000);
    const one = holder();
    room.takeBody(one, 600_000);
    expect(() => room.askFor(400_001)).toThrow(full);
    expect(() => room.askFor(400_000)).not.toThrow();
    expect(room.heldBytes).toBe(600_000);
  });

  test('that does not is refused when it has become too much', () => {
    const room = new Room(1_000_000);
    const one = holder();
    const other = holder();
    room.takeBody(one, 700_000);
    for (let time = 0; time < 4; time++) room.takeBody(other, 60_000);
    room.takeBody(other, 60_000);
    expect(() => room.takeBody(other, 1)).toThrow(full);
    expect([other.heldBytes, room.heldBytes]).toEqual([300_000, 1_000_000]);
  });

  test('leaves room for answers to those that are in', () => {
    const room = new Room(1_000_000);
    const one = holder();
    room.takeBody(one, 750_001);
    expect(() => room.askFor(100_000)).toThrow(full);
    expect(room.takeAnswer(one, 240_000)).toBe(true);
  });

  test('may fill all of it alone, and no more than that', () => {
    const room = new Room(1_000_000);
    expect(() => room.askFor(1_000_000)).not.toThrow();
    expect(() => room.askFor(1_000_001)).toThrow(full);
  });

  test('that is small always passes', () => {
    const room = new Room(1_000_000);
    room.takeAnswer(holder(), 5_000_000);
    const small = holder();
    expect(() => room.askFor(65_536)).not.toThrow();
    expect(() => room.askFor(0)).not.toThrow();
    room.takeBody(small, 65_536);
    expect(() => room.takeBody(small, 1)).toThrow(full);
    expect(room.takeAnswer(small, 1)).toBe(false);
  });
});

describe('an answer', () => {
  test('that finds no room is counted all the same, and has to be given up', () => {
    const room = new Room(100_000);
    const one = holder();
    expect(room.takeAnswer(one, 100_000)).toBe(true);
    expect(room.takeAnswer(one, 1)).toBe(false);
    expect(room.takeAnswer(one, -50_000)).toBe(true);
    room.clear(one);
    room.clear(one);
    expect([one.heldBytes, room.heldBytes]).toEqual([0, 0]);
  });

  test('that is small is never given up for what others hold', () => {
    const room = new Room(100_000);
    room.takeAnswer(holder(), 1_000_000);
    expect(room.takeAnswer(holder(), 65_536)).toBe(true);
  });
});

test('0 means no limit', () => {
  const room = new Room(0);
  const one = holder();
  expect(() => room.askFor(1e12)).not.toThrow();
  room.takeBody(one, 1e12);
  expect(room.takeAnswer(one, 1e12)).toBe(true);
});

function holder(): Holder {
  return { heldBytes: 0 };
}
