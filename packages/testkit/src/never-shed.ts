/** For tests that are about something else: a machine that is busy with other tests must not make a gateway refuse. */

/** The options `overload` of a gateway that serves whoever comes, however late it is. */
export const neverShed = {
  queueDelayMs: 0,
  refuseDelayMs: 0,
  queueHeapShare: 0,
  refuseHeapShare: 0,
  endHeapShare: 0,
} as const;
