import { afterEach, describe, expect, test, vi } from 'vitest';
import { type BreakerEvent, Emitter } from '../src/events.ts';

const event: BreakerEvent = {
  target: 'h/m',
  state: 'open',
  failures: 5,
  outcomes: 6,
  opened: 1,
  untilMs: 5,
  reason: 'overloaded',
};
afterEach(() => void vi.restoreAllMocks());

describe('whoever listens', () => {
  test('hears what happened, at once and in order', () => {
    const emitter = new Emitter();
    const heard: string[] = [];
    emitter.on('breaker', ({ state }) => heard.push(`first ${state}`));
    emitter.on('breaker', ({ state }) => heard.push(`second ${state}`));
    emitter.emit('breaker', event);
    heard.push('afterwards');
    expect(heard).toEqual(['first open', 'second open', 'afterwards']);
  });

  test('hears nothing of other names', () => {
    const emitter = new Emitter();
    const listener = vi.fn();
    emitter.on('key', listener);
    emitter.emit('breaker', event);
    expect(listener).not.toHaveBeenCalled();
  });

  test('hears nothing any more once it has stopped, however often it stops', () => {
    const emitter = new Emitter();
    const listener = vi.fn();
    const other = vi.fn();
    const stop = emitter.on('breaker', listener);
    emitter.on('breaker', other);
    stop();
    stop();
    emitter.emit('breaker', event);
    expect(listener).not.toHaveBeenCalled();
    expect(other).toHaveBeenCalledOnce();
  });

  test('may stop while it is being told', () => {
    const emitter = new Emitter();
    const other = vi.fn();
    const stop = emitter.on('breaker', () => stop());
    emitter.on('breaker', other);
    emitter.emit('breaker', event);
    emitter.emit('breaker', event);
    expect(other).toHaveBeenCalledTimes(2);
  });
});

test('a listener that throws stops neither the others nor the request, and its error is heard of', () => {
  const later: (() => void)[] = [];
  vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((task) => void later.push(task));
  const emitter = new Emitter();
  const other = vi.fn();
  emitter.on('breaker', () => {
    throw new Error('mine');
  });
  emitter.on('breaker', other);
  expect(() => emitter.emit('breaker', event)).not.toThrow();
  expect(other).toHaveBeenCalledWith(event);
  expect(later).toHaveLength(1);
  expect(later[0]).toThrow('mine');
});

test('it is known whether anybody listens', () => {
  const emitter = new Emitter();
  expect(emitter.has('request')).toBe(false);
  const stop = emitter.on('request', () => {});
  expect([emitter.has('request'), emitter.has('attempt')]).toEqual([true, false]);
  stop();
  expect(emitter.has('request')).toBe(false);
});
