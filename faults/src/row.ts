/** The nouns of the matrix: rows, the cases that play them, and what is expected of each. */

import type { LookupFunction } from 'node:net';
import type { GatewayOptions } from '@sluice/core';
import type { Step } from '@sluice/simulator';
import type { NetworkFaultKind } from '@sluice/simulator/network';
import type { Driver } from '@sluice/testkit';

/** How the answer is asked for: as server-sent events, as one streamed array, or in one piece. */
export type Form = 'stream' | 'array' | 'unary';

/** One row of the fault matrix. */
export interface Row {
  /** `F01` to `F96`; what it plays stands in the simulator's `faults`. */
  readonly id: string;
  readonly cases: readonly Case[];
  /** Where the design wants something else than one would think, or what is special here; one sentence. */
  readonly note?: string | undefined;
}

/** One thing that is played, or the reason why it is not. */
export type Case = PlayedCase | ScenarioCase | { readonly name: string; readonly notPlayed: string };

/** A question, a fault, an answer. */
export interface PlayedCase {
  /** The step, or whatever else tells it from the other cases of its row. */
  readonly name: string;
  readonly provider: ProviderPlan;
  readonly stream: Expected | null;
  readonly unary: Expected | null;
  readonly more: CaseOptions;
}

/** Something that takes more than one question; it tells itself what was seen. */
export interface ScenarioCase {
  readonly name: string;
  /** @returns one line, the same for each run in which everything is right @throws Error when something is not */
  readonly scenario: (driver: Driver, form: 'stream' | 'unary') => Promise<string>;
  readonly forms: readonly ('stream' | 'unary')[];
  readonly more: Pick<CaseOptions, 'isHeavy'>;
}

/** Who stands at the other end. */
export type ProviderPlan =
  | { readonly steps: readonly Step[] }
  | { readonly network: NetworkFaultKind; readonly trusted?: boolean | undefined }
  | {
      readonly steps: readonly Step[];
      readonly lookup: () => LookupFunction;
      /** An address at which a black hole has the provider’s port. */
      readonly dead?: string | undefined;
    };

/** What a case needs beside its provider. */
export interface CaseOptions {
  /** Google projects, each with a key of its own. @default 1 */
  readonly projects?: number | undefined;
  /** Calls at once that a project may make. @default 100 */
  readonly maxInFlight?: number | undefined;
  /** Options of the gateway. */
  readonly gateway?: Partial<GatewayOptions> | undefined;
  /** Questions that are asked before, on the same connection, and answered well. @default 0 */
  readonly warmUps?: number | undefined;
  /** How large the question is. @default a few words */
  readonly promptBytes?: number | undefined;
  /** A limit below the HTTP layer is met, which no clock of ours moves: time stands still while a call is under way. */
  readonly isInRealTime?: boolean | undefined;
  /** Something comes every 50 ms of real time, so that it is never still for long. */
  readonly isDripping?: boolean | undefined;
  /** Ways in or out on which this cannot be played. */
  readonly only?: 'undici' | 'bytes' | 'no-sdk-in-process' | undefined;
  readonly form?: 'array' | undefined;
  /** Needs so much memory or time that nothing else runs beside it. */
  readonly isHeavy?: boolean | undefined;
}

/** What is expected, where the two upstream drivers cannot know the same. */
export type Expected = Expectation | { readonly undici: Expectation; readonly fetch: Expectation };

/**
 * What a client is expected to see, and what is expected to be left behind.
 * `whole`: all of it. `unclean`: all of it, and then an end as unclean as the provider's. `broken`: a beginning, and an
 * error in the middle. `refused`: an error and nothing else.
 */
export interface Expectation extends Aftermath {
  readonly is: 'whole' | 'unclean' | 'broken' | 'refused';
  readonly status: number;
  /** The gateway's own reason, or Google's status; null where there is no error. */
  readonly reason: string | null;
  /** Calls to the provider. */
  readonly calls: number;
}

/** What is left behind. */
export interface Aftermath {
  /** Calls that stay counted against the limits of the project. @default all */
  readonly counted?: number | undefined;
  /** Failures that the breakers remember. @default none */
  readonly model?: number | 'any' | undefined;
  readonly host?: number | undefined;
  /** `key`, `project` or `model`, and the reason why it rests. @default none */
  readonly rests?: readonly string[] | undefined;
  /**
   * When the client had its answer, on the gateway's clock: from, to. The clock may have jumped a little too early, so
   * `to` leaves room, up to the next limit that it is not to be mistaken for. @default not looked at
   */
  readonly betweenMs?: readonly [number, number] | undefined;
  /** How long the gateway paused between its calls, in all; 0 where another key was asked at once. @default not looked at */
  readonly mostPauseMs?: number | undefined;
  /** What `Retry-After` says: from, to. @default not looked at */
  readonly retryAfterS?: readonly [number, number] | undefined;
}

/** The whole answer, after some calls. */
export function whole(calls = 1, more: Aftermath = {}): Expectation {
  return { is: 'whole', status: 200, reason: null, calls, ...more };
}

/** The whole answer, and an end as unclean as the provider's. */
export function unclean(more: Aftermath = {}): Expectation {
  return { is: 'unclean', status: 200, reason: null, calls: 1, ...more };
}

/** A beginning, then Google's error JSON in a write of its own, then a destroyed connection. */
export function broken(reason: string, more: Aftermath = {}): Expectation {
  return { is: 'broken', status: 200, reason, calls: 1, ...more };
}

/** An error instead of an answer. */
export function refused(status: number, reason: string, calls = 1, more: Aftermath = {}): Expectation {
  return { is: 'refused', status, reason, calls, ...more };
}

/** A case whose provider follows a plan, one step per call. */
export function play(
  steps: Step | readonly Step[],
  expected: { readonly stream?: Expected; readonly unary?: Expected; readonly both?: Expected },
  more: CaseOptions & { readonly name?: string } = {},
): PlayedCase {
  const plan = Array.isArray(steps) ? (steps as readonly Step[]) : [steps as Step];
  const { both = null, stream = both, unary = both } = expected;
  return { name: more.name ?? plan.map(nameOf).join(', '), provider: { steps: plan }, stream, unary, more };
}

/** A case that happens below HTTP. */
export function onNetwork(
  network: NetworkFaultKind,
  both: Expected,
  { trusted, ...more }: CaseOptions & { readonly trusted?: boolean } = {},
): PlayedCase {
  return { name: network, provider: { network, trusted }, stream: both, unary: both, more };
}

/** A case whose provider has a name that has to be looked up. Only undici takes a lookup. */
export function atAddresses(
  name: string,
  lookup: () => LookupFunction,
  both: Expected,
  { dead, ...more }: CaseOptions & { readonly dead?: string } = {},
): PlayedCase {
  const provider: ProviderPlan = { steps: ['ok'], lookup, dead };
  return { name, provider, stream: both, unary: both, more: { ...more, only: 'undici' } };
}

function nameOf(step: Step): string {
  if (typeof step === 'string') return step;
  return typeof step === 'function' ? 'a function' : `an answer of ${step.status}`;
}
