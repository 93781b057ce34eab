/** What each figure may be at most. A figure that is over it says so in the table. */

const inFrameworks = { core: 1.15, express: 1.15, fastify: 1.15, hono: 1.15, next: 1.15 };

/** Largest ratio to the base, by figure and variant. */
const ratios: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  unary: { core: 1.15, proxy: 1.3, 'proxy-log': 1.55 },
  stream: { core: 1.25 },
  memory: { core: 1.15 },
  stalled: { core: 1 },
  adapters: inFrameworks,
  'adapter streams': inFrameworks,
};

/** Largest memory per open stream, at 5,000 of them. */
export const mostBytesPerStream: number = 64 * 1024;
/** Added p99 with many open streams may be this, or twice what the raw proxy adds. */
export const addedP99Us = 15_000;
/** Smallest share of what a pipe can pass on, in MB/s. */
export const leastUploadRatio = 0.7;
/** Largest growth of resident memory with eight large uploads at once. */
export const mostUploadBytes: number = 32 * 1024 * 1024;
/** Largest memory per live session, resident and reachable. */
export const mostBytesPerSession: number = 60 * 1024;
/** Added p99 of a frame of a live session. */
export const addedFrameP99Us = 2_000;
/** CPU of a call in process above that of the call to the provider. */
export const mostAddedInProcessUs = 60;
/** CPU of an answer out of the cache above that of one that is written at once. */
export const mostAddedByHitUs = 40;

/** Says whether a ratio keeps to its budget; empty where there is none. */
export function verdictOnRatio(figure: string, variant: string, ratio: number): string {
  const most = ratios[figure]?.[variant];
  return most === undefined ? '' : verdict(ratio, most, (value) => value.toFixed(2));
}

/** @see {@link verdictOnRatio} */
export function verdict(value: number, most: number, show: (value: number) => string): string {
  return value <= most ? `≤ ${show(most)} kept` : `≤ ${show(most)} **missed**`;
}

/** For what may not be less. */
export function verdictAtLeast(value: number, least: number, show: (value: number) => string): string {
  return value >= least ? `≥ ${show(least)} kept` : `≥ ${show(least)} **missed**`;
}
