/** The contract of affinity: what a request can name, and where that makes it go. */

import type { SluiceError } from '../errors.ts';

/** A stateful resource that a request names. It is valid in one project only. */
export interface Reference {
  /** `files/abc`, `interactions/v1_x`, `models/veo/operations/o`; what is opaque by its hash, `token/5e88…`. */
  readonly name: string;
  readonly from: 'path' | 'query' | 'body';
  /** The field or parameter that named it, as it was spelt; null for a path. */
  readonly field: string | null;
  /**
   * What an unknown one means. Files and the like are in one project or nowhere, so they are searched. Nobody can ask
   * for a token, and agents and voices may be the provider's own, which are everywhere: they pass.
   */
  readonly whenUnknown: 'search' | 'pass';
}

/** What must be known of a request to see what it names; `surface/target.ts` has it. */
export interface NamedBy {
  /** As it came, percent-encodings included, without the query. */
  readonly path: string;
  /** Decoded. */
  readonly query: readonly { readonly name: string; readonly value: string }[];
}

/** Where a request has to go, as far as the ledger knows. */
export type Placement =
  /** Nothing in it lives anywhere: any project will do. */
  | { readonly is: 'free' }
  /** `isOwn`: all of it was made by the caller; otherwise something in it is nobody's. */
  | { readonly is: 'pinned'; readonly project: string; readonly isOwn: boolean }
  /** These were never seen. The others live in `project`, or nowhere in particular when that is null. */
  | { readonly is: 'unknown'; readonly references: readonly Reference[]; readonly project: string | null }
  /** Something of another caller's is among them. It is answered as if it did not exist. */
  | { readonly is: 'foreign'; readonly error: SluiceError }
  /** Two projects hold them, and no key reaches both. */
  | { readonly is: 'torn'; readonly error: SluiceError };

/** A resource that an answer says was made, or made to last longer. */
export interface Made {
  readonly name: string;
  /** When the provider forgets it, in ms since 1970; null when that is not known. */
  readonly untilMs: number | null;
  /** What it came of, when the call named that: the result of a batch belongs to whom the batch does. Null for a new thing. */
  readonly of: string | null;
  /** The answer only names it, somewhere: it is written down unless something is known of it. */
  readonly isMentioned?: boolean;
}

/** What one project says about a resource. `failed`: it could not be asked, or gave no clear answer. */
export type ProbeAnswer = 'found' | 'missing' | 'failed';

/** Asks one project for a resource, by one GET of its metadata. */
export type Probe = (project: string, name: string, signal: AbortSignal) => Promise<ProbeAnswer>;

/** What a search has come to. `unsure`: it was nowhere found, but not every project has answered. */
export type Finding = 'found' | 'missing' | 'unsure';
