import { type FakeClock, fakeClock } from '@sluice/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { Alarms } from '../../src/attempt/alarms.ts';
import { Patience, type Phase } from '../../src/attempt/patience.ts';

let clock: FakeClock;
let over: (Phase | 'total')[];
beforeEach(() => {
  clock = fakeClock();
  over = [];
});

const phases: Phase[] = ['headers', 'first-event', 'idle', 'after-terminal', 'slow-reader'];
test.each(phases)('a silence that is too long is told with its phase: %s', async (phase) => {
  const patience = waiting();
  patience.enter(phase, 1_000);
  expect(patience.phase).toBe(phase);
  await clock.advance(998);
  expect(over).toEqual([]);
  await clock.advance(2);
  expect(over).toEqual([phase]);
  expect(clock.pending).toBe(0);
});

test('it is told once', async () => {
  const patience = waiting();
  patience.enter('idle', 100);
  await clock.advance(1_000);
  patience.touch();
  await clock.advance(1_000);
  expect(over).toEqual(['idle']);
});

describe('whatever comes begins the silence anew', () => {
  test('without a timer of its own', async () => {
    const patience = waiting();
    patience.enter('idle', 1_000);
    for (let second = 0; second < 10; second++) {
      await clock.advance(900);
      patience.touch();
      expect(clock.pending).toBe(1);
    }
    expect(over).toEqual([]);
    await clock.advance(999);
    expect(over).toEqual([]);
    await clock.advance(1);
    expect(over).toEqual(['idle']);
  });

  test('and so does another phase, be it longer or shorter', async () => {
    const patience = waiting();
    patience.enter('headers', 10_000);
    await clock.advance(9_000);
    patience.enter('after-terminal', 200);
    expect(clock.pending).toBe(1);
    patience.enter('idle', 5_000);
    await clock.advance(4_990);
    expect(over).toEqual([]);
    await clock.advance(10);
    expect(over).toEqual(['idle']);
  });
});

describe('0 means no limit', () => {
  test('and no timer', async () => {
    const patience = waiting();
    patience.enter('idle', 0);
    expect(clock.pending).toBe(0);
    await clock.advance(1e9);
    expect(over).toEqual([]);
  });

  test('also after a phase that had one', async () => {
    const patience = waiting();
    patience.enter('headers', 100);
    patience.enter('idle', 0);
    await clock.advance(10_000);
    expect(over).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

describe('the request as a whole has its time', () => {
  test('however lively it is', async () => {
    const patience = waiting(5_000);
    patience.enter('idle', 1_000);
    for (let at = 0; at < 10; at++) {
      await clock.advance(500);
      patience.touch();
    }
    expect(over).toEqual(['total']);
  });

  test('and where no phase has a limit', async () => {
    const patience = waiting(5_000);
    patience.enter('idle', 0);
    await clock.advance(5_000);
    expect(over).toEqual(['total']);
  });
});

test('whoever is stopped leaves no timer behind, and cannot be woken', async () => {
  const patience = waiting(10_000);
  patience.enter('idle', 1_000);
  patience.stop();
  expect(clock.pending).toBe(0);
  patience.enter('headers', 10);
  patience.touch();
  expect(clock.pending).toBe(0);
  await clock.advance(20_000);
  expect(over).toEqual([]);
});

function waiting(totalMs = Number.POSITIVE_INFINITY): Patience {
  return new Patience(clock, new Alarms(clock), clock.now() + totalMs, (phase) => over.push(phase));
}
