/** The few figures that a list of numbers comes down to. */

/** The middle of the sorted values; the mean of the two in the middle when their number is even. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Linear between the two nearest values. @throws Error for no values at all */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new Error('there is no quantile of nothing');
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return below + (above - below) * (at - Math.floor(at));
}

/** A figure of one subject, and how it stands to the same figure of another in slices side by side. */
export interface Comparison {
  readonly median: number;
  readonly least: number;
  /** Median of the ratios slice by slice, within each pair of processes, and then of the pairs. */
  readonly ratio: number;
  /** Smallest and largest of the pairs' own medians: what a pair of processes alone would have told. */
  readonly ratioSpread: readonly [least: number, most: number];
  /** The minimum of one side over the minimum of the other: the least disturbed slices. */
  readonly leastRatio: number;
  readonly pairs: number;
}

/** Values slice by slice: one list per pair of processes. */
export type Slices = readonly (readonly number[])[];

/** Compares slices with the slices that were measured beside them; both have the same shape. */
export function compare(slices: Slices, base: Slices): Comparison {
  const perPair = slices.map((values, pair) =>
    median(values.map((value, at) => value / ((base[pair] as readonly number[])[at] as number))),
  );
  const least = Math.min(...slices.flat());
  return {
    median: median(slices.flat()),
    least,
    ratio: median(perPair),
    ratioSpread: [Math.min(...perPair), Math.max(...perPair)],
    leastRatio: least / Math.min(...base.flat()),
    pairs: slices.length,
  };
}

/** How much more than the slices that were measured beside them: the median of each pair, and then of the pairs. */
export function difference(slices: Slices, base: Slices): number {
  return median(
    slices.map((values, pair) =>
      median(values.map((value, at) => value - ((base[pair] as readonly number[])[at] as number))),
    ),
  );
}
