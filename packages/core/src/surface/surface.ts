/** The contract of what the client asked: a path, and what a call to it means for everybody behind. */

import type { Dialect, Resumption } from '../dialect/dialect.ts';
import type { HeaderBag } from '../wire.ts';

/**
 * How an answer is taken.
 * `generation`: complete only with its terminal marker; a stream is shown from its first meaning, a whole answer at its end.
 * `document`: complete when HTTP says so; held until it is whole.
 * `resource`: where it is JSON, held until it is whole and read for what was made or is listed; else as it comes.
 * `receipt`: the same, of what was uploaded; errors in plain words are shown as they are.
 * `opaque`: passes as it comes.
 * `remainder`: a stream that goes on where another one of the same answer broke, and nothing else.
 */
export type AnswerKind = 'generation' | 'document' | 'resource' | 'receipt' | 'opaque' | 'remainder';

/**
 * When a call may be made again.
 * `always`: it reads. `unless-it-ran`: a generation; not after a time-out, for it may have been billed.
 * `if-nothing-happened`: it creates or changes something. `never`: a part of it is gone, and nobody has it any more.
 */
export type Repeat = 'always' | 'unless-it-ran' | 'if-nothing-happened' | 'never';

/** The call that a caller signs for a bucket of its own, beside the key (docs/decisions/2026-11-21-files-register.md). */
export const registerFiles = 'files.register';

/** The call that mints a token for a session of the Live API. */
export const mintToken = 'auth_tokens.create';

/** What one request wants, known before its body is read. */
export interface Call {
  readonly dialect: Dialect;
  readonly surface: string;
  /** `generateContent`, `models.list` …; `other` for what passes through unknown. */
  readonly name: string;
  /** The model as the provider knows it; null when the path names none. */
  readonly model: string | null;
  /** Path and query for the provider, without any credential. */
  readonly target: string;
  readonly answer: AnswerKind;
  /** A stream without `alt=sse`: one JSON array, element by element. */
  readonly isArray: boolean;
  readonly repeat: Repeat;
  /** It creates or uses things that live in one project. */
  readonly isSticky: boolean;
  /** Its body must be JSON. */
  readonly wantsJson: boolean;
  /** The model is named in the body instead. */
  readonly hasModelInBody: boolean;
  /** How its stream is heard to the end when it breaks; null or missing when it cannot be. */
  readonly resumption?: Resumption | null;
  /** How its body is taken: read whole before anything else is done, or passed on while it comes. @default 'whole' */
  readonly body?: 'whole' | 'stream';
  /** It is a part of an upload: of a session that goes on, or of one that its answer may open (null). */
  readonly upload?: { readonly session: string | null };
}

/** What a surface is told about a request. */
export interface Knock {
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderBag;
}

/** Finds out what a request wants. */
export interface Surfaces {
  /**
   * The dialect in which a refusal is understood, whatever the request turns out to be. Never throws.
   */
  dialectOf(target: string): Dialect;
  /** @throws SluiceError `not_found`, `method_not_allowed`, `invalid_request` */
  match(knock: Knock): Call;
  /** The call with what its body says of it. Never throws: a body that cannot be read is the provider's to refuse. */
  readBody(call: Call, body: Uint8Array): Call;
  /** The body for the provider: the very bytes, but where an alias of a model in it has to become that model. */
  bodyUp(call: Call, body: Uint8Array): Uint8Array;
}
