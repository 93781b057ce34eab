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

describe('a listener that fails', () => {
  const mine = new Error('mine');
  test.each<[how: string, fail: () => unknown]>([
    [
      'throws',
      () => {
        throw mine;
      },
    ],
    ['rejects', async () => Promise.reject(mine)],
  ])('and %s stops neither the others nor whoever tells, and is told of once', async (_how, fail) => {
    const warn = vi.fn();
    const emitter = new Emitter(warn);
    const other = vi.fn();
    emitter.on('breaker', () => void 0);
    emitter.on('breaker', fail);
    emitter.on('breaker', other);
    for (let time = 0; time < 3; time++) emitter.emit('breaker', event);
    expect(other).toHaveBeenCalledTimes(3);
    await vi.waitFor(() => expect(warn).toHaveBeenCalled());
    emitter.emit('breaker', event);
    await new Promise(setImmediate);
    expect(warn.mock.calls).toEqual([[expect.stringContaining('A listener of the event "breaker" has failed.'), mine]]);
  });

  test('is told of beside others that fail', () => {
    const warn = vi.fn();
    const emitter = new Emitter(warn);
    for (const reason of ['first', 'second'])
      emitter.on('breaker', () => {
        throw reason;
      });
    for (let time = 0; time < 3; time++) emitter.emit('breaker', event);
    expect(warn.mock.calls.map(([, error]) => error)).toEqual(['first', 'second']);
  });

  test('may return whatever it likes', () => {
    const warn = vi.fn();
    const emitter = new Emitter(warn);
    for (const odd of [null, 5, 'then', Promise.resolve()]) emitter.on('breaker', () => odd);
    emitter.emit('breaker', event);
    expect(warn).not.toHaveBeenCalled();
  });
});

test('it is known whether anybody listens', () => {
  const emitter = new Emitter();
  expect(emitter.has('request')).toBe(false);
  const stop = emitter.on('request', () => {});
  expect([emitter.has('request'), emitter.has('attempt')]).toEqual([true, false]);
  stop();
  expect(emitter.has('request')).toBe(false);
});
