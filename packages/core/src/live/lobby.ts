/** Holds what one side says until somebody listens: its frames, in order, and its end. */

import type { Cancellation } from '../cancellation.ts';
import type { Channel, ChannelListener, Closing, Frame } from '../channel.ts';
import type { Clock } from '../clock.ts';

/** Who says so much before anybody listens waits with the rest. */
const mostWaitingBytes = 1_048_576;

/** The waiting side of a channel. */
export class Lobby implements ChannelListener {
  readonly channel: Channel;
  /** Those that nobody has taken yet. */
  readonly frames: Frame[] = [];
  closing: Closing | null = null;
  /** Somebody else listens now. */
  isLeft = false;
  /** Resolves when the channel is gone, unless somebody else listens by then. */
  readonly gone: Promise<Closing>;
  readonly #hold: (deltaBytes: number) => void;
  #waitingBytes = 0;
  #isFull = false;
  #tell: (() => void) | null = null;
  #onGone: (closing: Closing) => void = () => {};

  /** @param hold - hears how many bytes more, or fewer, are held here and in the channel */
  constructor(channel: Channel, hold: (deltaBytes: number) => void) {
    this.channel = channel;
    this.#hold = hold;
    this.gone = new Promise((resolve) => {
      this.#onGone = resolve;
    });
    channel.listen(this);
  }

  /**
   * The first frame, or the end when that comes first. The frame stays where it is.
   *
   * @returns null when neither has come in time
   * @throws the reason of `gone`
   */
  first(clock: Clock, withinMs: number, gone: Cancellation): Promise<Frame | Closing | null> {
    return new Promise((resolve, reject) => {
      const cancel = withinMs === 0 ? () => {} : clock.after(withinMs, () => finish(null));
      const hangUp = {
        cancelled: (reason: unknown) => {
          cancel();
          this.#tell = null;
          reject(reason);
        },
      };
      const finish = (come: Frame | Closing | null): void => {
        cancel();
        gone.forget(hangUp);
        this.#tell = null;
        resolve(come);
      };
      if (gone.isCancelled) return hangUp.cancelled(gone.reason);
      gone.listen(hangUp);
      this.#tell = () => {
        const [frame] = this.frames;
        const come = frame ?? this.closing;
        if (come !== null) finish(come);
      };
      this.#tell();
    });
  }

  /** Everything that waits goes to the one who listens from now on. */
  leaveTo(listener: ChannelListener): void {
    const { channel, closing } = this;
    this.isLeft = true;
    if (closing === null) channel.listen(listener);
    if (this.#isFull) channel.resume();
    this.#count(-this.#waitingBytes);
    for (const frame of this.frames.splice(0)) listener.frame(frame);
    if (closing !== null) listener.closed(closing);
  }

  /** The first frame has been dealt with. */
  dropFirst(): void {
    const frame = this.frames.shift();
    if (frame !== undefined) this.#count(-frame.data.length);
  }

  frame(frame: Frame): void {
    this.frames.push(frame);
    this.#count(frame.data.length);
    if (!this.#isFull && this.frames.length > 1 && this.#waitingBytes > mostWaitingBytes) {
      this.#isFull = true;
      this.channel.pause();
    }
    this.#tell?.();
  }

  room(): void {}

  held(deltaBytes: number): void {
    this.#hold(deltaBytes);
  }

  closed(closing: Closing): void {
    this.closing = closing;
    this.#onGone(closing);
    this.#tell?.();
  }

  #count(deltaBytes: number): void {
    this.#waitingBytes += deltaBytes;
    this.#hold(deltaBytes);
  }
}

export function isClosing(come: Frame | Closing): come is Closing {
  return 'code' in come;
}
