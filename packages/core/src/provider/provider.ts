/** The contract of who answers: how a call is signed, and what a refusal means. */

import type { Failure } from '../failure.ts';

/** An error answer, read as far as it could be. */
export interface ErrorAnswer {
  readonly status: number;
  /** The body as text, decompressed; perhaps cut at `limits.maxErrorBytes`. */
  readonly text: string;
  /** The header `retry-after`, where one came. */
  readonly retryAfter: string | null;
  /** True when the request named a resource that lives in one project. */
  readonly namesResource: boolean;
  readonly nowMs: number;
}

/** A small call that tells whether a key is well. */
export interface ProbeCall {
  readonly method: string;
  readonly target: string;
  readonly body: Uint8Array | null;
}

/** One kind of provider. */
export interface Provider {
  readonly name: string;
  /** The one credential that goes up, as header name and value. */
  credential(key: string): readonly [name: string, value: string];
  /** What to ask when a rest for this reason may be over. */
  probe(reason: string): ProbeCall;
  /** The HTTP status that an error's code stands for, where that is a word; null for one that is none. Pure. */
  statusOf(word: string): number | null;
  /** Whom to blame, what may be tried next, and who rests for how long. Pure. */
  classify(answer: ErrorAnswer): Failure;
}
