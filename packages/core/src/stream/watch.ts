/**
 * The sink that knows whether an answer is complete. A generation is complete only if its terminal marker was seen and
 * the body ended; a connection that was closed in good order proves nothing.
 *
 * It passes bytes on untouched, holds back an error object that turns up in the middle, and says when there is
 * something to show.
 */

import { joined } from '../bytes/joined.ts';
import type { Flow, HeaderBag, Sink } from '../wire.ts';
import { type Inspection, wholeBody } from './inspect.ts';
import type { Scan } from './scan.ts';

/** How an answer ended, as the watch sees it. */
export type Ending =
  /** Whole; `uncleanly` is how the body broke after its marker, null for a proper end. */
  | { readonly is: 'complete'; readonly uncleanly: Error | null }
  /** An error object stands where an answer should; `text` is its JSON, or what there is of it. */
  | { readonly is: 'error'; readonly text: string }
  /** Success, and nothing in it. */
  | { readonly is: 'empty' }
  /** It has bytes, but none of them is an answer: a page, a picture, noise. */
  | { readonly is: 'unreadable' }
  /** It stopped too early, or cannot be undone. */
  | { readonly is: 'truncated'; readonly how: string }
  /** One event, or what is held, is larger than it may be. */
  | { readonly is: 'too-large'; readonly what: string };

/** What a watch is told about the answer. */
export interface WatchOptions {
  readonly scan: Scan;
  /** Reads along where the answer streams; null when it is held whole and read at its end. */
  readonly inspection: Inspection | null;
  readonly encoding: string | null;
  readonly maxEventBytes: number;
  readonly maxAnswerBytes: number;
  /** Something worth showing has come; from here on the next sink should pass. @returns false when it is full */
  onMeaning(): boolean;
  /** Called once, instead of `end` or `fail` on the next sink. */
  onEnding(ending: Ending): void;
}

/** A sink that may hold what it is given, as the latch does. */
export interface HoldingSink extends Sink {
  readonly held: readonly Uint8Array[];
}

/** Watches one answer. */
export class Watch implements Sink {
  readonly #next: HoldingSink;
  readonly #options: WatchOptions;
  /** Bytes behind {@link Scan.heldFrom}: they may belong to an error. */
  #pending: Uint8Array[] = [];
  #passedBytes = 0;
  #isShown = false;
  #isOver = false;

  constructor(next: HoldingSink, options: WatchOptions) {
    this.#next = next;
    this.#options = options;
  }

  open(flow: Flow): void {
    this.#next.open(flow);
  }

  head(status: number, headers: HeaderBag): void {
    this.#next.head(status, headers);
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isOver) return true;
    const { inspection, encoding } = this.#options;
    inspection?.read(chunk);
    if (this.#isOver) return true;
    // Held whole, or compressed: there is no telling yet which bytes say what, so all of them go on.
    const hasRoom =
      inspection === null || encoding !== null ? this.#next.write(chunk) : this.#passKnown(chunk, this.#next);
    return this.#look(hasRoom);
  }

