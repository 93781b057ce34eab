/** One answer on its way to one frame. */

import type { Clock } from '@sluice/core';
import type { Ending } from './ask.ts';
import { events } from './channels.ts';
import type { ChatPart } from './contract.ts';
import { type Trouble, troubleOf } from './trouble.ts';

/** What a stream keeps to. */
export interface StreamLimits {
  /** What the window has not taken yet, in bytes; one event may be larger, and then is alone on its way. */
  readonly maxUntakenBytes: number;
  /** How long a window may take nothing of what waits for it, in ms. */
  readonly slowReaderMs: number;
}

/** Where a stream comes from and goes to. */
export interface StreamEnds {
  readonly id: string;
  /** @returns false when the frame is gone */
  readonly send: (channel: string, message: unknown) => boolean;
  /** Begins the call; the signal ends it. */
  readonly open: (signal: AbortSignal) => AsyncGenerator<readonly ChatPart[], Ending, void>;
  readonly onOver: () => void;
}

const tooSlow: Trouble = {
  code: 'slow_reader',
  message: 'The window took nothing of the answer for too long, so it was given up.',
};

/**
 * Sends what the window takes: IPC itself takes everything, however far behind the window is, and keeps it in memory. So
 * each chunk is acknowledged, and there is never more under way than fits; then the provider is not read any further.
 * (A `MessagePort` has no backpressure either, and would have to be handed through three worlds.)
 *
 * It ends once: with its answer, with an error, or because somebody has left; and the provider's call ends with it.
 */
export class ChatStream {
  readonly id: string;
  readonly #ends: StreamEnds;
  readonly #limits: StreamLimits;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  /** Chunks that are under way, by number, with their bytes. */
  readonly #untaken = new Map<number, number>();
  #untakenBytes = 0;
  #lastSeq = 0;
  /** The window knows the id. What it heard before that, it would not know as its own. */
  #isKnown = false;
  #isOver = false;
  #onTaken = (): void => {};

  constructor(ends: StreamEnds, limits: StreamLimits, clock: Clock) {
    this.id = ends.id;
    this.#ends = ends;
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Resolves when it is over. */
  async run(): Promise<void> {
    try {
      // The call begins at once; only its answer waits for the window.
      const pieces = this.#ends.open(this.#abort.signal);
      for (let piece = await pieces.next(); !this.#isOver; piece = await pieces.next()) {
        const parts = piece.done ? [] : piece.value;
        const bytes = piece.done ? 0 : JSON.stringify(parts).length + 64;
        if (!(await this.#roomFor(bytes))) return;
        if (piece.done) return this.#finish(events.streamEnd, piece.value);
        this.#send(parts, bytes);
      }
    } catch (error) {
      if (await this.#roomFor(0)) this.#finish(events.streamError, troubleOf(error));
    }
  }

  /** The window has taken a chunk, or with 0 the id. What it says of others changes nothing. */
  taken(seq: number): void {
    const bytes = seq === 0 && !this.#isKnown ? 0 : this.#untaken.get(seq);
    if (bytes === undefined) return;
    this.#isKnown ||= seq === 0;
    this.#untaken.delete(seq);
    this.#untakenBytes -= bytes;
    this.#onTaken();
  }

  /** Nobody is there any more who wants to hear of it. */
  leave(): void {
    this.#over();
    this.#onTaken();
  }

  #send(parts: readonly ChatPart[], bytes: number): void {
    this.#lastSeq += 1;
    this.#untaken.set(this.#lastSeq, bytes);
    this.#untakenBytes += bytes;
    if (!this.#ends.send(events.newChunk, { id: this.id, seq: this.#lastSeq, parts })) this.leave();
  }

  /** Ends need no room. @returns false when the stream is over instead */
  async #roomFor(bytes: number): Promise<boolean> {
    while (!this.#isOver && !this.#hasRoomFor(bytes)) {
      const isTaken = await new Promise<boolean>((resolve) => {
        const cancel = this.#clock.after(this.#limits.slowReaderMs, () => resolve(false));
        this.#onTaken = () => {
          cancel();
          resolve(true);
        };
      });
      this.#onTaken = () => {};
      if (!isTaken) this.#finish(events.streamError, tooSlow);
    }
    return !this.#isOver;
  }

  #hasRoomFor(bytes: number): boolean {
    const fits = bytes === 0 || this.#untaken.size === 0 || this.#untakenBytes + bytes <= this.#limits.maxUntakenBytes;
    return this.#isKnown && fits;
  }

  #finish(channel: string, facts: object): void {
    if (this.#isOver) return;
    this.#over();
    this.#ends.send(channel, { id: this.id, ...facts });
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#abort.abort(); // nothing, for a call that has ended
    this.#ends.onOver();
  }
}
