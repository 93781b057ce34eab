import { expect, test } from 'vitest';
import { wishOf } from '../../src/cache/wish.ts';
import type { HeaderBag } from '../../src/wire.ts';

const anything = { stores: true, maxAgeMs: Number.POSITIVE_INFINITY, minFreshMs: 0, isOnlyKept: false };

test.each<[HeaderBag, object]>([
  [{}, {}],
  [{ 'cache-control': '' }, {}],
  [{ 'cache-control': 'no-cache' }, { maxAgeMs: 0 }],
  [{ 'cache-control': 'No-Cache' }, { maxAgeMs: 0 }],
  [{ 'cache-control': 'max-age=60, no-cache' }, { maxAgeMs: 0 }],
  [{ 'cache-control': ['max-age=60', 'min-fresh=2'] }, { maxAgeMs: 60_000, minFreshMs: 2_000 }],
  [{ 'cache-control': 'max-age="5"' }, { maxAgeMs: 5_000 }],
  [{ 'cache-control': 'max-age=-1' }, { maxAgeMs: 0 }],
  [{ 'cache-control': 'max-age' }, { maxAgeMs: 0 }],
  [{ 'cache-control': 'min-fresh=soon' }, { minFreshMs: Number.POSITIVE_INFINITY }],
  [{ 'cache-control': 'no-store' }, { stores: false }],
  [{ 'cache-control': 'only-if-cached, max-stale=9, no-transform, x-new=1' }, { isOnlyKept: true }],
  [{ pragma: 'no-cache' }, { maxAgeMs: 0 }],
  [{ pragma: 'other' }, {}],
  [{ pragma: 'no-cache', 'cache-control': 'max-age=1' }, { maxAgeMs: 1_000 }],
])('%j', (headers, wish) => {
  expect(wishOf(headers)).toEqual({ ...anything, ...wish });
});
