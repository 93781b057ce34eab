/** The contract of raw inputs: what is sent, byte for byte, and what has to come of it. */

import type { StepName } from '@sluice/simulator';

/**
 * What a client writes to its socket, in order. A text stands for its Latin-1 bytes; `until-heard` waits for a first word,
 * `until-called` for a call to the provider.
 */
export type Piece = string | Uint8Array;

/** One request as it goes over the wire. */
export interface Sent {
  readonly pieces: readonly Piece[];
  /** What the provider has to get, where the request is passed on; null where nobody can tell. */
  readonly body: Uint8Array | null;
}

/** Where it is sent. */
export interface RawAddress {
  /** The mount path without a slash at its end; empty for the root. */
  readonly prefix: string;
  /** A key of a caller who is let in. */
  readonly key: string;
}

/**
 * Who says what is answered.
 * `parser`: the server, before there is a request. `gateway`: a refusal of its own, and nothing goes up. `provider`: it is
 * passed on, and what comes back is shown. `nobody`: the connection ends.
 */
export type Answerer = 'parser' | 'gateway' | 'provider' | 'nobody';

/** What has to come of it. */
export interface Expected {
  readonly by: Answerer;
  /** Of each answer, in their order; several stand for either. Null: the provider's own. */
  readonly statuses: readonly (number | readonly number[] | null)[];
  /** The reason in the body, in Google's shape. */
  readonly reason?: string | undefined;
  /** Whether the connection may be used again. @default nobody looks */
  readonly closes?: boolean | undefined;
  /** Answers before the answer: 100. @default none */
  readonly interim?: readonly number[] | undefined;
  /** Calls to the provider; null where that is a race. @default one for each answer of the provider's */
  readonly calls?: number | null | undefined;
  /** How a WebSocket is closed, once it is open. */
  readonly closeCode?: number | undefined;
}

/** One thing that is sent. */
export interface RawCase {
  /** What tells it from the others of its row. */
  readonly name: string;
  readonly sends: (to: RawAddress) => Sent;
  readonly expected: Expected;
  /** What the provider does. @default it answers */
  readonly plan?: readonly StepName[] | undefined;
  /** The client says that it sends no more, and goes on reading. */
  readonly halfCloses?: boolean | undefined;
}

/** One row: a kind of bad input. */
export interface RawInput {
  /** `B01` … `B90` */
  readonly id: string;
  readonly what: string;
  /** Why it is answered as it is, where that is not plain. */
  readonly rule?: string | undefined;
  readonly cases: readonly RawCase[];
  /**
   * `hasty`: a gateway and a server that wait for headers and bodies no longer than {@link hastyMs}. `live`: the Live API.
   */
  readonly needs?: 'hasty' | 'live' | undefined;
  /** There is nothing here yet that could be asked, and why. Such a row has no cases. */
  readonly notHere?: string | undefined;
}

/** Where a row needs a server that gives up early: the limit for headers and for bodies, in ms. */
export const hastyMs = 400;
/** The largest body that is taken while raw inputs are played, in bytes. */
export const rawMaxBodyBytes: number = 16 * 1024 * 1024;
/** A caller who is let in while raw inputs are played. */
export const rawCallerKey = 'a-key-of-alice-0123456789';
/** Stands in every prompt, and may stand in no answer that is not the provider's. */
export const canary = 'canary-of-a-prompt';
