/**
 * The sink that knows whether an answer is complete. A generation is complete only if its terminal marker was seen and
 * the body ended; a connection that was closed in good order proves nothing.
 *
 * It passes bytes on untouched, holds back an error object that turns up in the middle, and says when there is
 * something to show.
 */

import { joined } from '../bytes/joined.ts';
import type { Flow, HeaderBag, Sink } from '../wire.ts';
import { type Inspection, plainInspection, streamInspection, wholeBody } from './inspect.ts';
import type { Scan } from './scan.ts';
import { unfielded } from './unfielded.ts';

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
  /** Reads along where the answer streams; null when it is held whole, and judged at its end. */
  readonly inspection: Inspection | null;
  readonly encoding: string | null;
  readonly maxEventBytes: number;
  readonly maxAnswerBytes: number;
  /** Of an error object in the answer. @default no limit */
  readonly maxErrorBytes?: number | undefined;
  /** What says something is shown although an error follows it at once: there will be no other try. @default false */
  readonly showsFirst?: boolean | undefined;
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
  /** It is held until it is whole: nothing is shown before. */
  readonly #isWhole: boolean;
  /** A whole answer is read as it comes, so that no large one has to be read in one go; null where it is compressed. */
  readonly #inspection: Inspection | null;
  readonly #maxErrorBytes: number;
  /** Bytes behind {@link Scan.heldFrom}: they may belong to an error. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #passedBytes = 0;
  #isShown = false;
  #isOver = false;

  constructor(next: HoldingSink, options: WatchOptions) {
    const { inspection, encoding, scan, maxErrorBytes } = options;
    this.#next = next;
    this.#options = options;
    this.#isWhole = inspection === null;
    this.#inspection = inspection ?? (encoding === null ? plainInspection(scan) : null);
    this.#maxErrorBytes = maxErrorBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Bytes that are held here beside those that the next sink holds. */
  get heldBytes(): number {
    // What is held whole is held once, by the next sink.
    const isHeldThere = this.#isWhole && this.#options.encoding === null;
    return (isHeldThere ? 0 : this.#pendingBytes) + (this.#inspection?.waitingBytes ?? 0);
  }

  /** What has been passed on so far is whole events: something may be said behind it. */
  get isBetweenEvents(): boolean {
    return this.#passedBytes === this.#options.scan.eventsTo;
  }

  open(flow: Flow): void {
    this.#next.open(flow);
  }

  head(status: number, headers: HeaderBag): void {
    this.#next.head(status, headers);
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isOver) return true;
    const inspection = this.#inspection;
    inspection?.read(chunk);
    if (this.#isOver) return true;
    // Held whole, or compressed: there is no telling yet which bytes say what, so all of them go on.
    const goesOn = this.#isWhole || this.#options.encoding !== null;
    const hasRoom = goesOn ? this.#next.write(chunk) : this.#passKnown(chunk, this.#next);
    if (this.#isWhole && inspection !== null) this.#passKnown(chunk, nowhere);
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
    if (this.#inspection === null) void this.#undoAndJudge(null);
    else this.#inspection.finish((broken) => this.#judge(broken));
  }

  fail(error: Error): void {
    if (this.#isOver) return;
    if (this.#inspection === null) void this.#undoAndJudge(error);
    // A copy that is still being undone may hold the marker.
    else this.#inspection.finish(() => this.#judge(error));
  }

  /** The provider has said that it was done, and then kept the connection open: that is an end. */
  endAtRest(): boolean {
    const { scan } = this.#options;
    if (this.#isOver || !scan.isAtRest || scan.hasLooseEnd) return false;
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
    this.#pendingBytes += chunk.length;
    const ready = scan.heldFrom - this.#passedBytes;
    if (ready <= 0) return true;
    const bytes = joined(this.#pending);
    this.#pending = ready < bytes.length ? [bytes.subarray(ready)] : [];
    this.#pendingBytes = bytes.length - ready;
    this.#passedBytes += ready;
    return to.write(bytes.subarray(0, ready));
  }

  /** After each piece: is it an error, is it too large, is it worth showing? */
  #look(hasRoom: boolean): boolean {
    const { scan, maxEventBytes } = this.#options;
    const isReadAlong = this.#inspection !== null;
    if (isReadAlong && scan.isError && (scan.isBetweenEvents || this.#pendingBytes > this.#maxErrorBytes)) {
      if (this.#options.showsFirst === true) this.#show(true);
      this.#endWithError();
    } else if (!this.#isWhole && scan.eventBytes > maxEventBytes && maxEventBytes > 0) {
      this.#end({ is: 'too-large', what: `one event has more than limits.maxEventBytes (${maxEventBytes}) bytes` });
    }
    return this.#show(hasRoom);
  }

  #show(hasRoom: boolean): boolean {
    if (this.#isShown || this.#isOver || this.#isWhole || !this.#options.scan.hasMeaning) return hasRoom;
    this.#isShown = true;
    return this.#options.onMeaning() && hasRoom;
  }

  /** @param brokenBy - how the transport broke after the last byte, if it did */
  async #undoAndJudge(brokenBy: Error | null): Promise<void> {
    const { scan, maxAnswerBytes } = this.#options;
    const encoding = this.#options.encoding ?? '';
    const { held } = this.#next;
    const isLarge = held.reduce((bytes, chunk) => bytes + chunk.length, 0) > smallBytes;
    if (isLarge && this.#undoInPieces(held, encoding, brokenBy)) return;
    try {
      const body = await wholeBody(held, encoding, maxAnswerBytes || Number.MAX_SAFE_INTEGER);
      scan.feed(body);
      this.#passKnown(body, nowhere);
      this.#judge(brokenBy);
    } catch (error) {
      if (error instanceof RangeError) this.#endTooLarge();
      else this.#endBroken(error as Error);
    }
  }

  /** What is large is read as it is undone: nobody holds the copy, and the loop turns in between. @returns false when it cannot be undone */
  #undoInPieces(held: readonly Uint8Array[], encoding: string, brokenBy: Error | null): boolean {
    const { scan, maxAnswerBytes } = this.#options;
    const inspection = streamInspection(scan, encoding, (piece) => {
      if (this.#isOver) return inspection?.stop();
      this.#passKnown(piece, nowhere);
      if (maxAnswerBytes === 0 || scan.position <= maxAnswerBytes) return;
      inspection?.stop();
      this.#endTooLarge();
    });
    if (inspection === null) return false;
    for (const chunk of held) inspection.read(chunk);
    inspection.finish((broken) => (broken === null ? this.#judge(brokenBy) : this.#endBroken(broken)));
    return true;
  }

  #endBroken({ message }: Error): void {
    this.#end({ is: 'truncated', how: `its content encoding is broken (${message})` });
  }

  #endTooLarge(): void {
    const { maxAnswerBytes } = this.#options;
    const what = `decompressed, it has more than limits.maxAnswerBytes (${maxAnswerBytes}) bytes`;
    this.#end({ is: 'too-large', what });
  }

  #judge(brokenBy: Error | null): void {
    const { scan } = this.#options;
    if (scan.isError) return this.#endWithError();
    // What broke after its marker ends as it came, and nobody takes it for whole.
    const isWhole = brokenBy === null ? !scan.hasLooseEnd : scan.isBetweenEvents;
    if (scan.isFinished && isWhole) return this.#complete(brokenBy);
    if (brokenBy !== null) return this.#end({ is: 'truncated', how: `the connection broke (${nameOf(brokenBy)})` });
    if (scan.position > 0 && scan.form === 'other' && scan.documents === 0 && scan.isBetweenEvents)
      return this.#end({ is: 'unreadable' });
    if (!scan.hasMeaning && scan.isBetweenEvents) return this.#end({ is: 'empty' });
    this.#end({ is: 'truncated', how: howTruncated(scan) });
  }

  #endWithError(): void {
    if (this.#pendingBytes > this.#maxErrorBytes) {
      const how = `it holds an error of more than limits.maxErrorBytes (${this.#maxErrorBytes}) bytes`;
      return this.#end({ is: 'truncated', how });
    }
    const text = errorText(this.#options.scan, joined(this.#pending), this.#passedBytes);
    this.#end({ is: 'error', text });
  }

  #complete(uncleanly: Error | null): void {
    const isHeldHere = !this.#isWhole && this.#options.encoding === null;
    if (isHeldHere && this.#pending.length > 0) this.#next.write(joined(this.#pending));
    this.#end({ is: 'complete', uncleanly });
  }

  #end(ending: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#inspection?.stop();
    this.#options.onEnding(ending);
  }
}

const decoder = new TextDecoder();

/** What is no larger, compressed, is undone in one go. */
const smallBytes = 65_536;

/** Where the bytes of a copy go. */
const nowhere = { write: (): boolean => true };

/** The JSON of an error, or what there is of it, out of bytes that begin at `from`; without the field names of events. */
function errorText({ errorFrom, errorTo }: Scan, bytes: Uint8Array, from: number): string {
  const json = bytes.subarray(errorFrom - from, errorTo === 0 ? bytes.length : errorTo - from);
  return unfielded(decoder.decode(json)).trim();
}

function howTruncated({ isBetweenEvents, isFinished, form }: Scan): string {
  if (isBetweenEvents && !isFinished) return 'it has no finish reason';
  return isBetweenEvents && form === 'array' ? 'its array is not closed' : 'it ends in the middle of an event';
}

function nameOf(error: Error): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : error.name;
}
