import { describe, expect, test } from 'vitest';
import { type Cancellable, Cancellation } from '../src/cancellation.ts';

let heard: [name: string, reason: unknown][] = [];
const listener = (name: string, then: () => void = () => {}): Cancellable => ({
  cancelled(reason) {
    heard.push([name, reason]);
    then();
  },
});

describe('a cancellation', () => {
  test('is heard of once, at once, by everybody, with the first reason', () => {
    heard = [];
    const cancellation = new Cancellation();
    for (const name of ['a', 'b', 'c']) cancellation.listen(listener(name));
    expect([cancellation.isCancelled, cancellation.reason]).toEqual([false, undefined]);
    cancellation.cancel('first');
    expect(heard).toEqual([
      ['a', 'first'],
      ['b', 'first'],
      ['c', 'first'],
    ]);
    cancellation.cancel('second');
    expect(heard).toHaveLength(3);
    expect([cancellation.isCancelled, cancellation.reason]).toEqual([true, 'first']);
  });

  test('is a fact before anybody hears of it', () => {
    const cancellation = new Cancellation();
    const seen: unknown[] = [];
    cancellation.listen(listener('a', () => seen.push(cancellation.isCancelled, cancellation.reason)));
    cancellation.cancel('now');
    expect(seen).toEqual([true, 'now']);
  });

  test('is not heard of by whoever has been forgotten, nor by whoever came too late', () => {
    heard = [];
    const cancellation = new Cancellation();
    const [a, b, c] = [listener('a'), listener('b'), listener('c')];
    for (const one of [a, b, c]) cancellation.listen(one);
    cancellation.forget(b);
    cancellation.forget(b);
    cancellation.cancel('now');
    cancellation.listen(listener('late'));
    cancellation.cancel('again');
    expect(heard.map(([name]) => name)).toEqual(['a', 'c']);
  });

  test('nor by whoever is forgotten, or comes, while the others hear of it', () => {
    heard = [];
    const cancellation = new Cancellation();
    const second = listener('second');
    cancellation.listen(
      listener('first', () => {
        cancellation.forget(second);
        cancellation.listen(listener('late'));
      }),
    );
    cancellation.listen(second);
    cancellation.listen(listener('third'));
    cancellation.cancel('now');
    expect(heard.map(([name]) => name)).toEqual(['first', 'third']);
  });

  test('throws its reason, and only then', () => {
    const cancellation = new Cancellation();
    expect(() => cancellation.throwIfCancelled()).not.toThrow();
    const reason = new Error('gone');
    cancellation.cancel(reason);
    expect(() => cancellation.throwIfCancelled()).toThrow(reason);
  });
});

describe('a cancellation as a signal', () => {
  test('is always the same one, and aborts with the reason', () => {
    const cancellation = new Cancellation();
    const { signal } = cancellation;
    const told: unknown[] = [];
    signal.addEventListener('abort', () => told.push(signal.reason));
    expect(cancellation.signal).toBe(signal);
    expect(signal.aborted).toBe(false);
    cancellation.cancel('now');
    expect([signal.aborted, told]).toEqual([true, ['now']]);
  });

  test('is aborted already when it is asked for too late', () => {
    const cancellation = new Cancellation();
    cancellation.cancel('now');
    expect([cancellation.signal.aborted, cancellation.signal.reason]).toEqual([true, 'now']);
  });
});
