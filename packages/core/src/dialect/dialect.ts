/** The contract of a language that clients and providers speak: what its answers look like, and how it says no. */

import type { SluiceError } from '../errors.ts';
import type { TokenUsage } from '../events.ts';

/** Where an answer carries its meaning. Paths start at one event, or at the whole body of a unary answer. */
export interface Grammar {
  /** The list at the root whose entries are the answer: `candidates`, `choices`. */
  readonly list: string;
  /** Keys of a list entry that hold content: `content`; `delta`, `message`. */
  readonly content: readonly string[];
  /** The list inside the content that must have an entry to mean something: `parts`; null when any content does. */
  readonly parts: string | null;
  /** Keys of a part after which the provider may run a tool of its own and then go on, although it said that it was finished. */
  readonly calls: readonly string[];
  /** The key of a list entry that says why it ended: `finishReason`. */
  readonly finish: string;
  /** An object at the root and its key that say why there will be no answer: `promptFeedback.blockReason`. */
  readonly block: readonly [object: string, key: string] | null;
  /** The object at the root that counts tokens. */
  readonly usage: string;
  /** Keys from the root to strings that name what lives in one project: things that an answer makes, and tokens to go on with. */
  readonly names: readonly (readonly string[])[];
  /** Where each event says of what kind it is; then that tells the end, and nothing in the list does. */
  readonly events: EventGrammar | null;
}

/** A language whose events say of what kind they are. A whole answer is what the last of them stands for. */
export interface EventGrammar {
  /** The key at the root that says the kind: `event_type`. */
  readonly kind: string;
  /** The kind that is an error. */
  readonly error: string;
  /** Kinds that say nothing yet, unless they name something or say how it ended. */
  readonly opening: readonly string[];
  /** Kinds that nothing follows. */
  readonly ends: readonly string[];
  /** Keys of short values that may stand before the kind; by any other one the event is no error. */
  readonly before: readonly string[];
  /** The object at the root of an event that stands for the whole answer: `interaction`. */
  readonly whole: string;
  /** The key that says how the whole stands: in that object, at the root of an event, or of a whole answer. */
  readonly status: string;
  /** What it says when nothing more is to come. */
  readonly ended: readonly string[];
}

/** How far an answer had come when it broke. */
export interface BrokenAnswer {
  /** The framing of the answer: server-sent events, one streamed JSON array, or something else. */
  readonly form: 'sse' | 'array' | 'other';
  /** True between two events: what was sent so far can be read. */
  readonly isBetweenEvents: boolean;
}

/** How a stream that broke is heard to its end, where the provider keeps what it tells. */
export interface Resumption {
  /** Keys from the root of an event to the name of what is told: `interaction.id`. */
  readonly subject: readonly string[];
  /** The key at the root of an event that says where it stands: `event_id`. What follows it can be asked for. */
  readonly place: string;
  /**
   * Path and query of the GET that tells the remainder; null when what was seen does not lead there.
   *
   * @param target - of the call whose stream broke
   * @param subject - null when the stream has not named it
   * @param place - of the last whole event; null when there was none, and then all of it is told
   */
  remainder(target: string, subject: string | null, place: string | null): string | null;
}

/** A language as the surfaces use it: pure functions and data. */
export interface Dialect {
  readonly name: string;
  readonly grammar: Grammar;
  /** What may be said between two events of a silent stream, so that nobody takes it for dead; null when nothing may. */
  readonly heartbeat: string | null;
  /** The JSON body of an error that the client meets before any answer. */
  errorBody(error: SluiceError): string;
  /** The same in place of a body of the provider's own that cannot be shown, under the status that it came with. */
  replacement(status: number, error: SluiceError): string;
  /** The last bytes of an answer that broke in the middle; they go out in a write of their own, then the connection ends. */
  lastWords(error: SluiceError, answer: BrokenAnswer): string;
  /** The same for an error object of the provider's own, given as JSON text. */
  passOn(error: string, answer: BrokenAnswer): string;
  /** Reads the counts of a usage object; a count that is missing or no sane number is 0. */
  readUsage(usage: unknown): TokenUsage;
}

/** A count from somebody else's JSON: a whole number from 0 up to a size that no answer reaches, else 0. */
export function saneCount(value: unknown): number {
  return typeof value === 'number' && value > 0 && value < 1e12 ? Math.floor(value) : 0;
}
