import { describe, expect, test } from 'vitest';
import { compare, median, quantile } from '../src/statistics.ts';

describe('quantiles', () => {
  test('the median is the middle, or the mean of the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 6])).toBe(5.5);
  });

  test('between two values they are linear', () => {
    const hundredAndOne = Array.from({ length: 101 }, (_, at) => 100 - at);
    expect(quantile(hundredAndOne, 0.99)).toBe(99);
    expect(quantile([10, 20], 0.25)).toBe(12.5);
    expect([quantile([7, 3], 0), quantile([7, 3], 1)]).toEqual([3, 7]);
  });

  test('numbers are sorted as numbers, and the list stays as it was', () => {
    const values = [100, 20, 3];
    expect(median(values)).toBe(20);
    expect(values).toEqual([100, 20, 3]);
  });

  test('of nothing there is none', () => {
    expect(() => median([])).toThrow('nothing');
  });
});

describe('a comparison', () => {
  test('takes the ratio slice by slice, so that what slows both down cancels out', () => {
    const base = [[10, 20, 40]];
    const twice = [[20, 40, 80]];
    expect(compare(twice, base)).toMatchObject({ ratio: 2, ratioSpread: [2, 2], median: 40, least: 20, leastRatio: 2 });
  });

  test('is the median of the pairs, and shows the smallest and the largest of them', () => {
    const base = [
      [10, 10, 10],
      [10, 10, 10],
      [10, 10, 10],
    ];
    const own = [
      [11, 11, 99],
      [12, 12, 12],
      [19, 19, 1],
    ];
    const { ratio, ratioSpread, pairs } = compare(own, base);
    expect({ ratio, ratioSpread, pairs }).toEqual({ ratio: 1.2, ratioSpread: [1.1, 1.9], pairs: 3 });
  });
});
