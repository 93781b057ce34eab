import { describe, expect, test, vi } from 'vitest';
import { Gate, type Inside } from '../../src/door/gate.ts';
import { SluiceError } from '../../src/errors.ts';

describe('who is inside is counted', () => {
  test('and which of them stream', () => {
    const gate = new Gate(0);
    const [one, other] = [guest(true), guest(false)];
    gate.enter(one);
    gate.enter(other);
    expect([gate.open, gate.streams]).toEqual([2, 1]);
    gate.leave(one);
    gate.leave(one);
    expect([gate.open, gate.streams]).toEqual([1, 0]);
  });
});

describe('a gate that is shut', () => {
  test('lets nobody in, and says when to come again', () => {
    const gate = new Gate(0);
    gate.shut();
    expect(gate.isShut).toBe(true);
    expect(() => gate.enter(guest())).toThrow(expect.objectContaining({ code: 'draining', retryAfterMs: 1_000 }));
    expect(gate.open).toBe(0);
  });

  test('waits for the last one inside', async () => {
    const gate = new Gate(0);
    const [one, other] = [guest(), guest()];
    gate.enter(one);
    gate.enter(other);
    gate.shut();
    const isEmpty = vi.fn();
    const empty = Promise.all([gate.empty(), gate.empty()]).then(isEmpty);
    gate.leave(one);
    await Promise.resolve();
    expect(isEmpty).not.toHaveBeenCalled();
    gate.leave(other);
    await empty;
    expect(isEmpty).toHaveBeenCalledOnce();
  });

  test('waits for nobody when nobody is inside', async () => {
    await expect(new Gate(0).empty()).resolves.toBeUndefined();
  });

  test('puts everybody out, each with the reason', () => {
    const gate = new Gate(0);
    const [one, other] = [guest(), guest()];
    gate.enter(one);
    gate.enter(other);
    const reason = new SluiceError('draining', 'late');
    gate.expelAll(reason);
    expect(one.expel).toHaveBeenCalledWith(reason);
    expect(other.expel).toHaveBeenCalledWith(reason);
  });
});

describe('bytes that all requests hold together', () => {
  test('are bounded', () => {
    const gate = new Gate(100);
    gate.bufferedBytes = 99;
    expect(() => gate.askForRoom()).not.toThrow();
    gate.bufferedBytes = 100;
    expect(() => gate.askForRoom()).toThrow(
      expect.objectContaining({ code: 'overloaded', status: 503, retryAfterMs: 1_000 }),
    );
  });

  test('are not bounded by 0', () => {
    const gate = new Gate(0);
    gate.bufferedBytes = 1e12;
    expect(() => gate.askForRoom()).not.toThrow();
  });
});

function guest(isStream = false): Inside & { expel: ReturnType<typeof vi.fn<(reason: SluiceError) => void>> } {
  return { place: -1, isStream, expel: vi.fn<(reason: SluiceError) => void>() };
}