  /** The copy of a compressed answer was read on, by this piece. */
  readAlong(piece: Uint8Array): void {
    if (this.#isOver) return;
    this.#passKnown(piece, nowhere);
    this.#look(true);
  }

  end(): void {
    if (this.#isOver) return;
    if (this.#options.inspection === null) this.#judgeWhole();
    else this.#options.inspection.finish((broken) => this.#judge(broken));
  }

  fail(error: Error): void {
    if (this.#isOver) return;
    if (this.#options.inspection === null) this.#judgeWhole(error);
    // A copy that is still being undone may hold the marker.
    else this.#options.inspection.finish(() => this.#judge(error));
  }

  /** The provider has said that it was done, and then kept the connection open: that is an end. */
  endAtRest(): boolean {
    const { scan } = this.#options;
    if (this.#isOver || !scan.isAtRest || !scan.isBetweenEvents) return false;
    this.#complete(null);
    return true;
  }

  /** Passes on what is known not to be an error. Nearly always that is the chunk as it came. */
  #passKnown(chunk: Uint8Array, to: Pick<Sink, 'write'>): boolean {
    const { scan } = this.#options;
    if (scan.heldFrom === scan.position && this.#pending.length === 0) {
      this.#passedBytes += chunk.length;
      return to.write(chunk);
    }
    this.#pending.push(chunk);
    const ready = scan.heldFrom - this.#passedBytes;
    if (ready <= 0) return true;
    const bytes = joined(this.#pending);
    this.#pending = ready < bytes.length ? [bytes.subarray(ready)] : [];
    this.#passedBytes += ready;
    return to.write(bytes.subarray(0, ready));
  }

  /** After each piece: is it an error, is it too large, is it worth showing? */
  #look(hasRoom: boolean): boolean {
    const { scan, inspection, maxEventBytes } = this.#options;
    if (inspection !== null && scan.isError && scan.isBetweenEvents) {
      this.#endWithError();
    } else if (scan.eventBytes > maxEventBytes && maxEventBytes > 0) {
      this.#end({ is: 'too-large', what: `one event has more than limits.maxEventBytes (${maxEventBytes}) bytes` });
    }
    return this.#show(hasRoom);
  }

  #show(hasRoom: boolean): boolean {
    const { scan, inspection } = this.#options;
    if (this.#isShown || this.#isOver || inspection === null || !scan.hasMeaning) return hasRoom;
    this.#isShown = true;
    return this.#options.onMeaning() && hasRoom;
  }

  /** @param brokenBy - how the transport broke after the last byte, if it did */
  #judgeWhole(brokenBy: Error | null = null): void {
    const { encoding } = this.#options;
    if (encoding === null) this.#judgeBody(joined(this.#next.held), brokenBy);
    else void this.#undoAndJudge(encoding, brokenBy);
  }

  async #undoAndJudge(encoding: string, brokenBy: Error | null): Promise<void> {
    const { maxAnswerBytes } = this.#options;
    try {
      const body = await wholeBody(this.#next.held, encoding, maxAnswerBytes || Number.MAX_SAFE_INTEGER);
      this.#judgeBody(body, brokenBy);
    } catch (error) {
      const isTooLarge = error instanceof RangeError;
      if (!isTooLarge) {
        return this.#end({ is: 'truncated', how: `its content encoding is broken (${(error as Error).message})` });
      }
      const what = `decompressed, it has more than limits.maxAnswerBytes (${maxAnswerBytes}) bytes`;
      this.#end({ is: 'too-large', what });
    }
  }

  #judgeBody(body: Uint8Array, brokenBy: Error | null): void {
    const { scan } = this.#options;
    scan.feed(body);
    if (scan.isError) this.#end({ is: 'error', text: errorText(scan, body, 0) });
    else this.#judge(brokenBy);
  }

  #judge(brokenBy: Error | null): void {
    const { scan } = this.#options;
    if (scan.isError) return this.#endWithError();
    const isWhole = scan.isFinished && scan.isBetweenEvents;
    if (isWhole) return this.#complete(brokenBy);
    if (brokenBy !== null) return this.#end({ is: 'truncated', how: `the connection broke (${nameOf(brokenBy)})` });
    if (scan.position > 0 && scan.form === 'other' && scan.documents === 0 && scan.isBetweenEvents)
      return this.#end({ is: 'unreadable' });
    if (!scan.hasMeaning && scan.isBetweenEvents) return this.#end({ is: 'empty' });
    const how = scan.isBetweenEvents ? 'it has no finish reason' : 'it ends in the middle of an event';
    this.#end({ is: 'truncated', how });
  }

  #endWithError(): void {
    const text = errorText(this.#options.scan, joined(this.#pending), this.#passedBytes);
    this.#end({ is: 'error', text });
  }

  #complete(uncleanly: Error | null): void {
    if (this.#pending.length > 0 && this.#options.encoding === null) this.#next.write(joined(this.#pending));
    this.#end({ is: 'complete', uncleanly });
  }

  #end(ending: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.inspection?.stop();
    this.#options.onEnding(ending);
  }
}

const decoder = new TextDecoder();

/** Where the bytes of a copy go. */
const nowhere = { write: (): boolean => true };

/** The JSON of an error, or what there is of it, out of bytes that begin at `from`; without the field names of events. */
function errorText({ errorFrom, errorTo }: Scan, bytes: Uint8Array, from: number): string {
  const json = bytes.subarray(errorFrom - from, errorTo === 0 ? bytes.length : errorTo - from);
  return decoder
    .decode(json)
    .replace(/^data: ?/gm, '')
    .trim();
}

function nameOf(error: Error): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}
