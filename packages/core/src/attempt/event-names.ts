/** An answer of events from an API that nobody here has heard of: it passes as it comes, and what it names is learnt on the way. */

import type { Named } from '../stream/names.ts';
import type { Flow, HeaderBag, Sink } from '../wire.ts';
import type { Latch } from './latch.ts';

/** A longer line names nothing: it is a picture, or no event. */
const longestLine = 1_048_576;
const field = 'data:';

/** Stands before the latch. */
export class EventNames implements Sink {
  readonly #latch: Latch;
  readonly #onEvent: (event: Named) => void;
  readonly #onEnd: (brokenBy: Error | null) => void;
  readonly #decoder = new TextDecoder();
  #line = '';
  #isTooLong = false;

  /** @param onEvent - told of each event that may name something, before it goes on */
  constructor(latch: Latch, onEvent: (event: Named) => void, onEnd: (brokenBy: Error | null) => void) {
    this.#latch = latch;
    this.#onEvent = onEvent;
    this.#onEnd = onEnd;
  }

  /** The line that has not ended yet. */
  get heldBytes(): number {
    return this.#line.length;
  }

  open(flow: Flow): void {
    this.#latch.open(flow);
  }

  head(status: number, headers: HeaderBag): void {
    this.#latch.head(status, headers);
  }

  write(chunk: Uint8Array): boolean {
    const [first = '', ...others] = this.#decoder.decode(chunk, { stream: true }).split(/[\r\n]/);
    this.#add(first);
    for (const piece of others) {
      this.#read();
      this.#add(piece);
    }
    return this.#latch.write(chunk);
  }

  end(): void {
    this.#read();
    this.#onEnd(null);
  }

  fail(error: Error): void {
    this.#onEnd(error);
  }

  #add(piece: string): void {
    this.#isTooLong ||= this.#line.length + piece.length > longestLine;
    this.#line = this.#isTooLong ? '' : this.#line + piece;
  }

  #read(): void {
    const line = this.#line;
    this.#line = '';
    this.#isTooLong = false;
    // Nothing has a name without one of these words; most events are not parsed.
    if (!line.startsWith(field) || !/"(?:name|id)"|[uU]ri"|ame"/.test(line)) return;
    let event: unknown;
    try {
      event = JSON.parse(line.slice(field.length));
    } catch {
      return;
    }
    if (typeof event === 'object' && event !== null && !Array.isArray(event)) this.#onEvent(event as Named);
  }
}
