import { expect, test } from 'vitest';
import { Sticky } from '../../src/pool/sticky.ts';

test('a choice is remembered per caller', () => {
  const sticky = new Sticky<string>();
  sticky.keep('alice', 'a');
  sticky.keep('bob', 'b');
  expect([sticky.of('alice'), sticky.of('bob'), sticky.of('carol')]).toEqual(['a', 'b', undefined]);
});

test('of more than ten thousand callers the one not seen for longest is forgotten', () => {
  const sticky = new Sticky<number>();
  for (let at = 0; at < 10_000; at++) sticky.keep(`c${at}`, at);
  sticky.of('c0');
  sticky.keep('one more', -1);
  expect([sticky.of('c0'), sticky.of('c1'), sticky.of('c2'), sticky.of('one more')]).toEqual([0, undefined, 2, -1]);
});
