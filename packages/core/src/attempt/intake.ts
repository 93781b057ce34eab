/** HOW AN ANSWER IS TAKEN: the sinks that its bytes go through on their way to the latch, by what its head has shown. */

import type { Grammar } from '../dialect/dialect.ts';
import { plainInspection, streamInspection } from '../stream/inspect.ts';
import type { Named } from '../stream/names.ts';
import { Scan } from '../stream/scan.ts';
import type { Trail } from '../stream/trail.ts';
import { type Ending, Watch } from '../stream/watch.ts';
import type { Sink } from '../wire.ts';
import type { Errand, LimitSettings } from './errand.ts';
import { ErrorReader, type ErrorText } from './error-reader.ts';
import { EventNames } from './event-names.ts';
import type { Holding } from './held-bytes.ts';
import type { Latch } from './latch.ts';
import { ResourceAnswer } from './resource-answer.ts';

/** Who takes an answer, and is told what it turns out to be. */
export interface Taker {
  /** What says something is shown although an error follows it at once: there will be no other try. */
  readonly showsFirst: boolean;
  /** It names something that lives at the provider. */
  named(named: Named): void;
  /** Something worth showing has come. @returns false when the client is full */
  meant(): boolean;
  ended(ending: Ending): void;
  /** It is an error, read as far as it is read. */
  refused(read: ErrorText): void;
  /** Another copy of it is held, or no longer. */
  copied(): void;
  /** It was read as it shall be shown, or cannot be. */
  wasRead(brokenBy: Error | null): void;
}

/** One attempt's way in. Nothing is held open by it: whoever pours, and the latch, are the taker's. */
export class Intake {
  readonly #latch: Latch;
  readonly #limits: LimitSettings;
  readonly #taker: Taker;
  /** Where the bytes go first; null until the head has shown it. */
  body: (Sink & Holding) | null = null;
  /** What a judged answer has said so far. */
  scan: Scan | null = null;
  /** Set for answers that are complete only with their marker. */
  #watch: Watch | null = null;
  /** Events come, and they can be read. */
  isStream = false;
  #errorReader: ErrorReader | null = null;

  constructor(latch: Latch, limits: LimitSettings, taker: Taker) {
    this.#latch = latch;
    this.#limits = limits;
    this.#taker = taker;
  }

  /** It is complete when HTTP says so. @param isNaming - its events may name what lives at the provider */
  plain(isNaming = false): void {
    const taker = this.#taker;
    this.body = isNaming
      ? new EventNames(
          this.#latch,
          (event) => taker.named(event),
          (brokenBy) => taker.wasRead(brokenBy),
        )
      : this.#latch;
  }

  /** Read and judged, and kept from the client. */
  error(encoding: string | null): void {
    const { maxErrorBytes } = this.#limits;
    this.#errorReader = new ErrorReader(maxErrorBytes, encoding, (read) => this.#taker.refused(read));
    this.body = this.#errorReader;
  }

  /** Held until it is whole, and judged then. */
  whole(grammar: Grammar, encoding: string | null): void {
    this.body = this.#watched(this.#newScan(grammar), encoding, null);
  }

  /**
   * Shown from its first meaning on.
   *
   * @param trail - follows it; then it is shown event by event
   * @returns what it says, as it says it; null when its encoding is not known here
   */
  stream(grammar: Grammar, encoding: string | null, trail: Trail | null): Scan | null {
    const scan = this.#newScan(grammar, trail);
    this.isStream = encoding === null;
    const inspection =
      encoding === null
        ? plainInspection(scan)
        : streamInspection(scan, encoding, (piece) => this.#watch?.readAlong(piece));
    if (inspection === null) return null;
    this.body = this.#watched(scan, encoding, inspection);
    return scan;
  }

  /** Held until it is whole, and read for what it tells of things that live at the provider. */
  resource(encoding: string | null, errand: Errand, project: string): void {
    const { maxAnswerBytes: maxBytes } = this.#limits;
    const read = (body: Uint8Array) => errand.readResource(body, project);
    const sign = () => errand.tally.sign({});
    const options = { encoding, maxBytes, read, sign, onCopy: () => this.#taker.copied() };
    this.body = new ResourceAnswer(this.#latch, options, (brokenBy) => this.#taker.wasRead(brokenBy));
  }

  /** What has gone out so far is whole events, and the client has room: something may be said to it. */
  get isQuiet(): boolean {
    return this.#watch?.isBetweenEvents === true && this.#latch.isClear;
  }

  /** The provider keeps the connection open. @returns true when the answer is over all the same, and was told so */
  endAtRest(): boolean {
    return this.#watch?.endAtRest() === true;
  }

  /** An error answer that never ends is judged by what there is of it. @returns false when it is none */
  cut(): boolean {
    this.#errorReader?.cut();
    return this.#errorReader !== null;
  }

  /** Nothing more is taken. */
  close(): void {
    this.body = null;
  }

  #newScan(grammar: Grammar, trail: Trail | null = null): Scan {
    this.scan = new Scan(grammar, (named) => this.#taker.named(named), trail);
    return this.scan;
  }

  #watched(scan: Scan, encoding: string | null, inspection: ReturnType<typeof streamInspection>): Watch {
    this.#watch = new Watch(this.#latch, {
      ...this.#limits,
      scan,
      inspection,
      encoding,
      showsFirst: this.#taker.showsFirst,
      onMeaning: () => this.#taker.meant(),
      onEnding: (ending) => this.#taker.ended(ending),
    });
    return this.#watch;
  }
}
