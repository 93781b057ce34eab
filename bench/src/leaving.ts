/** Clients that leave in the middle: the phases in which they do, and how a sample is known at both ends. */

/** Where a request stands when its client leaves. */
export type Phase = 'queued' | 'backing off' | 'connecting' | 'headers' | 'latch' | 'mid-stream' | 'backpressure';

/** In the order in which a request comes through them. */
export const phases: readonly Phase[] = [
  'queued',
  'connecting',
  'headers',
  'backing off',
  'latch',
  'mid-stream',
  'backpressure',
];

/** Nothing is open at the provider in these: what counts is the moment at which the gateway lets go of the request. */
export function isWithoutCall(phase: Phase): boolean {
  return phase === 'queued' || phase === 'backing off';
}

/** One request of a client that is going to leave; its model carries its number, so that both ends know it. */
export interface Sample {
  readonly phase: Phase;
  readonly number: number;
}

/** The path that the request asks for. A model of its own each: no breaker and no retry budget remembers the one before. */
export function pathOf({ phase, number }: Sample): string {
  return `/v1beta/models/bench-leave-${phase.replace(' ', '-')}-${number}:streamGenerateContent?alt=sse`;
}

/** @returns null for the path of anything else; a query may be missing */
export function sampleOf(path: string): Sample | null {
  const [, name, number] = /^\/v1beta\/models\/bench-leave-([a-z-]+)-(\d+):/.exec(path) ?? [];
  const phase = phases.find((one) => one.replace(' ', '-') === name);
  return phase === undefined ? null : { phase, number: Number(number) };
}
